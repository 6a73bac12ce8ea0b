import assert from "node:assert/strict";
import { test } from "node:test";
import { growth, lastSeen, merged, rates } from "../../exporter/publish/static/live/run.js";

function history(time, rss, resolution = 1) {
  const zeros = time.map(() => 0);
  return { resolution_seconds: resolution, columns: { time, payments: zeros, failures: zeros, rss_bytes: rss } };
}

test("what is new takes the place of the last point that was known, which may have changed", () => {
  const { columns } = merged(history([1, 2, 3], [10, 20, 30]), history([3, 4], [31, 40]));
  assert.deepEqual(columns.time, [1, 2, 3, 4]);
  assert.deepEqual(columns.rss_bytes, [10, 20, 31, 40]);
});

test("nothing new changes nothing", () => {
  const known = history([1, 2], [10, 20]);
  assert.equal(merged(known, history([], [])), known);
});

test("a history with other steps takes the place of the whole", () => {
  const fresh = history([1, 3], [10, 30], 2);
  assert.equal(merged(history([1, 2, 3], [10, 20, 30]), fresh), fresh);
  assert.equal(merged(undefined, fresh), fresh);
});

test("a rate is that of the half minute before", () => {
  const times = [0, 10, 20, 30, 40, 50];
  assert.deepEqual(rates(times, [0, 10, 20, 30, 30, 30], 1), [null, 60, 60, 60, 40, 20]);
  assert.deepEqual(rates([], [], 1), []);
});

test("growth is counted from the first value under load, and unknown without a load", () => {
  const known = history([10, 20, 30], [5, null, 9]);
  const run = { load_started_at: "1970-01-01T00:00:05Z" };
  assert.equal(growth(run, known, "rss_bytes"), 4);
  assert.equal(growth({ ...run, load_started_at: "1970-01-01T00:00:15Z" }, known, "rss_bytes"), 0);
  assert.equal(growth({ ...run, load_started_at: null }, known, "rss_bytes"), null);
  assert.equal(growth(run, undefined, "rss_bytes"), null);
  assert.equal(lastSeen(history([1, 2], [7, null]), "rss_bytes"), 7);
});
