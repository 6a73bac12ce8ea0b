// The verdict so far, and how far the run has come.

import { part } from "../chart/elements.js";
import { asSentence, asWords, formatClock, formatSpan, formatTimeOfDay } from "../chart/format.js";

/** @import { Run, Subject } from "./run.js" */

/** @type {Record<string, string>} */
const VERDICTS = { leak: "Leak", no_leak: "No leak", inconclusive: "Inconclusive" };
/** @type {Record<string, string>} */
const PHASES = {
  starting: "Starting",
  connecting: "Connecting wallets",
  funding: "Funding wallets",
  running: "Under load",
  stopping: "Stopping",
  stopped: "Stopped",
};
const TOO_EARLY = "The run has to go on for a while before anything can be said.";

/**
 * Sets a text where it has changed: only then is it read aloud.
 * @param {string} selector
 * @param {string} text
 */
export function setText(selector, text) {
  const element = part(document, selector);
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Run} run */
export function drawVerdict(run) {
  const verdict = run.verdict ? run.verdict.replace(" ", "_") : "none";
  part(document, "#verdict").dataset.verdict = verdict;
  setText("#verdict-text", VERDICTS[verdict] ?? "No verdict yet");
  setText("#verdict-reason", run.verdict_reason ? asSentence(run.verdict_reason) : run.verdict ? "" : TOO_EARLY);
  document.title = [VERDICTS[verdict], run.name].filter(Boolean).join(" · ");
}

/**
 * @param {Run} run
 * @param {Subject} subject
 */
export function drawProgress(run, subject) {
  const { elapsed_seconds: elapsed, duration_seconds: duration, finished, load_started_at: began } = run;
  const left = duration - elapsed;
  const bar = part(document, "#progress");
  if (bar instanceof HTMLProgressElement) bar.value = finished ? 1 : Math.min(1, elapsed / duration);
  setText("#phase", finished ? "Finished" : phaseOf(subject));
  setText("#left", finished || !began ? "" : left > 0 ? `${formatSpan(left)} left` : "ending");
  setText(
    "#elapsed",
    began ? `${formatClock(elapsed)} of ${formatClock(duration)}` : `${formatSpan(duration)} planned`,
  );
  setText(
    "#since",
    began ? `under load since ${formatTimeOfDay(began)}` : `started at ${formatTimeOfDay(run.started_at)}`,
  );
}

/** @param {Subject} subject */
function phaseOf({ phase, load_phase: number }) {
  const text = PHASES[phase] ?? asWords(phase);
  if (phase !== "running" || number == null) return text;
  return number ? `${text}, phase ${number}` : `${text}, warming up`;
}
