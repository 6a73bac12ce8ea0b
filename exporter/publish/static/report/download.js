// The data of a chart as a CSV file.

import { data, interpolated } from "./view.js";

/** @import { ChartSpec, Line } from "./view.js" */

const REVOKE_MS = 10000;

/** @param {ChartSpec} spec */
export function download(spec) {
  const isLatency = spec.axis === "latency";
  const head = ["run", "series", isLatency ? "within_sec" : "elapsed_sec", "payments", spec.key].join(",");
  const rows = spec.lines.flatMap((line) => rowsOf(line, isLatency));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${[head, ...rows].join("\r\n")}\r\n`], { type: "text/csv" }));
  link.download = `${spec.key}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_MS);
}

/**
 * @param {Line} line
 * @param {boolean} isLatency
 */
function rowsOf(line, isLatency) {
  const { label, clock } = data.runs[line.run];
  return line.t.flatMap((t, index) => {
    const value = line.y[index];
    if (value === null) return [];
    const payments = clock && !isLatency ? Math.floor(interpolated(t, clock.t, clock.payments)) : "";
    return [[quoted(label), quoted(line.name), t, payments, value].join(",")];
  });
}

/** @param {string} text */
function quoted(text) {
  return `"${text.replaceAll('"', '""')}"`;
}
