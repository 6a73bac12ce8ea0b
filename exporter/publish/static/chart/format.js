// How figures are written: on axes, in legends, in tables and aloud.

/** @typedef {"bytes" | "count" | "per minute" | "share"} Unit */

export const NOTHING = "–";
export const KIB = 1024;

/** @type {[string, number][]} */
const BYTE_UNITS = [
  ["GiB", KIB ** 3],
  ["MiB", KIB ** 2],
  ["KiB", KIB],
];
const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** @param {string} text */
function minus(text) {
  return text.replace("-", "−");
}

/** @param {number} value */
function twoDigits(value) {
  return String(value).padStart(2, "0");
}

/**
 * The largest unit that `bytes` fill, and its size.
 * @param {number} bytes
 * @returns {[string, number]}
 */
function byteUnit(bytes) {
  return BYTE_UNITS.find(([, size]) => Math.abs(bytes) >= size) ?? ["B", 1];
}

/** @param {number | null | undefined} value */
export function formatCount(value) {
  return value == null ? NOTHING : whole.format(value);
}

/** @param {number | null | undefined} value */
export function formatBytes(value) {
  if (value == null) return NOTHING;
  const [name, size] = byteUnit(value);
  const scaled = value / size;
  const digits = size === 1 || Math.abs(scaled) >= 1000 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2;
  const fixed = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${minus(scaled.toLocaleString("en", fixed))} ${name}`;
}

/** @param {number} bytes */
export function formatChange(bytes) {
  return bytes < 0 ? formatBytes(bytes) : `+${formatBytes(bytes)}`;
}

/**
 * @param {number | null | undefined} value
 * @param {Unit} unit
 */
export function formatValue(value, unit) {
  if (value == null) return NOTHING;
  if (unit === "bytes") return formatBytes(value);
  if (unit === "share") return `${plain.format(value * 100)} %`;
  return minus(plain.format(value));
}

/**
 * Values along an axis, all in one unit, so that they can be compared at a glance.
 * @param {number[]} values
 * @param {Unit} unit
 */
export function formatValues(values, unit) {
  if (unit !== "bytes") return values.map((value) => formatValue(value, unit));
  const [name, size] = byteUnit(Math.max(...values.map(Math.abs)));
  return values.map((value) => `${minus(plain.format(value / size))} ${name}`);
}

/**
 * A moment of the run, in seconds after its start, to a tenth.
 * @param {number} seconds
 * @returns {string}
 */
export function formatSeconds(seconds) {
  if (seconds < 0) return `−${formatSeconds(-seconds)}`;
  const all = Math.round(seconds * 10) / 10;
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor(all / 60) % 60;
  const rest = `${Math.round((all % 60) * 10) / 10} s`;
  if (hours) return `${hours} h ${minutes} min ${rest}`;
  return minutes ? `${minutes} min ${rest}` : rest;
}

/**
 * A time on an axis whose labels are `step` seconds apart.
 * @param {number} seconds
 * @param {number} step
 * @returns {string}
 */
export function formatTick(seconds, step) {
  if (seconds < 0) return `−${formatTick(-seconds, step)}`;
  if (seconds === 0) return "0";
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  if (step >= 60) return hours ? `${hours} h${minutes ? ` ${twoDigits(minutes)}` : ""}` : `${minutes} min`;
  const rest = (seconds % 60).toFixed(step < 1 ? 1 : 0).padStart(step < 1 ? 4 : 2, "0");
  return `${hours ? `${hours}:${twoDigits(minutes)}` : minutes}:${rest}`;
}

/**
 * Elapsed time as a clock shows it.
 * @param {number} seconds
 */
export function formatClock(seconds) {
  const sign = seconds < 0 ? "−" : "";
  const all = Math.floor(Math.abs(seconds));
  const hours = Math.floor(all / 3600);
  const rest = `${twoDigits(Math.floor(all / 60) % 60)}:${twoDigits(all % 60)}`;
  return `${sign}${hours ? `${hours}:` : ""}${rest}`;
}

/**
 * About how long something takes, without digits that nobody needs.
 * @param {number} seconds
 */
export function formatSpan(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor(all / 60) % 60;
  if (hours) return `${hours} h ${minutes} min`;
  if (minutes >= 10) return `${minutes} min`;
  return minutes ? `${minutes} min ${all % 60} s` : `${all} s`;
}

/** @param {number | null | undefined} seconds */
export function formatLatency(seconds) {
  if (seconds == null) return NOTHING;
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
}

/** @param {string} text RFC 3339 */
export function formatTimeOfDay(text) {
  return new Date(text).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/**
 * A name from a program as words.
 * @param {string} name
 */
export function asWords(name) {
  const words = name.replace(/[_-]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {string} text */
export function asSentence(text) {
  const stop = /[.!?…]$/.test(text) ? "" : ".";
  return text.charAt(0).toUpperCase() + text.slice(1) + stop;
}
