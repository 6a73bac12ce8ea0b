// What became of an operation. It is refused if an operator, or the provider, said no.

const STATUSES = [
  "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
  "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
];

/** An operation that ended, and not as it should. */
export class Difference extends Error {}

/** How an operation ends within a limit: it works, is refused by the network, differs, or hangs. */
export async function outcomeOf(operation, limitSeconds, waitsFor) {
  let timer;
  const hangs = new Promise((settle) => {
    timer = setTimeout(() => settle({ outcome: "hangs", said: `waiting for ${waitsFor()}` }), limitSeconds * 1000);
  });
  const ends = operation().then(() => ({ outcome: "works", said: "" }), described);
  const outcome = await Promise.race([ends, hangs]);
  clearTimeout(timer);
  return outcome;
}

function described(error) {
  if (error instanceof Difference) return { outcome: "differs", said: error.message };
  const refusal = causes(error).map(refusalOf).find(Boolean);
  return refusal ? { outcome: "refused", said: refusal } : { outcome: "differs", said: String(error) };
}

/** An error and those that led to it: the client wraps them several times over. */
function causes(error) {
  const chain = [];
  for (let each = error; each instanceof Error && !chain.includes(each); each = each.originalError ?? each.cause) {
    chain.push(each);
  }
  return chain;
}

/** The status with which an operator refused, or that the provider did. */
function refusalOf(error) {
  if (error.name === "ClientError" && Number.isInteger(error.code)) return STATUSES[error.code];
  const { message } = error;
  return message.startsWith("Request ") && message.includes(" failed. ") ? "by the provider" : undefined;
}
