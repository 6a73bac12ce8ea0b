"""PromQL for the panels, made of the metrics that the exporter publishes and of the rules that Prometheus records.

A name that is neither fails here, so that no panel can ask for what nobody provides.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from exporter.publish.metric_types import Metric
from exporter.publish.metrics import TABLE
from exporter.record.terms import Phase

RULES = Path(__file__).parents[2] / "grafana" / "prometheus" / "rules"

TARGET = 'job=~"$job", instance=~"$instance"'
SUBJECT = TARGET + ', driver=~"$driver"'
RATE = "$__rate_interval"

_METRICS = {metric.name: metric for metric in TABLE}
_OF_PROMETHEUS = ("up", "scrape_duration_seconds", "ALERTS")
_OF_THE_PROCESS = ("process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds")


@cache
def rules() -> tuple[dict[str, Any], ...]:
    """Return every recording rule and alert."""
    documents = [yaml.safe_load(path.read_text()) for path in sorted(RULES.glob("*.yml"))]
    return tuple(rule for document in documents for group in document["groups"] for rule in group["rules"])


def metric(name: str) -> Metric[Any]:
    """Return the table's row; raises KeyError for a name that the exporter does not publish."""
    return _METRICS[name]


def select(name: str, *matchers: str) -> str:
    """Return the selector of the chosen subjects' series; raises KeyError for a name that nobody provides."""
    if name in _OF_PROMETHEUS or name in _OF_THE_PROCESS:
        chosen = TARGET
    elif name.startswith("driver:"):
        if name not in {rule.get("record") for rule in rules()}:
            raise KeyError(name)
        chosen = SUBJECT
    else:
        chosen = SUBJECT if "driver" in metric(name.removesuffix("_bucket")).labels else TARGET
    return f"{name}{{{', '.join((chosen, *matchers))}}}"


def rate(name: str, *matchers: str, over: str = RATE) -> str:
    return f"rate({select(name, *matchers)}[{over}])"


def of_run(expression: str, run: str = "$run", offset: str = "", labels: Sequence[str] = (), more: str = "") -> str:
    """Keep what belongs to the run, and label it with the run's name and ``labels`` of its; ``more`` are matchers."""
    info = f'memtest_run_info{{{TARGET}, run=~"{run}"{more}}}{offset}'
    return f"({expression}) * on (job, instance) group_left ({', '.join(('run', *labels))}) {info}"


def told_apart(label: str, expressions: Mapping[str, str]) -> str:
    """All expressions in one query: their series differ by a label, whose value is the expression's name."""
    return " or ".join(f'label_replace({each}, "{label}", "{name}", "", "")' for name, each in expressions.items())


def firing_alerts() -> str:
    return select("ALERTS", 'alertname=~"Memtest.+"', 'alertstate="firing"')


def latency(quantile: float) -> str:
    inside = f"sum by (le, job, instance, driver, rail) ({rate('memtest_payment_duration_seconds_bucket')})"
    return of_run(f"histogram_quantile({quantile}, {inside})")


def verdict_code() -> str:
    """1 for a leak, 2 for inconclusive, 3 for no leak, 0 as long as there is no verdict."""
    return _code("memtest_verdict", {"leak": 1, "inconclusive": 2, "no_leak": 3}, "job, instance")


def phase_code() -> str:
    """The place of the phase in `Phase`."""
    return _code("memtest_phase", {phase: code for code, phase in enumerate(Phase)}, "job, instance, driver")


def _code(name: str, codes: Mapping[str, int], labels: str) -> str:
    """The code of the state that holds: the states are told apart by a label, and all but one of them are 0."""
    matchers = {f'{name}="{state}"': code for state, code in codes.items()}
    parts = (f"{code} * {select(name, matcher)}" for matcher, code in matchers.items())
    return of_run(f"sum by ({labels}) ({' or '.join(parts)})")


KIB_PER_MINUTE = "suffix:KiB/min"


def growth_of(stem: str, unit: str, factor: str = "") -> str:
    """A growth as judged, and the bounds of its interval, told apart by the label ``bound``."""
    figures = {"": "growth", "_lower": "at least", "_upper": "at most"}
    return told_apart(
        "bound", {name: of_run(select(f"{stem}{suffix}_{unit}") + factor) for suffix, name in figures.items()}
    )


def judged_growth() -> str:
    """The growth that decides the verdict, in KiB per minute as in the report."""
    return growth_of("memtest_growth", "bytes_per_second", " * 60 / 1024")


def judged_growth_per_payment() -> str:
    """The same per payment, in bytes."""
    return growth_of("memtest_growth_per_payment", "bytes")


def judged_growth_per_operation() -> str:
    """The same per operation other than a payment, in bytes."""
    return growth_of("memtest_growth_per_operation", "bytes")


def said(name: str) -> str:
    """What the exporter says of the metric."""
    return metric(name).help


def plain(name: str, legend: str = "{{driver}}", *matchers: str) -> tuple[str, str]:
    return of_run(select(name, *matchers)), legend


def per_second(name: str, legend: str) -> tuple[str, str]:
    return of_run(rate(name)), legend


def summed(name: str, expression: str) -> str:
    """Sum up by subject; ``expression`` has the selector of ``name`` in place of {}."""
    return of_run(f"sum by (job, instance, driver) ({expression.format(select(name))})")


def age(name: str) -> str:
    return of_run(f"time() - {select(name)}")
