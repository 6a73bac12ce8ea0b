// Where the ticks of a chart's axes stand, and how far its values reach.

import { formatTick, formatValues, KIB } from "./format.js";

/** @import { Unit } from "./format.js" */

const TIME_TICKS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800,
  432000, 864000, 2592000,
];
const BYTE_TICKS = [
  ...[...Array(20).keys()].map((power) => 2 ** power),
  ...[KIB ** 2, KIB ** 3].flatMap((unit) => [1, 2, 4, 5, 10, 20, 25, 50, 100, 200, 250, 500].map((n) => n * unit)),
];
const COUNT_TICKS = [...Array(9).keys()].flatMap((power) => [1, 2, 5].map((n) => n * 10 ** power));
const NARROW = 500;
const SMALLEST_SPAN = { bytes: 64 * KIB, count: 2, "per minute": 1, share: 1 };
const LEVEL_SHARE = 0.08; // a flat level must not look like mountains

/**
 * The axis at the bottom, in seconds of the run.
 * @returns {uPlot.Axis}
 */
export function timeAxis() {
  return {
    size: 30,
    gap: 8,
    space: 76,
    incrs: TIME_TICKS,
    values: (_, splits, _index, _space, step) => splits.map((value) => formatTick(value, step)),
  };
}

/**
 * The axis at the side.
 * @param {Unit} unit
 * @param {number} width of the chart, in CSS pixels
 * @returns {uPlot.Axis}
 */
export function valueAxis(unit, width) {
  return {
    size: width < NARROW ? 66 : 78,
    space: 32,
    incrs: unit === "bytes" ? BYTE_TICKS : unit === "count" ? COUNT_TICKS : undefined,
    values: (_, splits) => formatValues(splits, unit),
  };
}

/**
 * What the axis at the side has to show of values from `low` to `high`.
 * @param {number | null} low null where there is no value
 * @param {number | null} high
 * @param {{ unit: Unit, isLevel: boolean, fromZero: boolean }} how `isLevel`: a change is small or large beside the value
 * @returns {[number, number]}
 */
export function valueRange(low, high, { unit, isLevel, fromZero }) {
  if (low === null || high === null || unit === "share") return [0, 1];
  const floor = fromZero ? Math.min(low, 0) : low;
  const least = Math.max(SMALLEST_SPAN[unit], isLevel ? LEVEL_SHARE * Math.abs(high) : 0);
  const missing = Math.max(least - (high - floor), 0);
  const span = high - floor + missing;
  const bottom = floor - missing / 2 - 0.06 * span;
  // What can't be negative gets no axis below zero.
  return [low >= 0 && (bottom < 0 || floor === 0) ? 0 : bottom, high + missing / 2 + 0.08 * span];
}
