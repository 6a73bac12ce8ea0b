// Follows a run: asks for its state and for what is new of its history, every two seconds while somebody looks.

import { Chart } from "./charts.js";
import { MIB, change, clock, count, prose, seconds, sentence, size, span, timeOfDay } from "./format.js";

const POLL_MS = 2000;
const SLOW_POLL_MS = 10000;
const TABLE_ROWS = 20;
const VERDICTS = { leak: "Leak", no_leak: "No leak", inconclusive: "Inconclusive" };
const PHASES = {
  starting: "Starting", connecting: "Connecting wallets", funding: "Funding wallets", running: "Under load",
  stopping: "Stopping", stopped: "Stopped",
};

const $ = (id) => document.getElementById(id);
const histories = new Map();
let run = null;
let chosen = null;
let failures = 0;

const announce = (text) => { $("announcement").textContent = text; };
const mib = (value) => (value == null ? "–" : size(value * MIB));
const perMinute = (value) => (value == null ? "–" : `${value.toFixed(value && value < 10 ? 1 : 0)}/min`);
const charts = {
  rss: new Chart($("chart-rss"), {
    title: "Resident memory", unit: " MiB", least: 2, announce,
    series: [{ mark: "rss", label: "Resident", format: mib, band: true }],
  }),
  heap: new Chart($("chart-heap"), {
    title: "Heap", unit: " MiB", least: 1, announce,
    series: [
      { mark: "heap", label: "In use", format: mib, band: true },
      { mark: "settled", label: "At rest", format: mib, dots: true },
    ],
  }),
  payments: new Chart($("chart-payments"), {
    title: "Payments per minute", unit: "", least: 1, fromZero: true, announce,
    series: [
      { mark: "pay", label: "Succeeded", format: perMinute, fill: true },
      { mark: "fail", label: "Failed", format: perMinute, fill: true },
    ],
  }),
};

async function ask(path) {
  const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(8000) });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function historyQuery() {
  const known = histories.get(chosen);
  if (!known || !known.columns.time.length) return "";
  return `?since=${known.columns.time.at(-1)}&resolution=${known.resolution_seconds}`;
}

// The last point of what is known may have changed since; what comes starts with it.
function merge(known, fresh) {
  const first = fresh.columns.time[0];
  if (!known || known.resolution_seconds !== fresh.resolution_seconds) return fresh;
  if (first === undefined) return known;
  const keep = known.columns.time.findIndex((time) => time >= first);
  const kept = keep < 0 ? known.columns.time.length : keep;
  const columns = {};
  for (const [name, values] of Object.entries(fresh.columns)) {
    columns[name] = [...known.columns[name].slice(0, kept), ...values];
  }
  return { ...fresh, columns };
}

// The rate at each point is taken over half a minute before it, or over four steps where they are longer.
function rates(times, totals, step) {
  const window = Math.max(30, 4 * step);
  let from = 0;
  return times.map((time, i) => {
    while (times[from] < time - window) from += 1;
    return i === from ? null : ((totals[i] - totals[from]) / (time - times[from])) * 60;
  });
}

function loadBegan() {
  return Date.parse(run.load_started_at ?? run.started_at) / 1000;
}

function drawCharts() {
  const history = histories.get(chosen);
  if (!history) return;
  const { columns, resolution_seconds: step } = history;
  const x = columns.time.map((time) => time - loadBegan());
  const scaled = (name) => columns[name].map((value) => (value == null ? null : value / MIB));
  const level = (name) => [scaled(`${name}_bytes`), scaled(`${name}_lowest_bytes`), scaled(`${name}_highest_bytes`)];
  charts.rss.show([x, ...level("rss")]);
  charts.heap.show([x, ...level("heap"), scaled("settled_heap_bytes")]);
  charts.payments.show([x, rates(columns.time, columns.payments, step), rates(columns.time, columns.failures, step)]);
  if ($("table-details").open) drawTable(x, columns);
}

function drawTable(x, columns) {
  const every = Math.max(1, Math.ceil(x.length / TABLE_ROWS));
  const rows = [];
  for (let i = x.length - 1; i >= 0; i -= every) {
    const cells = [clock(x[i]), size(columns.rss_bytes[i]), size(columns.heap_bytes[i]), count(columns.payments[i]), count(columns.failures[i])];
    const row = document.createElement("tr");
    cells.forEach((text) => { row.appendChild(document.createElement("td")).textContent = text; });
    rows.push(row);
  }
  $("table").replaceChildren(...rows);
}

