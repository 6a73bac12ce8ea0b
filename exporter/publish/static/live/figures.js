// The figures of the moment: tiles at the top, details at the bottom.

import { append, part } from "../chart/elements.js";
import { asWords, formatBytes, formatChange, formatCount, formatLatency, NOTHING } from "../chart/format.js";
import { growth, lastSeen, sum } from "./run.js";

/** @import { History, Run, Subject } from "./run.js" */

/**
 * @typedef {object} Tile
 * @property {string} name
 * @property {string} value a number and perhaps a unit
 * @property {string} note
 * @property {string} [mark] the colour of its line in the charts
 * @property {boolean} [alarm]
 */

/**
 * @param {Run} run
 * @param {Subject} subject
 * @param {History | undefined} history
 */
export function drawTiles(run, subject, history) {
  const list = part(document, "#tiles");
  list.replaceChildren();
  for (const tile of [...memoryTiles(run, subject, history), ...loadTiles(subject)]) drawTile(list, tile);
}

/**
 * @param {Run} run
 * @param {Subject} subject
 * @param {History | undefined} history
 * @returns {Tile[]}
 */
function memoryTiles(run, subject, history) {
  // What has ended has no memory any more: then the last that was seen of it is shown.
  const resident = subject.resident_memory_bytes ?? lastSeen(history, "rss_bytes");
  const heap = subject.heap_allocated_bytes ?? lastSeen(history, "heap_bytes");
  /** @param {string} column */
  const since = (column) => {
    const more = growth(run, history, column);
    return more == null ? "" : `${formatChange(more)} under load`;
  };
  return [
    { name: "Resident memory", value: formatBytes(resident), note: since("rss_bytes"), mark: "rss" },
    { name: "Heap in use", value: formatBytes(heap), note: since("heap_bytes"), mark: "heap" },
  ];
}

/**
 * @param {Subject} subject
 * @returns {Tile[]}
 */
function loadTiles({ load, threads, open_fds: descriptors }) {
  const paid = sum(load.payments);
  const failed = sum(load.failures);
  const byRail = Object.entries(load.payments).map(([rail, n]) => `${formatCount(n)} ${rail}`);
  const share = paid + failed ? `${((100 * failed) / (paid + failed)).toFixed(failed ? 1 : 0)} % of payments` : "";
  const busiest = Object.values(load.latency_seconds).sort((a, b) => b.count - a.count)[0];
  const latency = busiest?.count ? busiest : null;
  const within = latency ? `95 % within ${formatLatency(latency.p95)}` : "";
  const open = descriptors == null ? "" : `${formatCount(descriptors)} descriptors open`;
  return [
    { name: "Payments", value: formatCount(paid), note: byRail.join(", "), mark: "pay" },
    { name: "Failures", value: formatCount(failed), note: share, mark: "fail", alarm: failed > 0 },
    { name: "Latency, median", value: formatLatency(latency?.p50), note: within },
    { name: "Threads", value: formatCount(threads), note: open },
  ];
}

/**
 * @param {HTMLElement} list
 * @param {Tile} tile
 */
function drawTile(list, { name, value, note, mark, alarm }) {
  const box = append(list, "div");
  box.className = "tile";
  const term = append(box, "dt", name);
  if (mark) term.dataset.mark = mark;
  const [number, ...unit] = value.split(" ");
  const figure = append(box, "dd", number);
  figure.className = alarm ? "value alarm" : "value";
  if (unit.length) append(figure, "small", ` ${unit.join(" ")}`);
  append(box, "dd", note).className = "note";
}

/**
 * @param {Run} run
 * @param {Subject} subject
 */
export function drawDetails(run, subject) {
  const { load } = subject;
  drawPairs("#load", [
    ["Missed slots", formatCount(load.missed_slots)],
    ["Reconnects", formatCount(load.reconnects)],
    ["Abandoned instances", formatCount(load.abandoned_instances)],
    ["Brought to rest", formatCount(load.settles)],
    ["Refunds", formatCount(load.refunds)],
    ["Steps that failed", formatCount(sum(load.step_failures))],
    ["Failures on purpose", formatCount(sum(load.expected_failures))],
    ["Samples written", formatCount(subject.samples_written)],
    ["Samples lost", formatCount(subject.csv_errors)],
    ...pairs(
      load.balances_sats,
      (wallet) => `Balance of ${wallet}`,
      (sats) => `${formatCount(sats)} sat`,
    ),
  ]);
  drawPairs("#sdk", [
    ["Version", nameOfSdk(subject) || NOTHING],
    ["Language", subject.language || NOTHING],
    ["Process", subject.pid == null ? "ended" : String(subject.pid)],
    ["Instances", formatCount(load.instances)],
    ["Listeners", formatCount(load.listeners)],
    ...(load.instance_heap_bytes == null ? [] : [["One more instance takes", formatBytes(load.instance_heap_bytes)]]),
    ...pairs(subject.heap_bytes, (heap) => `Heap: ${heap}`, formatBytes),
    ...pairs(load.sdk_events, asWords, formatCount),
  ]);
  drawPairs("#settings", pairs(run.settings, asWords, String));
}

/** @param {Subject} subject */
export function nameOfSdk({ sdk, sdk_version: version }) {
  return [sdk, version].filter(Boolean).join(" ");
}

/**
 * @template Value
 * @param {Record<string, Value>} values
 * @param {(name: string) => string} name
 * @param {(value: Value) => string} text
 */
function pairs(values, name, text) {
  return Object.entries(values).map(([key, value]) => [name(key), text(value)]);
}

/**
 * @param {string} selector
 * @param {string[][]} entries
 */
function drawPairs(selector, entries) {
  const list = part(document, selector);
  list.replaceChildren();
  for (const [name, value] of entries) {
    const row = append(list, "div");
    append(row, "dt", name);
    append(row, "dd", value);
  }
}
