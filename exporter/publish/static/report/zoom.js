// Which part of the run is shown, and the buttons for it.

import { view, wholeRange } from "./view.js";

/** @import { Range } from "./view.js" */

const SMALLEST_SHARE = 0.0005; // of the whole run, to zoom into

export class Zoom {
  /** @param {() => void} apply shows the range that was chosen */
  constructor(apply) {
    this.apply = apply;
    /** @type {HTMLButtonElement[]} */
    this.buttons = [...document.querySelectorAll(/** @type {"button"} */ ("[data-zoom]"))];
    /** @type {Record<string, () => void>} */
    const actions = {
      in: () => this.by(0.5),
      out: () => this.by(2),
      left: () => this.along(-0.5),
      right: () => this.along(0.5),
      all: () => this.all(),
    };
    for (const button of this.buttons) button.addEventListener("click", actions[button.dataset.zoom ?? "all"]);
  }

  all() {
    this.set(null);
  }

  /**
   * @param {number} low
   * @param {number} high
   */
  to(low, high) {
    const [first, last] = wholeRange();
    const span = Math.min(Math.max(high - low, (last - first) * SMALLEST_SHARE), last - first);
    const start = Math.min(Math.max(low, first), last - span);
    this.set(span >= last - first ? null : [start, start + span]);
  }

  /**
   * @param {number} factor by which more is shown
   * @param {number} [centre] what stays in its place
   */
  by(factor, centre) {
    const [low, high] = view.range ?? wholeRange();
    const middle = centre ?? (low + high) / 2;
    this.to(middle - (middle - low) * factor, middle + (high - middle) * factor);
  }

  /** @param {number} share of what is shown, to move along */
  along(share) {
    if (!view.range) return;
    const [low, high] = view.range;
    const [first, last] = wholeRange();
    const step = Math.min(Math.max(share * (high - low), first - low), last - high);
    this.set([low + step, high + step]);
  }

  /** @param {Range | null} range */
  set(range) {
    view.range = range;
    for (const button of this.buttons) button.disabled = range === null && button.dataset.zoom !== "in";
    this.apply();
  }
}
