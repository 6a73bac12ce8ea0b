/**
 * What every Node subject shares: one operation, again and again, at a steady pace.
 *
 *     node SUBJECT.mjs --per-second 50   prints `operations N` once a second, until it is ended
 *     node SUBJECT.mjs --direct 20000    prints what an operation leaves behind, as JSON, and ends
 *
 * The direct loop runs at full speed. It takes the heap and the descriptors after a tenth of the operations and after
 * all of them, each time with garbage collected.
 */
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Do `operation` as the command line asks for it; at most once per slot of time, never catching up. */
export async function steadily(operation) {
  const { values } = parseArgs({ options: { "per-second": { type: "string" }, direct: { type: "string" } } });
  if (values.direct) {
    console.log(JSON.stringify(await leftPerOperation(operation, Number(values.direct))));
    process.exit(0);
  }
  await pace(operation, 1000 / Number(values["per-second"] ?? 50));
}

async function leftPerOperation(operation, operations) {
  const first = Math.floor(operations / 10);
  for (let done = 0; done < first; done++) await operation();
  const before = await held();
  for (let done = first; done < operations; done++) await operation();
  const after = await held();
  const left = Object.entries(after).map(([name, value]) => [name, (value - before[name]) / (operations - first)]);
  return Object.fromEntries(left);
}

async function held() {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  await sleep(1000); // what was told to close does so
  collect();
  await sleep(100);
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return { bytes: heapUsed + external, open_fds: readdirSync("/proc/self/fd").length };
}

async function pace(operation, slot) {
  let done = 0;
  let told = performance.now();
  let due = told;
  for (;;) {
    await operation();
    done++;
    const now = performance.now();
    if (now - told >= 1000) {
      console.log(`operations ${done}`);
      told = now;
    }
    due = Math.max(due + slot, now);
    await sleep(due - now);
  }
}
