// Follows a run: asks for its state and for what is new of its history, every two seconds while somebody looks.

import { append, part } from "../chart/elements.js";
import { drawDetails, drawTiles, nameOfSdk } from "./figures.js";
import { drawTable, LiveCharts } from "./live_charts.js";
import { drawProgress, drawVerdict, setText } from "./progress.js";
import { merged } from "./run.js";

/** @import { History, Run } from "./run.js" */

const POLL_MS = 2000;
const SLOW_POLL_MS = 10000;
const PATIENCE_MS = 8000;
const PATIENT_FAILURES = 3; // after which the page asks less often

const charts = new LiveCharts((text) => {
  part(document, "#announcement").textContent = text;
});
const subjects = part(document, "#subjects");
/** @type {Map<string, History>} */
const histories = new Map();
/** @type {Run | null} */
let run = null;
let chosen = "";
let failures = 0;

/** @param {string} path */
async function ask(path) {
  const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function historyQuery() {
  const known = histories.get(chosen);
  const last = known?.columns.time.at(-1);
  return known && last !== undefined ? `?since=${last}&resolution=${known.resolution_seconds}` : "";
}

async function follow() {
  let answers = null;
  try {
    answers = await Promise.all([ask("/api/v1/run"), ask(`/api/v1/history${historyQuery()}`)]);
  } catch {
    failures += 1;
    drawLink("lost", run?.finished ? "exporter has ended" : "connection lost, trying again");
  }
  setTimeout(whenSeen, failures > PATIENT_FAILURES || run?.finished ? SLOW_POLL_MS : POLL_MS);
  if (answers) take(answers[0], answers[1].subjects);
}

function whenSeen() {
  if (document.hidden) document.addEventListener("visibilitychange", follow, { once: true });
  else follow();
}

/**
 * @param {Run} state
 * @param {Record<string, History>} news by subject
 */
function take(state, news) {
  failures = 0;
  run = state;
  chosen ||= Object.keys(run.subjects)[0];
  for (const [name, fresh] of Object.entries(news)) histories.set(name, merged(histories.get(name), fresh));
  drawSubjects(Object.keys(run.subjects));
  draw();
  const link = run.finished ? "ended" : "live";
  drawLink(link, link);
}

/**
 * @param {"lost" | "ended" | "live"} state
 * @param {string} text
 */
function drawLink(state, text) {
  part(document, "#link").dataset.state = state;
  setText("#link-text", text);
}

/** @param {string[]} names */
function drawSubjects(names) {
  subjects.hidden = names.length < 2;
  if (subjects.childElementCount === names.length) return;
  subjects.replaceChildren();
  for (const name of names) {
    const button = append(subjects, "button", name);
    button.type = "button";
    button.addEventListener("click", () => {
      chosen = name;
      draw();
    });
  }
}

function draw() {
  const subject = run?.subjects[chosen];
  if (!run || !subject) return;
  const history = histories.get(chosen);
  for (const button of subjects.children) button.setAttribute("aria-pressed", String(button.textContent === chosen));
  setText("#name", run.name);
  setText("#what", nameOfSdk(subject) || `driver ${chosen}`);
  setText("#version", `memtest-exporter ${run.version}`);
  drawVerdict(run);
  drawProgress(run, subject);
  if (history) charts.follow(run, history);
  drawTableWhenOpen();
  drawTiles(run, subject, history);
  drawDetails(run, subject);
}

function drawTableWhenOpen() {
  const history = histories.get(chosen);
  const isOpen = part(document, "#table-details").hasAttribute("open");
  if (run && history && isOpen) drawTable(part(document, "#table"), run, history);
}

part(document, "#from-zero").addEventListener("change", ({ target }) => {
  charts.startMemoryAtZero(target instanceof HTMLInputElement && target.checked);
});
part(document, "#table-details").addEventListener("toggle", drawTableWhenOpen);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.redraw());
follow();
