// The charts of a run that goes on, and the same as a table.

import { Chart } from "../chart/chart.js";
import { append, part } from "../chart/elements.js";
import { formatBytes, formatClock, formatCount } from "../chart/format.js";
import { loadBegan, rates } from "./run.js";

/** @import { Options, Series } from "../chart/chart.js" */
/** @import { History, Run } from "./run.js" */

const TABLE_ROWS = 20;

class LiveChart extends Chart {
  /**
   * @param {string} selector
   * @param {Options} options
   */
  constructor(selector, options) {
    super(part(document, selector), { ...options, spansGaps: true });
    this.title = part(this.figure, "figcaption b").textContent;
    this.draw([]);
  }

  /**
   * Draws anew: these series, or what there is to say without any.
   * @param {Series[]} series
   */
  draw(series) {
    super.draw(series, "Nothing measured yet");
  }

  /** @param {Series[]} series */
  follow(series) {
    const points = series[0].x.length;
    if (points < 2) this.draw([]);
    else if (this.plot) this.update(series);
    else this.draw(series);
    this.figure.dataset.points = String(points);
  }

  showValues() {
    super.showValues();
    this.box.setAttribute("aria-label", `${this.title} ${this.describe()}. Arrow keys move through time.`);
  }
}

export class LiveCharts {
  /** @param {(text: string) => void} announce */
  constructor(announce) {
    this.rss = new LiveChart("#chart-rss", { unit: "bytes", isLevel: true, announce });
    this.heap = new LiveChart("#chart-heap", { unit: "bytes", isLevel: true, announce });
    this.payments = new LiveChart("#chart-payments", { unit: "per minute", fromZero: true, announce });
  }

  /**
   * @param {Run} run
   * @param {History} history
   */
  follow(run, { columns, resolution_seconds: step }) {
    const began = loadBegan(run);
    const x = columns.time.map((time) => time - began);
    /** @type {(name: string, kind: Series["kind"], colour: string, y: Series["y"]) => Series} */
    const series = (name, kind, colour, y) => ({ name, kind, colour, x, y });
    /** @type {(name: string, column: string, colour: string) => Series[]} */
    const level = (name, column, colour) => [
      series(name, "line", colour, columns[`${column}_bytes`]),
      series("", "edge", colour, columns[`${column}_highest_bytes`]),
      series("", "edge", colour, columns[`${column}_lowest_bytes`]),
    ];
    this.rss.follow(level("Resident", "rss", "--rss"));
    this.heap.follow([
      ...level("In use", "heap", "--heap"),
      series("At rest", "dots", "--settled", columns.settled_heap_bytes),
    ]);
    this.payments.follow([
      series("Succeeded", "area", "--pay", rates(columns.time, columns.payments, step)),
      series("Failed", "area", "--fail", rates(columns.time, columns.failures, step)),
    ]);
  }

  /** Draws anew, in the colours of the moment. */
  redraw() {
    for (const chart of [this.rss, this.heap, this.payments]) chart.draw(chart.series);
  }

  /** @param {boolean} fromZero */
  startMemoryAtZero(fromZero) {
    this.rss.fromZero = fromZero;
    this.heap.fromZero = fromZero;
    this.redraw();
  }
}

/**
 * The latest first, and not more rows than can be read.
 * @param {HTMLElement} body
 * @param {Run} run
 * @param {History} history
 */
export function drawTable(body, run, { columns }) {
  const began = loadBegan(run);
  const { time, rss_bytes: rss, heap_bytes: heap, payments, failures } = columns;
  const every = Math.max(1, Math.ceil(time.length / TABLE_ROWS));
  body.replaceChildren();
  for (let i = time.length - 1; i >= 0; i -= every) {
    const row = append(body, "tr");
    const counts = [formatCount(payments[i]), formatCount(failures[i])];
    const cells = [formatClock(time[i] - began), formatBytes(rss[i]), formatBytes(heap[i]), ...counts];
    for (const text of cells) append(row, "td", text);
  }
}
