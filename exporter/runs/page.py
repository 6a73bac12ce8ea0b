"""The page of a run that has just ended, with what only the run knows: settings, latency, allocation sites."""

from collections.abc import Sequence
from pathlib import Path

from exporter.heaps.dumps import EARLY, dump_path
from exporter.record.state import RunState
from exporter.report.page import write_report
from exporter.report.runs import ReportRun
from exporter.report.sites import allocation_sites
from exporter.runs.conclusion import Judged


def write_run_report(path: Path, state: RunState, subjects: Sequence[Judged], heap_dump: Path | None) -> None:
    """Write the page of a run's subjects; raises ConfigError when it can't be written or a dump can't be read."""
    early = dump_path(heap_dump, EARLY) if heap_dump else None
    sites = allocation_sites(early, heap_dump) if heap_dump and early and early.exists() else []
    runs = []
    for each in subjects:
        if each.series is not None:
            subject = each.state
            settings = {"sdk": f"{subject.sdk or subject.driver} {subject.sdk_version}".rstrip(), **state.settings}
            label = state.name if len(subjects) == 1 else subject.driver
            runs.append(ReportRun(label, each.series, each.judgement, settings, subject.load.latency_seconds, sites))
    if runs:
        write_report(path, runs, state.name)
