// One chart: a uPlot in a figure, its legend with the values under the cursor, its keys, its download.

const together = uPlot.sync("report");
const SMALLEST_SPAN = { bytes: 64 * KIB, count: 2, "per minute": 1, share: 1 };
const LEVEL_SHARE = 0.08; // a flat level must not look like mountains
const DASHES = [[], [8, 5], [2, 4]];
const KEY_STEPS = 60;

function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

class Chart {
  constructor(spec, { zoom, announce }) {
    Object.assign(this, { spec, zoom, announce, plot: null, series: [], inView: false });
    this.figure = document.getElementById(`chart-${spec.key}`);
    this.box = this.figure.querySelector(".plot");
    this.legend = this.figure.querySelector(".legend");
    this.linked = spec.axis !== "latency";
    this.box.addEventListener("keydown", (event) => this.onKey(event));
    this.figure.querySelector("[data-download]").addEventListener("click", () => this.download());
    new ResizeObserver(() => this.resize()).observe(this.box);
    new IntersectionObserver(([entry]) => { this.inView = entry.isIntersecting; }, { rootMargin: "200px" }).observe(this.box);
  }

  // Draw anew, after any change of what is shown.
  draw() {
    this.plot?.destroy();
    this.plot = null;
    this.series = seriesOf(this.spec);
    this.box.replaceChildren();
    const filled = this.series.filter((one) => one.x.length);
    if (!filled.length) {
      const empty = this.box.appendChild(document.createElement("p"));
      empty.className = "empty";
      empty.textContent = this.series.length ? "No sample" : "Nothing to show: no run is switched on that has this";
      this.legend.replaceChildren();
      return;
    }
    this.series = filled;
    const points = uPlot.join(filled.map((one) => [one.x, one.y]));
    this.plot = new uPlot(this.options(), points, this.box);
    this.plot.over.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.fillLegend();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.box;
    if (this.plot && width && (width !== this.plot.width || height !== this.plot.height)) this.plot.setSize({ width, height });
  }

  showRange(min, max) {
    if (this.plot && this.linked) this.plot.setScale("x", { min, max });
  }

  options() {
    const axis = {
      stroke: themeColour("--quiet"), font: "12px system-ui, sans-serif", ticks: { show: false },
      grid: { stroke: themeColour("--line"), width: 1 },
    };
    return {
      width: this.box.clientWidth, height: this.box.clientHeight, padding: [10, 26, 0, 0],
      legend: { show: false },
      focus: { alpha: 0.35 },
      cursor: {
        y: false, focus: { prox: this.series.length > 1 ? 24 : -1 },
        drag: { x: this.linked, y: false, setScale: false },
        bind: { dblclick: () => () => this.zoom.all() },
        points: { size: 8 },
        sync: this.linked ? { key: together.key, scales: ["x", null], setSeries: false, filters: { pub: (type) => type.startsWith("mousem") || type === "mouseleave" } } : {},
      },
      scales: { x: this.xScale(), y: { range: (u, low, high) => this.yRange(low, high) } },
      axes: [this.xAxis(axis), { ...axis, size: this.box.clientWidth < 500 ? 66 : 78, space: 36, incrs: this.yTicks(), values: (u, splits) => axisLabels(splits, this.spec.unit) }],
      series: [{}, ...this.series.map((one) => this.style(one))],
      hooks: {
        drawClear: [(u) => drawMarks(u, this.spec)],
        setCursor: [() => this.showValues()],
        setSelect: [(u) => this.onSelect(u)],
      },
    };
  }

  xScale() {
    return this.linked ? { time: false, range: () => view.range ?? wholeRange() } : { time: false, distr: 3 };
  }

  xAxis(axis) {
    const common = { ...axis, size: 30, gap: 8, space: 76 };
    const decades = (u, splits) => splits.map((value) => (Number.isInteger(Math.log10(value)) ? value : null));
    if (!this.linked) return { ...common, space: 44, filter: decades, grid: { ...axis.grid, filter: decades }, values: (u, splits) => splits.map((value) => (value === null ? null : `${plain.format(value)} s`)) };
    if (view.axis === "payments") return { ...common, values: (u, splits) => splits.map((value) => whole.format(value)) };
    return { ...common, incrs: TIME_STEPS, values: (u, splits, index, space, step) => splits.map((value) => formatTick(value, step)) };
  }

  yTicks() {
    if (this.spec.unit === "bytes") return BYTE_TICKS;
    return this.spec.unit === "count" ? [1, 2, 5].flatMap((n) => [0, 1, 2, 3, 4, 5, 6, 7, 8].map((power) => n * 10 ** power)).sort((a, b) => a - b) : undefined;
  }

