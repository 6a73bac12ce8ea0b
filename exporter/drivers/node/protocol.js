// The driver protocol, version 1: docs/driver-protocol.md.

import { createInterface } from "node:readline";

export const PROTOCOL = 1;

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

/** Yields the lines of the input that are not empty. */
export async function* lines(input) {
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    if (line) yield line;
  }
}

/** `paymentSucceeded` or `Insufficient funds` as `payment_succeeded` or `insufficient_funds`. */
export function snakeCase(name) {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/\W+/g, "_").toLowerCase();
}
