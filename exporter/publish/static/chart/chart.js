// One chart: a uPlot in a figure, its legend with the values under the cursor, its keys.

import { timeAxis, valueAxis, valueRange } from "./axes.js";
import { fadedColour, themeColour } from "./colours.js";
import { hideCursor, placeAfter, placeCursor, rightEnd } from "./cursor.js";
import { append, part } from "./elements.js";
import { formatSeconds, formatValue } from "./format.js";

/** @import { Unit } from "./format.js" */

/**
 * One thing that is drawn. Two "edge"s in a row, high and low, have the space between them shaded.
 * @typedef {object} Series
 * @property {string} name as the legend has it
 * @property {"line" | "area" | "dots" | "edge" | "floors" | "fit"} kind
 * @property {string} colour the name of a custom property of the page's style, such as "--rss"
 * @property {number} [dash] which of the DASHES, where colours have run out
 * @property {number[]} x rising
 * @property {(number | null)[]} y null where nothing was measured
 */

/**
 * @typedef {object} Options
 * @property {Unit} unit of its values
 * @property {boolean} [isLevel] whether a change is small or large beside the value
 * @property {boolean} [fromZero] whether the axis at the side starts at zero
 * @property {boolean} [spansGaps] whether lines go on, and the cursor looks further, where nothing was measured
 * @property {(text: string) => void} announce reads a text aloud
 */

/** @typedef {{ name: string, output: HTMLOutputElement, text: string }} Reading */

const LINKED = "charts"; // the cursors of all charts on a page move together
const DASHES = [[], [8, 5], [2, 4]];
const NAMED = new Set(["line", "area", "dots"]);

export class Chart {
  /**
   * @param {HTMLElement} figure holds a `.plot` and a `.legend`
   * @param {Options} options
   */
  constructor(figure, { unit, isLevel = false, fromZero = false, spansGaps = false, announce }) {
    this.figure = figure;
    this.unit = unit;
    this.isLevel = isLevel;
    this.fromZero = fromZero;
    this.spansGaps = spansGaps;
    this.announce = announce;
    this.box = part(figure, ".plot");
    this.legend = part(figure, ".legend");
    /** @type {uPlot | null} */
    this.plot = null;
    /** @type {Series[]} */
    this.series = [];
    /** @type {{ index: number, name: string, output: HTMLOutputElement }[]} */
    this.entries = [];
    this.box.addEventListener("keydown", (event) => this.onKey(event));
    new ResizeObserver(() => this.resize()).observe(this.box);
  }

  /**
   * Draws anew: these series, or what there is to say without any.
   * @param {Series[]} series
   * @param {string} [nothing]
   */
  draw(series, nothing = "") {
    this.plot?.destroy();
    this.plot = null;
    this.entries = [];
    this.box.replaceChildren();
    this.legend.replaceChildren();
    this.series = series.filter((one) => one.x.length);
    if (!this.series.length) {
      append(this.box, "p", nothing).className = "empty";
      return;
    }
    this.plot = new uPlot(this.options(), this.points(), this.box);
    this.fillLegend();
    this.showValues();
  }

  /**
   * Shows later values of the series that are drawn.
   * @param {Series[]} series
   */
  update(series) {
    this.series = series;
    this.plot?.setData(this.points());
    this.showValues();
  }

  /** @returns {uPlot.AlignedData} */
  points() {
    const tables = this.series.map((one) => /** @type {uPlot.AlignedData} */ ([one.x, one.y]));
    return uPlot.join(tables);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.box;
    if (this.plot && width && (width !== this.plot.width || height !== this.plot.height)) {
      this.plot.setSize({ width, height });
    }
  }