function lastSeen(column) {
  return histories.get(chosen)?.columns[column].findLast((value) => value != null) ?? null;
}

function growth(column) {
  const history = histories.get(chosen);
  if (!history || !run.load_started_at) return null;
  const { time } = history.columns;
  const first = history.columns[column].find((value, i) => value != null && time[i] >= loadBegan());
  const last = lastSeen(column);
  return first == null || last == null ? null : last - first;
}

const sum = (values) => Object.values(values).reduce((total, value) => total + value, 0);

function tile(name, value, note, { mark, alarm } = {}) {
  const box = document.createElement("div");
  box.className = "tile";
  const term = box.appendChild(document.createElement("dt"));
  term.textContent = name;
  if (mark) term.dataset.mark = mark;
  const figure = box.appendChild(document.createElement("dd"));
  figure.className = alarm ? "value alarm" : "value";
  const [number, ...unit] = value.split(" ");
  figure.textContent = number;
  if (unit.length) figure.appendChild(document.createElement("small")).textContent = ` ${unit.join(" ")}`;
  const remark = box.appendChild(document.createElement("dd"));
  remark.className = "note";
  remark.textContent = note;
  return box;
}

function drawTiles(subject) {
  const { load } = subject;
  const paid = sum(load.payments);
  const failed = sum(load.failures);
  // What has ended has no memory any more: then the last that was seen of it is shown.
  const resident = subject.resident_memory_bytes ?? lastSeen("rss_bytes");
  const heap = subject.heap_allocated_bytes ?? lastSeen("heap_bytes");
  const since = (column) => { const more = growth(column); return more == null ? "" : `${change(more)} under load`; };
  const rail = Object.entries(load.latency_seconds).sort(([, a], [, b]) => b.count - a.count)[0];
  const latency = rail && rail[1].count ? rail[1] : null;
  const share = paid + failed ? `${((100 * failed) / (paid + failed)).toFixed(failed ? 1 : 0)} % of payments` : "";
  $("tiles").replaceChildren(
    tile("Resident memory", size(resident), since("rss_bytes"), { mark: "rss" }),
    tile("Heap in use", size(heap), since("heap_bytes"), { mark: "heap" }),
    tile("Payments", count(paid), Object.entries(load.payments).map(([name, n]) => `${count(n)} ${name}`).join(", "), { mark: "pay" }),
    tile("Failures", count(failed), share, { mark: "fail", alarm: failed > 0 }),
    tile("Latency, median", seconds(latency?.p50), latency ? `95 % within ${seconds(latency.p95)}` : ""),
    tile("Threads", count(subject.threads), subject.open_fds == null ? "" : `${count(subject.open_fds)} descriptors open`),
  );
}

function pairs(list, entries) {
  list.replaceChildren(...entries.map(([name, value]) => {
    const row = document.createElement("div");
    row.appendChild(document.createElement("dt")).textContent = name;
    row.appendChild(document.createElement("dd")).textContent = value;
    return row;
  }));
}

function drawDetails(subject) {
  const { load } = subject;
  pairs($("load"), [
    ["Missed slots", count(load.missed_slots)], ["Reconnects", count(load.reconnects)],
    ["Abandoned instances", count(load.abandoned_instances)], ["Brought to rest", count(load.settles)],
    ["Refunds", count(load.refunds)], ["Steps that failed", count(sum(load.step_failures))],
    ["Failures on purpose", count(sum(load.expected_failures))],
    ["Samples written", count(subject.samples_written)], ["Samples lost", count(subject.csv_errors)],
    ...Object.entries(load.balances_sats).map(([wallet, sats]) => [`Balance of ${wallet}`, `${count(sats)} sat`]),
  ]);
  pairs($("sdk"), [
    ["Version", [subject.sdk, subject.sdk_version].filter(Boolean).join(" ") || "–"], ["Language", subject.language || "–"],
    ["Process", subject.pid ?? "ended"], ["Instances", count(load.instances)], ["Listeners", count(load.listeners)],
    ...(load.instance_heap_bytes == null ? [] : [["One more instance takes", size(load.instance_heap_bytes)]]),
    ...Object.entries(subject.heap_bytes).map(([heap, bytes]) => [`Heap: ${heap}`, size(bytes)]),
    ...Object.entries(load.sdk_events).map(([event, n]) => [sentence(event), count(n)]),
  ]);
  pairs($("settings"), Object.entries(run.settings).map(([name, value]) => [sentence(name), value]));
}

