// Puts the report's page together: charts, toolbar, theme, print.

import { part } from "../chart/elements.js";
import { listPhases } from "./marks.js";
import { ReportChart } from "./report_chart.js";
import { data, readToolbar, view, wholeRange } from "./view.js";
import { Zoom } from "./zoom.js";

const REST_MS = 150;

function start() {
  const announcement = part(document, "#announcement");
  /** @param {string} text */
  const announce = (text) => {
    announcement.textContent = text;
  };
  /** @type {ReportChart[]} */
  const charts = [];
  const zoom = new Zoom(follower(charts));
  for (const spec of data.charts) charts.push(new ReportChart(spec, { zoom, announce }));
  const redraw = () => {
    for (const chart of charts) chart.redraw();
  };
  const form = document.querySelector("form");
  const choose = () => {
    if (!form) return;
    readToolbar(form);
    zoom.set(view.range);
    listPhases();
    redraw();
  };
  form?.addEventListener("change", choose);
  choose();
  setUpTheme(redraw);
  setUpPrint(redraw);
}

/**
 * Applies a new range: at once, frame by frame, to the charts in view, and to the others when it has come to rest.
 * @param {ReportChart[]} charts
 */
function follower(charts) {
  let frame = 0;
  let rest = 0;
  /** @param {(chart: ReportChart) => boolean} wanted */
  const show = (wanted) => {
    const [min, max] = view.range ?? wholeRange();
    for (const chart of charts) if (wanted(chart)) chart.showRange(min, max);
  };
  return () => {
    if (frame === 0) {
      frame = requestAnimationFrame(() => {
        frame = 0;
        show((chart) => chart.inView);
      });
    }
    clearTimeout(rest);
    rest = setTimeout(show, REST_MS, () => true);
  };
}

/** @param {() => void} redraw */
function setUpTheme(redraw) {
  const root = document.documentElement;
  const button = part(document, "#theme");
  button.addEventListener("click", () => {
    const light = root.dataset.theme !== "light";
    root.dataset.theme = light ? "light" : "dark";
    button.textContent = light ? "Dark" : "Light";
    redraw();
  });
}

/**
 * Paper is white and has a width of its own.
 * @param {() => void} redraw
 */
function setUpPrint(redraw) {
  const root = document.documentElement;
  /** @type {string | undefined} */
  let theme;
  matchMedia("print").addEventListener("change", ({ matches }) => {
    if (matches) {
      theme = root.dataset.theme;
      root.dataset.theme = "light";
    } else if (theme) {
      root.dataset.theme = theme;
    }
    // Paper can't be unfolded.
    for (const details of document.querySelectorAll("details")) {
      if (details.classList.contains("settings")) details.open = matches;
    }
    redraw();
  });
}

start();
