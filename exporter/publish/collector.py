"""Turns a run's state into metric families, fresh at every scrape, in a registry of its own."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample as Line

from exporter.publish.metric_types import Kind, Metric, Source, States, Subject
from exporter.publish.metrics import RUN_METRICS, SCRAPE_DURATION, SUBJECT_METRICS, TABLE
from exporter.record.probes import SCRAPE_PROBES, read_probes
from exporter.record.state import Histogram, RunState, SubjectState

_SUFFIXES: Mapping[Kind, str] = {"counter": "_total", "info": "_info"}


def make_registry(run: RunState) -> CollectorRegistry:
    """Return a registry that publishes ``run`` and the exporter's own process, and nothing else."""
    registry = CollectorRegistry()
    registry.register(RunCollector(run))
    ProcessCollector(registry=registry)
    return registry


class RunCollector(Collector):
    """Builds every family of the table from the state of one run; takes well under a millisecond."""

    def __init__(self, run: RunState) -> None:
        self._run = run

    def describe(self) -> Iterable[Family]:
        """Return every family without its series, so that the registry knows which names are ours."""
        return [_family(metric) for metric in TABLE]

    def collect(self) -> Iterator[Family]:
        started = time.perf_counter()
        subjects = [((state.driver,), read_subject(state)) for state in self._run.subjects.values()]
        families = [*_filled(RUN_METRICS, [((), self._run)]), *_filled(SUBJECT_METRICS, subjects)]
        yield from families
        yield from _filled((SCRAPE_DURATION,), [((), time.perf_counter() - started)])


def read_subject(state: SubjectState) -> Subject:
    """Read the subject's process from outside, if it lives."""
    if state.pid is None:
        return Subject(state, {}, {})
    reading = read_probes(SCRAPE_PROBES, state.pid, state.others)
    success = {probe.name: probe.name not in reading.failures for probe in SCRAPE_PROBES}
    return Subject(state, reading.values, state.probe_success | state.source_success | success)


def _family(metric: Metric[Any]) -> Family:
    name = metric.name.removesuffix(_SUFFIXES.get(metric.kind, ""))
    return Family(name, metric.help, metric.kind, metric.unit)


def _filled(metrics: Iterable[Metric[Source]], sources: Sequence[tuple[tuple[str, ...], Source]]) -> Iterator[Family]:
    """The families that have any series; ``sources`` come with the values of the first labels."""
    for metric in metrics:
        lines: list[Line] = []
        for first, source in sources:
            for values, value in metric.read(source):
                labels = dict(zip(metric.labels, first + values, strict=False))
                if isinstance(value, int | float):
                    lines.append(Line(metric.name, labels, value))
                else:
                    lines.extend(_lines(metric, labels, value))
        if lines:
            family = _family(metric)
            family.samples = lines
            yield family


def _lines(metric: Metric[Any], labels: dict[str, str], value: Histogram | States) -> Iterator[Line]:
    if isinstance(value, Histogram):
        stem = metric.name
        for bound, count in zip(value.bounds, value.counts, strict=True):
            yield Line(f"{stem}_bucket", labels | {"le": str(float(bound))}, count)
        yield Line(f"{stem}_bucket", labels | {"le": "+Inf"}, value.count)
        yield Line(f"{stem}_count", labels, value.count)
        yield Line(f"{stem}_sum", labels, value.total)
    elif metric.kind == "stateset":
        for state, holds in value.items():
            yield Line(metric.name, labels | {metric.name: state}, float(holds))
    else:
        yield Line(metric.name, labels | {key: str(text) for key, text in value.items()}, 1.0)