function drawVerdict() {
  const verdict = run.verdict ? run.verdict.replace(" ", "_") : "none";
  const box = $("verdict");
  // Only a change is worth announcing.
  if (box.dataset.verdict !== verdict) $("verdict-text").textContent = VERDICTS[verdict] ?? "No verdict yet";
  box.dataset.verdict = verdict;
  const reason = run.verdict_reason ? prose(run.verdict_reason) : (run.verdict ? "" : "The run has to go on for a while before anything can be said.");
  if ($("verdict-reason").textContent !== reason) $("verdict-reason").textContent = reason;
  document.title = [VERDICTS[verdict], run.name].filter(Boolean).join(" · ");
}

function phaseOf({ phase, load_phase: number }) {
  const text = PHASES[phase] ?? sentence(phase);
  if (phase !== "running" || number == null) return text;
  return number ? `${text}, phase ${number}` : `${text}, warming up`;
}

function drawProgress(subject) {
  const { elapsed_seconds: elapsed, duration_seconds: duration, finished } = run;
  const left = duration - elapsed;
  $("phase").textContent = finished ? "Finished" : phaseOf(subject);
  $("progress").value = finished ? 1 : Math.min(1, elapsed / duration);
  $("left").textContent = finished || !run.load_started_at ? "" : left > 0 ? `${span(left)} left` : "ending";
  $("elapsed").textContent = run.load_started_at ? `${clock(elapsed)} of ${clock(duration)}` : `${span(duration)} planned`;
  $("since").textContent = run.load_started_at ? `under load since ${timeOfDay(run.load_started_at)}` : `started at ${timeOfDay(run.started_at)}`;
}

function drawSubjects() {
  const names = Object.keys(run.subjects);
  $("subjects").hidden = names.length < 2;
  if ($("subjects").childElementCount === names.length) return;
  $("subjects").replaceChildren(...names.map((name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => { chosen = name; draw(); });
    return button;
  }));
}

function draw() {
  const subject = run.subjects[chosen];
  for (const button of $("subjects").children) button.setAttribute("aria-pressed", String(button.textContent === chosen));
  $("name").textContent = run.name;
  $("what").textContent = [subject.sdk, subject.sdk_version].filter(Boolean).join(" ") || `driver ${chosen}`;
  $("version").textContent = `memtest-exporter ${run.version}`;
  drawVerdict();
  drawProgress(subject);
  drawCharts();
  drawTiles(subject);
  drawDetails(subject);
}

function drawLink(state, text) {
  $("link").dataset.state = state;
  if ($("link-text").textContent !== text) $("link-text").textContent = text;
}

async function follow() {
  let answers = null;
  try {
    answers = await Promise.all([ask("/api/v1/run"), ask(`/api/v1/history${historyQuery()}`)]);
  } catch {
    failures += 1;
    drawLink("lost", run?.finished ? "exporter has ended" : "connection lost, trying again");
  }
  setTimeout(whenSeen, failures > 3 || run?.finished ? SLOW_POLL_MS : POLL_MS);
  if (answers) take(...answers);
}

function take(state, history) {
  failures = 0;
  run = state;
  chosen ??= Object.keys(run.subjects)[0];
  for (const [name, fresh] of Object.entries(history.subjects)) histories.set(name, merge(histories.get(name), fresh));
  drawSubjects();
  draw();
  drawLink(run.finished ? "ended" : "live", run.finished ? "ended" : "live");
}

function whenSeen() {
  if (document.hidden) document.addEventListener("visibilitychange", follow, { once: true });
  else follow();
}

$("from-zero").addEventListener("change", (event) => {
  for (const chart of [charts.rss, charts.heap]) chart.rebuild(event.target.checked);
});
$("table-details").addEventListener("toggle", () => { if (run) drawCharts(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const chart of Object.values(charts)) chart.rebuild();
});
follow();
