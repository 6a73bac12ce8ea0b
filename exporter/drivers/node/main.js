// The driver of the Breez SDK's JavaScript binding: does what the exporter tells it over the driver protocol.
// Its argument is the directory where npm has installed the SDK.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { makeDriver } from "./driver.js";
import { collectGarbage, heapDumps, loadWithMemory, readHeaps } from "./heaps.js";
import { PROTOCOL, Refusal, lines, snakeCase, takeOverStdout } from "./protocol.js";

const SDK = "@breeztech/breez-sdk-spark";
const HEAP_EVERY_MS = 1_000;
const STOP_WITHIN_MS = 10_000;

const emit = takeOverStdout();
// The SDK warns of every database that it can't use here, and of every update of a payment that it skips.
console.warn = () => {};
const installed = join(process.argv[2], "package.json");
const [sdk, memory] = loadWithMemory(() => createRequire(installed)(SDK));

function start(line) {
  const config = JSON.parse(line);
  if (config.protocol !== PROTOCOL) throw new Error("another version");
  // Bytes are outside of V8's heap, and so in none of its dumps.
  const seeds = new Map(Object.entries(config.wallets).map(([wallet, seed]) => [wallet, Buffer.from(seed, "hex")]));
  const driver = makeDriver(sdk, { ...config, wallets: seeds }, emit);
  emit("hello", {
    protocol: PROTOCOL,
    driver: "breez-node",
    sdk: SDK,
    sdk_version: JSON.parse(readFileSync(installed)).dependencies[SDK],
    language: "javascript",
    pid: process.pid,
  });
  const reportHeaps = () => emit("heap", readHeaps(memory));
  reportHeaps();
  setInterval(reportHeaps, HEAP_EVERY_MS);
  return {
    ...driver,
    commands: {
      ...driver.commands,
      measure,
      collect_garbage: collectGarbage,
      // Nothing that JavaScript can do has malloc give memory back.
      trim: () => ({ released: false }),
      ...(config.options?.heap_dump ? heapDumps(config.options.heap_dump) : {}),
    },
  };
}

/** Without the garbage of what the SDK does in the background, which V8 would keep for a while. */
async function measure() {
  await collectGarbage();
  return readHeaps(memory);
}

async function answer(commands, { id, do: name, ...args }) {
  const began = performance.now();
  const done = (fields) => emit("done", { id, seconds: (performance.now() - began) / 1_000, ...fields });
  try {
    if (!Object.hasOwn(commands, name)) throw new Refusal("unknown_command", `this driver has no command ${name}`);
    done({ ok: true, ...(await commands[name](args)) });
  } catch (error) {
    // The SDK's errors are texts; what is before the colon names the kind.
    const text = String(error?.message ?? error) || "unknown";
    done({ ok: false, error: text, kind: error?.kind ?? snakeCase(text.split(":")[0]) });
  }
}

let driver;
let stopping = false;

async function stop() {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), STOP_WITHIN_MS);
  await driver?.close();
  emit("bye", { reason: "stopped", message: "" });
  process.exit(0);
}

for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, stop);

for await (const line of lines(process.stdin)) {
  if (!driver) {
    try {
      driver = start(line);
    } catch {
      // The line holds the wallets' seeds: none of it goes into an error.
      emit("bye", { reason: "error", message: "want a configuration of protocol 1" });
      process.exit(2);
    }
    continue;
  }
  let command;
  try {
    command = JSON.parse(line);
  } catch {
    console.error(`a line that is no command: ${line.slice(0, 80)}`);
    continue;
  }
  if (command.do === "stop") break;
  answer(driver.commands, command);
}
await stop();
