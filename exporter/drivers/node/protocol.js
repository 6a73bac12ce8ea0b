// The driver protocol, version 1: docs/driver-protocol.md.

export const PROTOCOL = 1;
const NEWLINE = 10;

/** Says why a command could not be done; `kind` names it in snake case. */
export class Refusal extends Error {
  constructor(kind, text) {
    super(text);
    this.kind = kind;
  }
}

/**
 * Keeps the standard output for messages: what the SDK prints there, several lines a payment, is dropped.
 * Returns the function that writes a message.
 */
export function takeOverStdout() {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = () => true;
  process.stdout.on("error", () => process.exit(1)); // the exporter is gone
  return (type, fields) => write(`${JSON.stringify({ type, ...fields })}\n`);
}

/** Yields the lines of the input that are not empty, each a text of its own: a part of a larger one would keep that. */
export async function* lines(input) {
  let begun = [];
  for await (const chunk of input) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...begun, chunk.subarray(from, end)]).toString();
      [begun, from] = [[], end + 1];
      if (line) yield line;
    }
    begun.push(chunk.subarray(from));
  }
}

/** `paymentSucceeded` or `Insufficient funds` as `payment_succeeded` or `insufficient_funds`. */
export function snakeCase(name) {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/\W+/g, "_").toLowerCase();
}
