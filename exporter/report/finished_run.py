"""The page of a run that has just ended, with what only the run knows: settings, latency, allocation sites."""

from pathlib import Path

from exporter.analysis.judgement import Judgement
from exporter.analysis.series import Run
from exporter.profiling.dumps import EARLY, dump_path
from exporter.report import ReportRun, write_report
from exporter.report.sites import allocation_sites
from exporter.state import RunState, SubjectState


def write_run_report(
    path: Path, state: RunState, subject: SubjectState, series: Run, judgement: Judgement, heap_dump: Path | None
) -> None:
    """Write the page of one subject; raises ConfigError when it can't be written or a dump can't be read."""
    early = dump_path(heap_dump, EARLY) if heap_dump else None
    sites = allocation_sites(early, heap_dump) if heap_dump and early and early.exists() else []
    settings = {"sdk": f"{subject.sdk or subject.driver} {subject.sdk_version}".rstrip(), **state.settings}
    run = ReportRun(state.name, series, judgement, settings, subject.load.latency_seconds, sites)
    write_report(path, [run], state.name)
