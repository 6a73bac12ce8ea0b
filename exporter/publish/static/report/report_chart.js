// A chart of recorded runs: along time or payments with a range that all share, or along latency.

import { Chart } from "../chart/chart.js";
import { part } from "../chart/elements.js";
import { formatCount, formatSeconds, formatValue } from "../chart/format.js";
import { download } from "./download.js";
import { drawMarks } from "./marks.js";
import { seriesOf, view, wholeRange } from "./view.js";

/** @import { Series } from "../chart/chart.js" */
/** @import { ChartSpec } from "./view.js" */
/** @import { Zoom } from "./zoom.js" */

const NEAR = 24; // pixels to a line, for the others to fade

export class ReportChart extends Chart {
  /**
   * @param {ChartSpec} spec
   * @param {{ zoom: Zoom, announce: (text: string) => void }} page
   */
  constructor(spec, { zoom, announce }) {
    super(part(document, `#chart-${spec.key}`), { unit: spec.unit, announce });
    this.spec = spec;
    this.zoom = zoom;
    this.isLatency = spec.axis === "latency";
    this.inView = false;
    part(this.figure, "[data-download]").addEventListener("click", () => download(spec));
    const nearby = { rootMargin: "200px" };
    new IntersectionObserver(([entry]) => {
      this.inView = entry.isIntersecting;
    }, nearby).observe(this.box);
  }

  /** Draws anew, after any change of what is shown. */
  redraw() {
    const series = seriesOf(this.spec);
    this.isLevel = this.spec.hasLevel && !view.aligned;
    this.fromZero = view.fromZero || !this.spec.hasLevel;
    this.draw(series, series.length ? "No sample" : "Nothing to show: no run is switched on that has this");
    this.plot?.over.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
  }

  /**
   * @param {number} min
   * @param {number} max
   */
  showRange(min, max) {
    if (!this.isLatency) this.plot?.setScale("x", { min, max });
  }

  /** @returns {uPlot.Options} */
  options() {
    const { cursor, axes = [], hooks, scales, ...others } = super.options();
    const focus = { prox: this.series.length > 1 ? NEAR : -1 };
    const showAll = () => {
      this.zoom.all();
      return null;
    };
    const bind = { dblclick: () => showAll };
    const drag = { ...cursor?.drag, x: !this.isLatency };
    const sync = this.isLatency ? undefined : cursor?.sync;
    return {
      ...others,
      focus: { alpha: 0.35 },
      cursor: { ...cursor, focus, bind, drag, sync },
      scales: {
        ...scales,
        x: this.isLatency ? { time: false, distr: 3 } : { time: false, range: () => view.range ?? wholeRange() },
      },
      axes: [this.axis(axes[0]), axes[1]],
      hooks: {
        ...hooks,
        drawClear: [(plot) => drawMarks(plot, this.spec)],
        setSelect: [(plot) => this.onSelect(plot)],
      },
    };
  }

  /**
   * The axis at the bottom: of time as it is, or of payments, or of latency.
   * @param {uPlot.Axis} time
   * @returns {uPlot.Axis}
   */
  axis(time) {
    if (this.isLatency) {
      /** @type {uPlot.Axis.Filter} */
      const decades = (_, splits) => splits.map((value) => (Number.isInteger(Math.log10(value)) ? value : null));
      /** @type {uPlot.Axis.Values} */
      const values = (_, splits) => splits.map((value) => (value === null ? null : `${formatValue(value, "count")} s`));
      return { ...time, incrs: undefined, space: 44, filter: decades, grid: { ...time.grid, filter: decades }, values };
    }
    if (view.axis === "time") return time;
    return { ...time, incrs: undefined, values: (_, splits) => splits.map(formatCount) };
  }

  /**
   * @param {Series} one
   * @returns {uPlot.Series}
   */
  style(one) {
    const style = super.style(one);
    return this.isLatency ? { ...style, paths: uPlot.paths.stepped?.({ align: 1 }) } : style;
  }

  /** @param {number} x */
  where(x) {
    if (this.isLatency) return `within ${formatValue(x, "count")} s`;
    return view.axis === "payments" ? `after ${formatCount(x)} payments` : `at ${formatSeconds(x)}`;
  }

  /** @param {uPlot} plot */
  onSelect(plot) {
    const { left, width } = plot.select;
    if (width >= 6) this.zoom.to(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
    if (width) plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  }

  /**
   * The page scrolls as usual; with Ctrl or Command the wheel zooms, with Shift or sideways it moves along.
   * @param {WheelEvent} event
   */
  onWheel(event) {
    if (this.isLatency || !this.plot) return;
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom.by(Math.exp(event.deltaY / 300), this.plot.posToVal(event.offsetX, "x"));
    } else if (view.range && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
      event.preventDefault();
      this.zoom.along(sideways / this.plot.over.clientWidth);
    }
  }

  /**
   * @param {KeyboardEvent} event
   * @param {uPlot} plot
   */
  actions(event, plot) {
    const { left = -1 } = plot.cursor;
    const centre = plot.posToVal(left > 0 ? left : plot.over.clientWidth / 2, "x");
    const zoomIn = () => this.zoom.by(0.5, centre);
    const along = { ArrowLeft: () => this.zoom.along(-0.1), ArrowRight: () => this.zoom.along(0.1) };
    return {
      ...super.actions(event, plot),
      ...(event.shiftKey ? along : {}),
      ...(this.isLatency ? {} : { "+": zoomIn, "=": zoomIn, "-": () => this.zoom.by(2, centre) }),
      Escape: () => this.zoom.all(),
    };
  }
}
