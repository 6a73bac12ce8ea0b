// What the page holds, what the reader has chosen to see of it, and the points of a chart as that choice asks for.

import { part } from "../chart/elements.js";

/** @import { Series } from "../chart/chart.js" */
/** @import { Unit } from "../chart/format.js" */

/**
 * @typedef {{ t: number[], y: (number | null)[] }} Points seconds of the run, and the values then
 * @typedef {{ t: number[], payments: number[] }} PaymentClock how many payments had been made when
 */

/**
 * @typedef {object} Run
 * @property {string} label
 * @property {PaymentClock | null} clock
 * @property {number[]} reconnects seconds
 * @property {number[]} restarts seconds
 * @property {[number, number, number][]} phases start, end, number of the phase
 * @property {number | null} warmup the second at which it ends
 */

/**
 * @typedef {object} ExtraPoints
 * @property {number} run the number of the run
 * @property {string} name
 * @property {number} colour
 * @property {Points} [floors]
 * @property {Points} [fit] the growth that was found
 *
 * @typedef {Points & ExtraPoints} Line
 */

/**
 * @typedef {object} ChartSpec
 * @property {string} key
 * @property {string} title
 * @property {Unit} unit
 * @property {"time" | "latency"} axis
 * @property {boolean} hasLevel whether its lines can start elsewhere
 * @property {Line[]} lines
 */

/** @typedef {[number, number]} Range */

const COLOURS = 8;
const DASHES = 3;

/** @type {{ phases: string[], runs: Run[], charts: ChartSpec[] }} */
export const data = JSON.parse(part(document, "#data").textContent ?? "");

/** What the reader has chosen. */
export const view = {
  /** @type {"time" | "payments"} */
  axis: "time",
  aligned: false,
  fromZero: false,
  fits: false,
  marks: false,
  /** @type {Set<number>} */
  hidden: new Set(),
  /** @type {Range | null} null for the whole run */
  range: null,
};

/**
 * Reads the choice from the toolbar.
 * @param {HTMLFormElement} form
 */
export function readToolbar(form) {
  const chosen = new FormData(form);
  const axis = chosen.get("axis") === "payments" ? "payments" : "time";
  // A range along one axis means nothing on the other.
  if (axis !== view.axis) view.range = null;
  view.axis = axis;
  view.aligned = chosen.get("level") === "aligned";
  view.fromZero = chosen.has("zero");
  view.fits = chosen.has("fits");
  view.marks = chosen.has("marks");
  const shown = new Set(chosen.getAll("run").map(Number));
  const all = data.runs.length > 1 ? [...data.runs.keys()] : [];
  view.hidden = new Set(all.filter((run) => !shown.has(run)));
}

/**
 * Where `x` lies on a rising list `from`, mapped to `to` in proportion; held at the ends.
 * @param {number} x
 * @param {number[]} from
 * @param {number[]} to
 */
export function interpolated(x, from, to) {
  let low = 0;
  let high = from.length - 1;
  if (x <= from[0]) return to[0];
  if (x >= from[high]) return to[high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (from[middle] <= x) low = middle;
    else high = middle;
  }
  return to[low] + ((to[high] - to[low]) * (x - from[low])) / (from[high] - from[low]);
}

/**
 * Seconds of a run as the chosen axis has them.
 * @param {number} run
 * @param {number[]} seconds
 */
export function positions(run, seconds) {
  const { clock } = data.runs[run];
  if (view.axis === "time" || !clock) return seconds;
  return seconds.map((second) => interpolated(second, clock.t, clock.payments));
}

/** @param {number} run */
export function isShown(run) {
  return !view.hidden.has(run) && (view.axis === "time" || data.runs[run].clock !== null);
}

/**
 * The custom property with a line's colour, and which dashes tell it from others of that colour.
 * @param {number} number of the line
 */
export function colourOf(number) {
  return { colour: `--colour-${number % COLOURS}`, dash: Math.floor(number / COLOURS) % DASHES };
}

/**
 * The series of a chart, hidden runs left out.
 * @param {ChartSpec} chart
 * @returns {Series[]}
 */
export function seriesOf(chart) {
  return chart.lines.flatMap((line) => {
    const isLatency = chart.axis === "latency";
    if (isLatency ? view.hidden.has(line.run) : !isShown(line.run)) return [];
    const start = view.aligned && chart.hasLevel ? (line.y.find((value) => value !== null) ?? 0) : 0;
    /** @type {(kind: Series["kind"], points: Points) => Series} */
    const series = (kind, { t, y }) => ({
      name: line.name,
      kind,
      ...colourOf(line.colour),
      x: isLatency ? t : positions(line.run, t),
      y: start ? y.map((value) => (value === null ? null : value - start)) : y,
    });
    const drawn = [series("line", line)];
    if (view.fits && line.floors && line.fit) drawn.push(series("floors", line.floors), series("fit", line.fit));
    return drawn;
  });
}

/**
 * From one end of what is shown to the other, over all charts along the run.
 * @returns {Range}
 */
export function wholeRange() {
  let low = Infinity;
  let high = -Infinity;
  const lines = data.charts.flatMap((chart) => (chart.axis === "latency" ? [] : chart.lines));
  for (const { run, t } of lines) {
    if (!isShown(run) || !t.length) continue;
    const [first, last] = positions(run, [t[0], t[t.length - 1]]);
    low = Math.min(low, first);
    high = Math.max(high, last);
  }
  if (low > high) return [0, 1];
  if (low > 0 && low < 0.02 * high) low = 0;
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}
