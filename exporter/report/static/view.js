// What the reader has chosen to see, and the points of a chart as that choice asks for.

const data = JSON.parse(document.getElementById("data").textContent);
const view = { axis: "time", aligned: false, fromZero: false, fits: false, marks: false, hidden: new Set(), range: null };

// Where `x` lies on a rising list `from`, mapped to `to` in proportion; held at the ends.
function interpolated(x, from, to) {
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

// Seconds of a run as the chosen axis has them.
function positions(run, seconds) {
  if (view.axis === "time") return seconds;
  const { t, payments } = data.runs[run].clock;
  return seconds.map((second) => interpolated(second, t, payments));
}

function isShown(run) {
  return !view.hidden.has(run) && (view.axis === "time" || data.runs[run].clock !== null);
}

function startOf(line) {
  return line.y.find((value) => value !== null) ?? 0;
}

// The series of a chart: [{line, kind: "line" | "floors" | "fit", x, y}], hidden runs left out.
function seriesOf(chart) {
  const found = [];
  for (const line of chart.lines) {
    if (chart.axis === "latency" ? view.hidden.has(line.run) : !isShown(line.run)) continue;
    const start = view.aligned && chart.hasLevel ? startOf(line) : 0;
    const shifted = (y) => (start ? y.map((value) => (value === null ? null : value - start)) : y);
    const placed = (t) => (chart.axis === "latency" ? t : positions(line.run, t));
    found.push({ line, kind: "line", x: placed(line.t), y: shifted(line.y) });
    if (view.fits && line.fit) {
      found.push({ line, kind: "floors", x: placed(line.floors.t), y: shifted(line.floors.y) });
      found.push({ line, kind: "fit", x: placed(line.fit.t), y: shifted(line.fit.y) });
    }
  }
  return found;
}

// From one end of what is shown to the other, over all charts along the run.
function wholeRange() {
  let low = Infinity;
  let high = -Infinity;
  data.runs.forEach((run, index) => {
    if (!isShown(index)) return;
    for (const chart of data.charts) {
      if (chart.axis === "latency") continue;
      for (const line of chart.lines) {
        if (line.run !== index || !line.t.length) continue;
        const [first, last] = positions(index, [line.t[0], line.t[line.t.length - 1]]);
        low = Math.min(low, first);
        high = Math.max(high, last);
      }
    }
  });
  if (low > high) return [0, 1];
  if (low > 0 && low < 0.02 * high) low = 0;
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}
