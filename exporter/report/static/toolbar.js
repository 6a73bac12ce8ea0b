// The controls above the charts: what is shown, and which part of the run.

const SMALLEST_SHARE = 0.0005; // of the whole run, to zoom into

class Zoom {
  constructor(apply) {
    this.apply = apply;
    this.buttons = [...document.querySelectorAll("[data-zoom]")];
    const actions = {
      in: () => this.by(0.5), out: () => this.by(2), left: () => this.along(-0.5), right: () => this.along(0.5), all: () => this.all(),
    };
    for (const button of this.buttons) button.addEventListener("click", actions[button.dataset.zoom]);
  }

  all() {
    this.set(null);
  }

  to(low, high) {
    const [first, last] = wholeRange();
    const span = Math.min(Math.max(high - low, (last - first) * SMALLEST_SHARE), last - first);
    const start = Math.min(Math.max(low, first), last - span);
    this.set(span >= last - first ? null : [start, start + span]);
  }

  by(factor, centre) {
    const [low, high] = view.range ?? wholeRange();
    const middle = centre ?? (low + high) / 2;
    this.to(middle - (middle - low) * factor, middle + (high - middle) * factor);
  }

  along(share) {
    if (!view.range) return;
    const [low, high] = view.range;
    const [first, last] = wholeRange();
    const step = Math.min(Math.max(share * (high - low), first - low), last - high);
    this.set([low + step, high + step]);
  }

  set(range) {
    view.range = range;
    for (const button of this.buttons) button.disabled = range === null && button.dataset.zoom !== "in";
    this.apply();
  }
}

function readToolbar(form) {
  const chosen = new FormData(form);
  const axis = chosen.get("axis") ?? "time";
  // A range along one axis means nothing on the other.
  if (axis !== view.axis) view.range = null;
  view.axis = axis;
  view.aligned = chosen.get("level") === "aligned";
  view.fromZero = chosen.has("zero");
  view.fits = chosen.has("fits");
  view.marks = chosen.has("marks");
  const shown = new Set(chosen.getAll("run").map(Number));
  view.hidden = new Set(data.runs.length > 1 ? data.runs.map((_, index) => index).filter((index) => !shown.has(index)) : []);
}
