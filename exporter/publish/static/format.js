// How figures are written: sizes in MiB as on the console, durations as h:mm:ss.

export const MIB = 1048576;

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function count(value) {
  return value == null ? "–" : whole.format(value);
}

export function size(bytes) {
  if (bytes == null) return "–";
  const mib = bytes / MIB;
  return `${mib.toFixed(Math.abs(mib) < 10 ? 2 : 1)} MiB`;
}

export function change(bytes) {
  const text = size(Math.abs(bytes));
  return `${bytes < 0 ? "−" : "+"}${text}`;
}

export function clock(seconds) {
  const sign = seconds < 0 ? "−" : "";
  const all = Math.floor(Math.abs(seconds));
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(all / 3600);
  const rest = `${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
  return `${sign}${hours ? `${hours}:` : ""}${rest}`;
}

export function span(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor(all / 60) % 60;
  if (hours) return `${hours} h ${minutes} min`;
  if (minutes >= 10) return `${minutes} min`;
  return minutes ? `${minutes} min ${all % 60} s` : `${all} s`;
}

export function seconds(value) {
  if (value == null) return "–";
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(value < 10 ? 1 : 0)} s`;
}

export function timeOfDay(text) {
  return new Date(text).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export function sentence(text) {
  const words = text.replace(/[_-]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function prose(text) {
  const stop = /[.!?…]$/.test(text) ? "" : ".";
  return text.charAt(0).toUpperCase() + text.slice(1) + stop;
}
