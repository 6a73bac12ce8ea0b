import assert from "node:assert/strict";
import { test } from "node:test";
import { valueRange } from "../../exporter/publish/static/chart/axes.js";

const MIB = 1024 ** 2;
const LEVEL = { unit: "bytes", isLevel: true, fromZero: false };

const span = ([low, high]) => high - low;

test("a quiet level does not look like mountains, one that moves fills its chart", () => {
  assert.ok(span(valueRange(60 * MIB, 60.1 * MIB, LEVEL)) > 0.08 * 60 * MIB);
  assert.ok(span(valueRange(60 * MIB, 90 * MIB, LEVEL)) < 1.2 * 30 * MIB);
});

test("every value is shown", () => {
  for (const [low, high] of [
    [0, 0],
    [1, 2],
    [-5, 5],
    [60 * MIB, 61 * MIB],
    [-3 * MIB, -2 * MIB],
  ]) {
    for (const isLevel of [true, false]) {
      for (const fromZero of [true, false]) {
        const [bottom, top] = valueRange(low, high, { unit: "bytes", isLevel, fromZero });
        assert.ok(bottom <= low && high <= top && bottom < top, `${[low, high, isLevel, fromZero]}: ${[bottom, top]}`);
        assert.ok(low < 0 || bottom >= 0);
        assert.ok(!fromZero || bottom <= 0);
      }
    }
  }
});

test("without a value there is an axis all the same", () => {
  assert.deepEqual(valueRange(null, null, LEVEL), [0, 1]);
});