  yRange(low, high) {
    if (low === null || high === null) return [0, 1];
    if (this.spec.unit === "share") return [0, 1];
    const level = this.spec.hasLevel && !view.aligned;
    const floor = view.fromZero || !this.spec.hasLevel ? Math.min(low, 0) : low;
    const least = Math.max(SMALLEST_SPAN[this.spec.unit], level ? LEVEL_SHARE * Math.abs(high) : 0);
    const missing = Math.max(least - (high - floor), 0);
    const span = high - floor + missing;
    const bottom = floor - missing / 2 - 0.06 * span;
    // What can't be negative gets no axis below zero.
    return [low >= 0 && (bottom < 0 || floor === 0) ? 0 : bottom, high + missing / 2 + 0.08 * span];
  }

  style({ line, kind }) {
    const stroke = themeColour(`--colour-${line.colour % 8}`);
    const dash = DASHES[Math.floor(line.colour / 8) % 3];
    if (kind === "floors") return { stroke, width: 0, paths: () => null, points: { show: true, size: 6, width: 1.5, stroke: themeColour("--text"), fill: themeColour("--card") } };
    if (kind === "fit") return { stroke: themeColour("--text"), width: 2, dash: [7, 5], alpha: 0.9, points: { show: false } };
    const stepped = this.linked ? {} : { paths: uPlot.paths.stepped({ align: 1 }) };
    return { stroke, width: 1.6, dash, points: { show: line.t.length < 3, size: 7, fill: stroke }, ...stepped };
  }

  fillLegend() {
    this.values = [];
    this.legend.replaceChildren();
    this.series.forEach(({ line, kind }, index) => {
      if (kind !== "line") return;
      const item = this.legend.appendChild(document.createElement("li"));
      const swatch = item.appendChild(document.createElement("span"));
      swatch.className = `swatch colour-${line.colour % 8} dash-${Math.floor(line.colour / 8) % 3}`;
      const name = item.appendChild(document.createElement("bdi"));
      name.className = "name";
      name.textContent = name.title = line.name;
      const output = item.appendChild(document.createElement("output"));
      output.setAttribute("aria-live", "off");
      this.values.push({ index: index + 1, name: line.name, output });
    });
    this.showValues();
  }

  // The values at the cursor; without one, those at the end of what is shown.
  readings() {
    const { cursor, data: points } = this.plot;
    return this.values.map(({ index, name, output }) => {
      const series = points[index];
      let place = cursor.left >= 0 ? cursor.idxs[index] : null;
      if (cursor.left < 0) for (place = series.length - 1; place > 0 && series[place] == null;) place -= 1;
      return { name, output, text: formatValue(place === null ? null : series[place], this.spec.unit) };
    });
  }

  showValues() {
    if (!this.plot || !this.values) return;
    for (const { output, text } of this.readings()) output.textContent = text;
  }

  onSelect(plot) {
    const { left, width } = plot.select;
    if (width >= 6) this.zoom.to(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
    if (width) plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  }

  // The page scrolls as usual; with Ctrl or Command the wheel zooms, with Shift or sideways it moves along.
  onWheel(event) {
    if (!this.linked) return;
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom.by(Math.exp(event.deltaY / 300), this.plot.posToVal(event.offsetX, "x"));
    } else if (view.range && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
      event.preventDefault();
      this.zoom.along(sideways / this.plot.over.clientWidth);
    }
  }

  onKey(event) {
    if (!this.plot || event.altKey || event.ctrlKey || event.metaKey) return;
    const width = this.plot.over.clientWidth;
    const from = this.plot.cursor.left >= 0 ? this.plot.cursor.left : 0;
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const actions = {
      "+": () => this.linked && this.zoom.by(0.5, this.plot.posToVal(from || width / 2, "x")),
      "-": () => this.linked && this.zoom.by(2, this.plot.posToVal(from || width / 2, "x")),
      Escape: () => this.zoom.all(),
      Home: () => this.moveCursor(0),
      End: () => this.moveCursor(width - 1),
    };
    const action = direction
      ? () => (event.shiftKey ? this.zoom.along(direction / 10) : this.moveCursor(Math.min(Math.max(from + (direction * width) / KEY_STEPS, 0), width - 1)))
      : actions[event.key === "=" ? "+" : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  moveCursor(left) {
    this.plot.setCursor({ left, top: this.plot.over.clientHeight / 2 }, true, true);
    const where = formatPosition(this.plot.posToVal(left, "x"), this.linked ? view.axis : "latency");
    this.announce(`${where}: ${this.readings().map(({ name, text }) => `${name} ${text}`).join(", ")}`);
  }

  download() {
    const quoted = (text) => `"${String(text).replaceAll('"', '""')}"`;
    const rows = this.spec.lines.flatMap((line) => {
      const clock = data.runs[line.run].clock;
      return line.t.flatMap((t, index) => {
        if (line.y[index] === null) return [];
        const payments = clock && this.linked ? Math.floor(interpolated(t, clock.t, clock.payments)) : "";
        return [[quoted(data.runs[line.run].label), quoted(line.name), t, payments, line.y[index]].join(",")];
      });
    });
    const head = ["run", "series", this.linked ? "elapsed_sec" : "within_sec", "payments", this.spec.key].join(",");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${[head, ...rows].join("\r\n")}\r\n`], { type: "text/csv" }));
    link.download = `${this.spec.key}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
}
