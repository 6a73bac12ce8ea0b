// The cursor of a chart, moved by keys.

const KEY_STEPS = 60;
const OUTSIDE = -10; // where a cursor is none

/**
 * Moves the cursor of a chart, and those of the charts that are linked with it.
 * @param {uPlot} plot
 * @param {number} left
 */
export function placeCursor(plot, left) {
  // uPlot's types lack the last argument, for the linked charts.
  const setCursor = /** @type {(at: uPlot.Cursor, fires: boolean, publishes: boolean) => void} */ (plot.setCursor);
  setCursor({ left, top: left < 0 ? OUTSIDE : plot.over.clientHeight / 2 }, true, true);
}

/** @param {uPlot} plot */
export function hideCursor(plot) {
  placeCursor(plot, OUTSIDE);
}

/**
 * The rightmost place for a cursor.
 * @param {uPlot} plot
 */
export function rightEnd(plot) {
  return plot.over.clientWidth - 1;
}

/**
 * Where the cursor is after some steps to the right: each a part of the width, and together at least to the next point.
 * @param {uPlot} plot
 * @param {number} steps negative to the left
 */
export function placeAfter(plot, steps) {
  const { left = OUTSIDE } = plot.cursor;
  const from = left >= 0 ? left : steps > 0 ? 0 : rightEnd(plot);
  const next = plot.data[0][plot.posToIdx(from) + Math.sign(steps)];
  const toNext = next === undefined ? 0 : Math.abs(plot.valToPos(next, "x") - from);
  const reach = Math.max(toNext, (Math.abs(steps) * plot.over.clientWidth) / KEY_STEPS);
  return Math.min(Math.max(from + Math.sign(steps) * reach, 0), rightEnd(plot));
}
