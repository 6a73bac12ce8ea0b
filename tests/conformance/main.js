// Tries every operation of the official client on a local network: `node main.js DIRECTORY NETWORK [OPERATION…]`.
//
// DIRECTORY has the client in node_modules, NETWORK is the file that `exporter network` prints. Prints a line of JSON
// per operation, as soon as it is over: {"operation", "outcome": "works" | "refused" | "differs" | "hangs", "said"}.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { makeBench } from "./bench.js";
import { operations } from "./operations.js";
import { outcomeOf } from "./outcome.js";

const LIMIT_SECONDS = 300; // machines can be slow: most take a few seconds

const [directory, file, ...wanted] = process.argv.slice(2);
const sdk = await load("@buildonspark/spark-sdk");
const issuing = await load("@buildonspark/issuer-sdk");
const network = JSON.parse(readFileSync(file, "utf8"));

for (const [name, operation] of Object.entries(operations)) {
  if (wanted.length && !wanted.includes(name)) continue;
  const bench = makeBench(sdk, network, issuing);
  const started = performance.now();
  const { outcome, said } = await outcomeOf(() => operation(bench), LIMIT_SECONDS, bench.waitsFor);
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(`${JSON.stringify({ operation: name, outcome, said, seconds })}\n`);
  await bench.close();
}
process.exit(0);

async function load(name) {
  return import(pathToFileURL(createRequire(join(resolve(directory), "package.json")).resolve(name)).href);
}