  /** @returns {uPlot.Options} */
  options() {
    const { clientWidth: width, clientHeight: height } = this.box;
    return {
      width,
      height,
      padding: [10, 26, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false, setScale: false },
        points: { size: 8 },
        hover: { skip: this.spansGaps ? [undefined, null] : [undefined] },
        sync: {
          key: uPlot.sync(LINKED).key,
          scales: ["x", null],
          setSeries: false,
          filters: { pub: (type) => type.startsWith("mousem") || type === "mouseleave" },
        },
      },
      scales: { x: { time: false }, y: { range: (_, low, high) => valueRange(low, high, this) } },
      axes: [this.styled(timeAxis()), this.styled(valueAxis(this.unit, width))],
      series: [{}, ...this.series.map((one) => this.style(one))],
      bands: this.bands(),
      hooks: { setCursor: [() => this.showValues()] },
    };
  }

  /**
   * @param {uPlot.Axis} axis
   * @returns {uPlot.Axis}
   */
  styled(axis) {
    return {
      stroke: themeColour("--quiet"),
      font: "12px system-ui, sans-serif",
      ticks: { show: false },
      ...axis,
      grid: { stroke: themeColour("--line"), width: 1, ...axis.grid },
    };
  }

  /**
   * @param {Series} one
   * @returns {uPlot.Series}
   */
  style({ kind, colour, dash = 0 }) {
    const stroke = themeColour(colour);
    switch (kind) {
      case "floors": {
        const points = { size: 6, width: 1.5, stroke: themeColour("--text"), fill: themeColour("--card") };
        return { stroke, width: 0, paths: () => null, points: { show: true, ...points } };
      }
      case "fit":
        return { stroke: themeColour("--text"), width: 2, dash: [7, 5], alpha: 0.9, points: { show: false } };
      case "dots":
        return { stroke, width: 0, paths: () => null, points: { show: true, size: 5, fill: stroke } };
      case "edge":
        return {
          stroke: "transparent",
          width: 0,
          spanGaps: this.spansGaps,
          points: { show: false, fill: "transparent" },
        };
      default: {
        const fill = kind === "area" ? fadedColour(colour, 0.13) : undefined;
        /** @type {uPlot.Series.Points.Show} */
        const show = (_, index) => this.series[index - 1].x.length < 3; // no line to be seen yet
        const points = { show, size: 7, fill: stroke };
        return { stroke, width: 1.6, dash: DASHES[dash], fill, spanGaps: this.spansGaps, points };
      }
    }
  }

  /** @returns {uPlot.Band[]} */
  bands() {
    return this.series.flatMap(({ kind, colour }, index) =>
      kind === "edge" && this.series[index - 1]?.kind === "edge"
        ? [{ series: /** @type {[number, number]} */ ([index, index + 1]), fill: fadedColour(colour, 0.2) }]
        : [],
    );
  }

  fillLegend() {
    this.series.forEach(({ name, kind, colour, dash = 0 }, index) => {
      if (!NAMED.has(kind)) return;
      const item = append(this.legend, "li");
      const swatch = append(item, "span");
      swatch.className = `swatch dash-${dash}`;
      swatch.style.setProperty("--mark", `var(${colour})`);
      const label = append(item, "bdi", name);
      label.className = "name";
      label.title = name;
      const output = append(item, "output");
      output.setAttribute("aria-live", "off");
      this.entries.push({ index: index + 1, name, output });
    });
  }

  /**
   * The values at the cursor; without one, those at the end of what is shown.
   * @returns {Reading[]}
   */
  readings() {
    const plot = this.plot;
    if (!plot) return [];
    const { left = -1, idxs = [] } = plot.cursor;
    return this.entries.map(({ index, name, output }) => {
      const values = plot.data[index] ?? [];
      const place = left >= 0 ? (idxs[index] ?? -1) : values.findLastIndex((value) => value != null);
      return { name, output, text: formatValue(values[place], this.unit) };
    });
  }

  showValues() {
    for (const { output, text } of this.readings()) output.textContent = text;
  }

  /** Where the cursor is and what it reads there, in words. */
  describe() {
    if (!this.plot) return "";
    const { cursor, data } = this.plot;
    const { left = -1 } = cursor;
    const x = left >= 0 ? this.plot.posToVal(left, "x") : (data[0].at(-1) ?? 0);
    const values = this.readings().map(({ name, text }) => `${name} ${text}`);
    return `${this.where(x)}: ${values.join(", ")}`;
  }

  /** @param {number} x */
  where(x) {
    return `at ${formatSeconds(x)}`;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (!this.plot || event.altKey || event.ctrlKey || event.metaKey) return;
    const action = this.actions(event, this.plot)[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  /**
   * What the keys do.
   * @param {KeyboardEvent} _event
   * @param {uPlot} plot
   * @returns {Record<string, () => void>}
   */
  actions(_event, plot) {
    return {
      ArrowLeft: () => this.moveCursor(plot, placeAfter(plot, -1)),
      ArrowRight: () => this.moveCursor(plot, placeAfter(plot, 1)),
      PageUp: () => this.moveCursor(plot, placeAfter(plot, -10)),
      PageDown: () => this.moveCursor(plot, placeAfter(plot, 10)),
      Home: () => this.moveCursor(plot, 0),
      End: () => this.moveCursor(plot, rightEnd(plot)),
      Escape: () => hideCursor(plot),
    };
  }

  /**
   * @param {uPlot} plot
   * @param {number} left
   */
  moveCursor(plot, left) {
    placeCursor(plot, left);
    this.announce(this.describe());
  }
}
