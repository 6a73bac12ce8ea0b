// One chart: a figure with a caption that names the values under the cursor, usable with arrow keys.
/* global uPlot */

import { clock } from "./format.js";

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];
const together = uPlot.sync("run");

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function faded(name, share) {
  const [r, g, b] = colour(name).slice(1).match(/../g).map((pair) => parseInt(pair, 16));
  return `rgba(${r}, ${g}, ${b}, ${share})`;
}

export class Chart {
  // series: [{mark, label, format, values: (point columns) => array, low, high, dots, fill}]
  constructor(figure, { title, series, unit, least, fromZero, announce }) {
    Object.assign(this, { figure, title, series, unit, least, fromZero, announce });
    this.plot = null;
    this.data = null;
    figure.innerHTML = "";
    const caption = figure.appendChild(document.createElement("figcaption"));
    caption.appendChild(document.createElement("b")).textContent = title;
    this.legend = caption.appendChild(document.createElement("span"));
    this.legend.className = "legend";
    this.items = series.map((one) => {
      const item = this.legend.appendChild(document.createElement("span"));
      item.dataset.mark = one.mark;
      return item;
    });
    this.box = figure.appendChild(document.createElement("div"));
    this.box.className = "plot";
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "application");
    this.box.setAttribute("aria-roledescription", "chart");
    this.box.addEventListener("keydown", (event) => this.onKey(event));
    this.empty = this.box.appendChild(document.createElement("p"));
    this.empty.className = "empty";
    this.empty.textContent = "Nothing measured yet";
    new ResizeObserver(() => this.resize()).observe(this.box);
  }

  // data: [elapsed seconds, ...one array per uPlot series]
  show(data) {
    this.data = data;
    const some = data[0].length > 1;
    this.empty.hidden = some;
    if (!some) return;
    if (!this.plot) this.build();
    else this.plot.setData(data);
    this.figure.dataset.points = data[0].length;
    this.describe(this.plot.cursor.idx);
  }

  rebuild(fromZero = this.fromZero) {
    this.fromZero = fromZero;
    if (this.plot) {
      this.plot.destroy();
      this.build();
    }
  }

  build() {
    this.plot = new uPlot(this.options(), this.data, this.box);
    this.describe(null);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.box;
    if (this.plot && width) this.plot.setSize({ width, height });
  }

  options() {
    const axis = {
      stroke: colour("quiet"), font: "12px system-ui, sans-serif", ticks: { show: false },
      grid: { stroke: faded("quiet", 0.16), width: 1 },
    };
    return {
      width: this.box.clientWidth, height: this.box.clientHeight, padding: [8, 24, 0, 0],
      legend: { show: false },
      cursor: {
        y: false, drag: { x: false, y: false }, sync: { key: together.key },
        points: { size: 8, width: 2, stroke: colour("card"), fill: (u, i) => u.series[i].points.fillColour },
      },
      scales: { x: { time: false }, y: { range: (u, low, high) => this.range(low, high) } },
      axes: [
        { ...axis, incrs: STEPS, space: 70, values: (u, splits) => splits.map(clock), size: 28, gap: 8 },
        { ...axis, size: 62, space: 34, values: (u, splits) => splits.map((v) => `${+v.toFixed(2)}${this.unit}`) },
      ],
      series: [{}, ...this.series.flatMap((one) => this.lines(one))],
      bands: this.bands(),
      hooks: { setCursor: [(u) => this.describe(u.cursor.idx)] },
    };
  }

  lines(one) {
    const stroke = colour(one.mark);
    const line = {
      label: one.label, stroke, width: one.dots ? 0 : 2, spanGaps: true,
      fill: one.fill ? faded(one.mark, 0.13) : undefined,
      points: { show: Boolean(one.dots), size: 5, fill: stroke, stroke, fillColour: stroke },
    };
    const edge = { stroke: "transparent", width: 0, points: { show: false, fillColour: "transparent" }, spanGaps: true };
    return one.band ? [line, { ...edge }, { ...edge }] : [line];
  }

  bands() {
    const found = [];
    let index = 1;
    for (const one of this.series) {
      if (one.band) found.push({ series: [index + 2, index + 1], fill: faded(one.mark, 0.2) });
      index += one.band ? 3 : 1;
    }
    return found;
  }

  // A quiet level must not look like mountains: at least a tenth of the level is shown.
  range(low, high) {
    if (low == null) return [0, 1];
    const reach = Math.max(high - low, this.least, high * 0.1);
    const middle = (low + high) / 2;
    const bottom = this.fromZero ? 0 : Math.max(0, middle - reach * 0.6);
    return [bottom, Math.max(high + reach * 0.08, this.fromZero ? 0 : bottom + reach * 1.2)];
  }

  describe(hovered) {
    const at = hovered ?? this.data[0].length - 1;
    let index = 1;
    const words = this.series.map((one, number) => {
      const value = lastKnown(this.data[index], at);
      index += one.band ? 3 : 1;
      const text = `${one.label} ${one.format(value)}`;
      this.items[number].textContent = text;
      return text;
    });
    const when = clock(this.data[0][at]);
    this.box.setAttribute("aria-label", `${this.title} at ${when}: ${words.join(", ")}. Arrow keys move through time.`);
    return `${when}: ${words.join(", ")}`;
  }

  onKey(event) {
    const last = this.data ? this.data[0].length - 1 : -1;
    if (!this.plot || last < 0) return;
    const now = this.plot.cursor.idx ?? last;
    const jump = Math.max(1, Math.round(last / 20));
    const to = {
      ArrowLeft: now - 1, ArrowRight: now + 1, PageUp: now - jump, PageDown: now + jump, Home: 0, End: last,
    }[event.key];
    if (event.key === "Escape") {
      this.plot.setCursor({ left: -10, top: -10 });
      return;
    }
    if (to === undefined) return;
    event.preventDefault();
    const index = Math.min(last, Math.max(0, to));
    this.plot.setCursor({ left: this.plot.valToPos(this.data[0][index], "x"), top: 10 });
    this.announce(this.describe(index));
  }
}

function lastKnown(values, at) {
  for (let i = at; i >= 0; i--) if (values[i] != null) return values[i];
  return null;
}
