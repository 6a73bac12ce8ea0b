"""The report on one or several runs: a page in one file, or a picture.

``write_report`` makes the page of ``ReportRun`` objects; a run's series comes from `exporter.analysis.series`.
"""

from collections.abc import Sequence
from pathlib import Path

from exporter.report.page import conclusion, write_page
from exporter.report.prepared import prepare
from exporter.report.runs import AllocationSite, ReportRun

__all__ = ["AllocationSite", "ReportRun", "write_report"]


def write_report(path: Path, runs: Sequence[ReportRun], title: str) -> str:
    """Write the page of these runs, at least one, and return the sentence that it opens with.

    Raises ConfigError when ``path`` can't be written.
    """
    prepared = prepare(runs)
    write_page(path, prepared, title)
    return conclusion(prepared)
