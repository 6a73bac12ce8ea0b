// Warm-up, phases, reconnects and restarts, drawn behind the lines of a chart.

import { themeColour } from "../chart/colours.js";
import { append } from "../chart/elements.js";
import { colourOf, data, isShown, positions, view } from "./view.js";

/** @import { ChartSpec } from "./view.js" */

const PHASE_COLOURS = 6;
const STRIP = 5;

/**
 * @param {uPlot} plot
 * @param {ChartSpec} chart
 */
export function drawMarks(plot, chart) {
  if (chart.axis === "latency") return;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  if (view.fits && chart.unit === "bytes") drawWarmups(plot);
  if (view.marks) {
    for (const run of data.runs.keys()) {
      if (!isShown(run)) continue;
      drawRestarts(plot, run);
      drawReconnects(plot, run);
    }
    drawPhases(plot);
  }
  ctx.restore();
}

/**
 * Pixels on the canvas from its left to a second of a run.
 * @param {uPlot} plot
 * @param {number} run
 * @param {number} second
 */
function place(plot, run, second) {
  return plot.valToPos(positions(run, [second])[0], "x", true);
}

/** @param {number} run */
function colour(run) {
  return themeColour(colourOf(run).colour);
}

/** @param {number} run */
function firstSecond(run) {
  const line = data.charts.flatMap((chart) => chart.lines).find((one) => one.run === run && one.t.length);
  return line ? line.t[0] : 0;
}

/**
 * One run's warm-up is a shade; those of several would hide each other, so each is a bar at the top.
 * @param {uPlot} plot
 */
function drawWarmups(plot) {
  const { ctx, bbox } = plot;
  const scale = uPlot.pxRatio;
  const found = data.runs.flatMap(({ warmup }, run) => (warmup !== null && isShown(run) ? [{ run, warmup }] : []));
  const isBar = found.length > 1;
  found.forEach(({ run, warmup }, row) => {
    const start = place(plot, run, firstSecond(run));
    const width = place(plot, run, warmup) - start;
    const top = bbox.top + (isBar ? (10 + 5 * row) * scale : 0);
    ctx.fillStyle = colour(run);
    ctx.globalAlpha = isBar ? 0.5 : 0.09;
    ctx.fillRect(start, top, width, isBar ? 3 * scale : bbox.height);
    ctx.globalAlpha = 1;
    if (row < found.length - 1 || width < 56 * scale) return;
    ctx.font = `${11 * scale}px system-ui, sans-serif`;
    ctx.fillStyle = themeColour("--quiet");
    ctx.textAlign = "left";
    ctx.textBaseline = "top";
    ctx.fillText("warm-up", start + 5 * scale, top + (isBar ? 6 : 10) * scale);
  });
}

/**
 * @param {uPlot} plot
 * @param {number} run
 */
function drawRestarts(plot, run) {
  const scale = uPlot.pxRatio;
  plot.ctx.setLineDash([3 * scale, 4 * scale]);
  drawLines(plot, run, data.runs[run].restarts, { height: plot.bbox.height, width: 1.5 * scale, alpha: 1 });
  plot.ctx.setLineDash([]);
}

/**
 * @param {uPlot} plot
 * @param {number} run
 */
function drawReconnects(plot, run) {
  const scale = uPlot.pxRatio;
  drawLines(plot, run, data.runs[run].reconnects, { height: 7 * scale, width: scale, alpha: 0.75 });
}

/**
 * Lines downwards from the top.
 * @param {uPlot} plot
 * @param {number} run
 * @param {number[]} seconds
 * @param {{ height: number, width: number, alpha: number }} look
 */
function drawLines(plot, run, seconds, { height, width, alpha }) {
  const { ctx, bbox } = plot;
  ctx.strokeStyle = colour(run);
  ctx.globalAlpha = alpha;
  ctx.lineWidth = width;
  ctx.beginPath();
  for (const second of seconds) {
    const x = place(plot, run, second);
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + height);
  }
  ctx.stroke();
  ctx.globalAlpha = 1;
}

/**
 * A strip for every run that is shown, at the bottom, one above the other.
 * @param {uPlot} plot
 */
function drawPhases(plot) {
  const { ctx, bbox } = plot;
  const scale = uPlot.pxRatio;
  const shown = [...data.runs.keys()].filter((run) => isShown(run) && data.runs[run].phases.length);
  shown.forEach((run, row) => {
    const top = bbox.top + bbox.height - (shown.length - row) * (STRIP + 1) * scale;
    for (const [start, end, phase] of data.runs[run].phases) {
      ctx.fillStyle = themeColour(`--phase-${phase % PHASE_COLOURS}`);
      const left = place(plot, run, start);
      ctx.fillRect(left, top, Math.max(place(plot, run, end) - left, scale), STRIP * scale);
    }
  });
}

/** Says in the toolbar what the marks mean. */
export function listPhases() {
  const list = document.getElementById("phases");
  if (!list) return;
  list.replaceChildren();
  data.phases.forEach((name, index) => {
    const item = append(list, "li");
    append(item, "i").className = `phase-${index % PHASE_COLOURS}`;
    item.append(name || "no phase");
  });
  if (data.runs.some((run) => run.reconnects.length)) append(list, "li", "Ticks at the top: reconnects");
  if (data.runs.some((run) => run.restarts.length)) {
    append(list, "li", "Dashed lines: the subject or the record starts anew");
  }
  list.hidden = !view.marks || !list.children.length;
}
