// What the exporter answers about its run, and what has been gathered of its history.

/**
 * @typedef {object} Latency
 * @property {number} count
 * @property {number | null} p50 seconds
 * @property {number | null} p95 seconds
 */

/**
 * @typedef {object} Load
 * @property {Record<string, number>} payments by rail
 * @property {Record<string, number>} failures by rail
 * @property {Record<string, number>} expected_failures
 * @property {Record<string, number>} step_failures
 * @property {Record<string, Latency>} latency_seconds by rail
 * @property {number} missed_slots
 * @property {number} reconnects
 * @property {number} abandoned_instances
 * @property {number} refunds
 * @property {number} settles
 * @property {Record<string, number>} sdk_events
 * @property {number | null} instance_heap_bytes
 * @property {number | null} listeners
 * @property {number | null} instances
 * @property {Record<string, number>} balances_sats by wallet
 */

/**
 * @typedef {object} Subject
 * @property {string} sdk
 * @property {string} sdk_version
 * @property {string} language
 * @property {number | null} pid
 * @property {string} phase
 * @property {number | null} load_phase
 * @property {number | null} resident_memory_bytes
 * @property {number | null} threads
 * @property {number | null} open_fds
 * @property {Record<string, number>} heap_bytes by heap
 * @property {number | null} heap_allocated_bytes all of them, as the CSV has it
 * @property {number} samples_written
 * @property {number} csv_errors
 * @property {Load} load
 */

/**
 * The answer of /api/v1/run.
 * @typedef {object} Run
 * @property {string} name
 * @property {string} version
 * @property {Record<string, string>} settings
 * @property {string} started_at RFC 3339
 * @property {string | null} load_started_at RFC 3339
 * @property {number} duration_seconds
 * @property {number} elapsed_seconds
 * @property {boolean} finished
 * @property {string | null} verdict
 * @property {string | null} verdict_reason
 * @property {Record<string, Subject>} subjects by name
 */

/** @typedef {(number | null)[]} Column */

/**
 * A subject's part of the answer of /api/v1/history; all columns are of one length.
 * @typedef {object} History
 * @property {number} resolution_seconds
 * @property {{ time: number[], payments: number[], failures: number[] } & Record<string, Column>} columns
 */

/**
 * What is known, with what is new. The last point of what is known may have changed since; what comes starts with it.
 * @param {History | undefined} known
 * @param {History} fresh
 * @returns {History}
 */
export function merged(known, fresh) {
  const first = fresh.columns.time.at(0);
  if (!known || known.resolution_seconds !== fresh.resolution_seconds) return fresh;
  if (first === undefined) return known;
  const keep = known.columns.time.findIndex((time) => time >= first);
  const kept = keep < 0 ? known.columns.time.length : keep;
  const names = Object.keys(fresh.columns);
  const columns = names.map((name) => [name, [...known.columns[name].slice(0, kept), ...fresh.columns[name]]]);
  return { ...fresh, columns: Object.fromEntries(columns) };
}

/**
 * Events a minute, to a tenth. The rate at each point is taken over half a minute before it, or over four steps where
 * they are longer.
 * @param {number[]} times
 * @param {number[]} totals
 * @param {number} step
 */
export function rates(times, totals, step) {
  const window = Math.max(30, 4 * step);
  let from = 0;
  return times.map((time, i) => {
    while (times[from] < time - window) from += 1;
    return i === from ? null : Math.round(((totals[i] - totals[from]) / (time - times[from])) * 600) / 10;
  });
}

/**
 * When the load began, or else the run, in seconds since the epoch.
 * @param {Run} run
 */
export function loadBegan(run) {
  return Date.parse(run.load_started_at ?? run.started_at) / 1000;
}

/**
 * @param {History | undefined} history
 * @param {string} column
 */
export function lastSeen(history, column) {
  return history?.columns[column].findLast((value) => value != null) ?? null;
}

/**
 * How much more there is than when the load began.
 * @param {Run} run
 * @param {History | undefined} history
 * @param {string} column
 */
export function growth(run, history, column) {
  if (!history || !run.load_started_at) return null;
  const { time } = history.columns;
  const began = loadBegan(run);
  const first = history.columns[column].find((value, i) => value != null && time[i] >= began);
  const last = lastSeen(history, column);
  return first == null || last == null ? null : last - first;
}

/** @param {Record<string, number>} values */
export function sum(values) {
  return Object.values(values).reduce((total, value) => total + value, 0);
}
