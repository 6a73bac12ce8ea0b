"""Print the reference of metrics, ``docs/metrics.md``, from their table."""

from exporter.publish.metrics import TABLE


def reference() -> str:
    """Return the page as Markdown."""
    rows = [
        f"| `{metric.name}` | {metric.kind} | {metric.unit or '-'} "
        f"| {', '.join(f'`{label}`' for label in metric.labels) or '-'} | {metric.help} |"
        for metric in TABLE
    ]
    return "\n".join([_HEAD, *rows, _TAIL])


_HEAD = """# Metrics

Look up what a metric means, its type, unit and labels. `make docs` makes this page from the table of metrics.

A counter stays when its subject is gone, a gauge vanishes. The states of a state set are the values of a label
that has the metric's own name: `memtest_verdict{memtest_verdict="leak"} 1`. Settings are labels of
`memtest_run_info` only; join them with `* on (instance) group_left (run) memtest_run_info`.

| Name | Kind | Unit | Labels | Meaning |
|---|---|---|---|---|"""

_TAIL = """
The exporter's own process is published under the usual names: `process_resident_memory_bytes`,
`process_virtual_memory_bytes`, `process_cpu_seconds_total`, `process_open_fds`, `process_max_fds`,
`process_start_time_seconds`."""

if __name__ == "__main__":
    print(reference())
