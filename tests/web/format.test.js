import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatBytes,
  formatChange,
  formatClock,
  formatLatency,
  formatSeconds,
  formatSpan,
  formatTick,
  formatValues,
} from "../../exporter/publish/static/chart/format.js";

const MIB = 1024 ** 2;

function table(name, written, cases) {
  for (const [input, text] of cases) {
    test(`${name}: ${JSON.stringify(input)} is ${text}`, () => assert.equal(written(input), text));
  }
}

table("bytes", formatBytes, [
  [null, "–"],
  [0, "0 B"],
  [1023, "1,023 B"],
  [-2 * 1024, "−2.00 KiB"],
  [70.64 * MIB, "70.6 MiB"],
  [1536 * MIB, "1.50 GiB"],
]);
table("change", formatChange, [
  [0, "+0 B"],
  [25.1 * MIB, "+25.1 MiB"],
  [-25.1 * MIB, "−25.1 MiB"],
]);
table("moment", formatSeconds, [
  [-30, "−30 s"],
  [0.04, "0 s"],
  [59.96, "1 min 0 s"],
  [3725.5, "1 h 2 min 5.5 s"],
]);
table("clock", formatClock, [
  [-0.5, "−00:00"],
  [61.9, "01:01"],
  [36000, "10:00:00"],
]);
table("span", formatSpan, [
  [-1, "0 s"],
  [59.6, "1 min 0 s"],
  [660, "11 min"],
  [7380, "2 h 3 min"],
]);
table("latency", formatLatency, [
  [undefined, "–"],
  [0.0754, "75 ms"],
  [1.25, "1.3 s"],
  [12.4, "12 s"],
]);

test("a tick has no more digits than its axis needs", () => {
  assert.equal(formatTick(0, 60), "0");
  assert.equal(formatTick(90, 0.5), "1:30.0");
  assert.equal(formatTick(-65, 5), "−1:05");
  assert.equal(formatTick(5400, 600), "1 h 30");
  assert.equal(formatTick(3605, 5), "1:00:05");
});

test("an axis has one unit", () => {
  assert.deepEqual(formatValues([0, MIB / 2, MIB], "bytes"), ["0 MiB", "0.5 MiB", "1 MiB"]);
  assert.deepEqual(formatValues([0, 0.25], "share"), ["0 %", "25 %"]);
});
