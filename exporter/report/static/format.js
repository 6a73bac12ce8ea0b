// How figures are written, on axes, in legends and aloud.

const NOTHING = "–";
const KIB = 1024;
const BYTE_STEPS = [["GiB", KIB ** 3], ["MiB", KIB ** 2], ["KiB", KIB]];
const TIME_STEPS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400,
  172800, 432000, 864000, 2592000,
];
const BYTE_TICKS = [
  ...[...Array(20).keys()].map((power) => 2 ** power),
  ...[KIB ** 2, KIB ** 3].flatMap((unit) => [1, 2, 4, 5, 10, 20, 25, 50, 100, 200, 250, 500].map((n) => n * unit)),
];
const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

function minus(text) {
  return text.replace("-", "−");
}

function formatBytes(value) {
  const [name, step] = BYTE_STEPS.find(([, size]) => Math.abs(value) >= size) ?? ["B", 1];
  const scaled = value / step;
  const digits = step === 1 || Math.abs(scaled) >= 1000 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2;
  return `${minus(scaled.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }))} ${name}`;
}

function formatValue(value, unit) {
  if (value == null) return NOTHING;
  if (unit === "bytes") return formatBytes(value);
  if (unit === "share") return `${plain.format(value * 100)} %`;
  return minus(plain.format(value));
}

function formatSeconds(seconds) {
  const all = Math.round(seconds * 10) / 10;
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor(all / 60) % 60;
  const rest = `${Math.round((all % 60) * 10) / 10} s`;
  if (hours) return `${hours} h ${minutes} min ${rest}`;
  return minutes ? `${minutes} min ${rest}` : rest;
}

// A time on an axis whose labels are `step` seconds apart.
function formatTick(seconds, step) {
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  if (seconds === 0) return "0";
  if (step >= 60) return hours ? `${hours} h${minutes ? ` ${two(minutes)}` : ""}` : `${minutes} min`;
  const rest = (seconds % 60).toFixed(step < 1 ? 1 : 0).padStart(step < 1 ? 4 : 2, "0");
  return `${hours ? `${hours}:${two(minutes)}` : minutes}:${rest}`;
}

function formatPosition(x, axis) {
  if (axis === "payments") return `after ${whole.format(x)} payments`;
  return axis === "latency" ? `within ${plain.format(x)} s` : `at ${formatSeconds(x)}`;
}

// One unit for a whole axis, so that its labels can be compared at a glance.
function axisLabels(splits, unit) {
  if (unit === "share") return splits.map((value) => `${plain.format(value * 100)} %`);
  if (unit !== "bytes") return splits.map((value) => minus(plain.format(value)));
  const largest = Math.max(...splits.map(Math.abs));
  const [name, step] = BYTE_STEPS.find(([, size]) => largest >= size) ?? ["B", 1];
  return splits.map((value) => `${minus(plain.format(value / step))} ${name}`);
}
