"""The report's page: one HTML file that needs nothing else."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from exporter import version
from exporter.errors import ConfigError
from exporter.publish.static_files import inlined, read_text
from exporter.report.charts import Chart, Section, sections
from exporter.report.comparison import compare_runs
from exporter.report.payload import payload
from exporter.report.prepared import Prepared, prepare
from exporter.report.runs import ReportRun, printable
from exporter.report.tables import Table, description, growth_table, run_table, site_table, value_table
from exporter.report.verdicts import VerdictView, verdict_view
from exporter.whole_files import write_whole

_STYLES = ("uplot/uPlot.min.css", "base.css", "chart/chart.css", "report/report.css", "report/charts.css")
_CHART_LIBRARY = "uplot/uPlot.iife.min.js"
_SCRIPT = "report/page.js"


@dataclass(frozen=True, slots=True)
class ChartView:
    """A chart as the template shows it."""

    chart: Chart
    description: str
    table: Table


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as the template shows it; ``colour`` numbers its line style."""

    label: str
    colour: int
    verdict: VerdictView
    growth: Table
    sites: Table


def write_report(path: Path, runs: Sequence[ReportRun], title: str) -> str:
    """Write the page of these runs, at least one, and return the sentence that it opens with.

    Raises ConfigError when ``path`` can't be written.
    """
    prepared = prepare(runs)
    write_page(path, prepared, title)
    return conclusion(prepared)


def write_page(path: Path, runs: Sequence[Prepared], title: str) -> None:
    """Write the page; raises ConfigError when ``path`` can't be written."""
    text = render(runs, title)
    try:
        write_whole(path, text)
    except OSError as error:
        raise ConfigError(f"can't write {path}: {error.strerror}; name another file") from error


def conclusion(runs: Sequence[Prepared]) -> str:
    """What the page says first."""
    answer = compare_runs(runs)
    return answer.sentence if answer else verdict_view(runs[0]).headline


def render(runs: Sequence[Prepared], title: str) -> str:
    """The page as text."""
    found = sections(runs)
    style, script = _style(), _script()
    template = _environment().get_template("report.html.j2")
    return template.render(
        title=printable(title),
        version=version(),
        policy=_policy(style, script),
        style=style,
        script=script,
        data=payload(runs, found),
        answer=compare_runs(runs),
        runs=[_run_view(run, index) for index, run in enumerate(runs)],
        side_by_side=run_table(runs),
        sections=[(section, _chart_views(section)) for section in found],
        by_payments=any(run.times.payments is not None for run in runs),
        has_fits=any(run.growth for run in runs),
        has_marks=any(len(run.times.reconnects) or len(run.times.restarts) or run.times.phases for run in runs),
    )


def _run_view(run: Prepared, index: int) -> RunView:
    return RunView(run.label, index, verdict_view(run), growth_table(run), site_table(run))


def _chart_views(section: Section) -> list[ChartView]:
    return [ChartView(chart, description(chart), value_table(chart)) for chart in section.charts]


@cache
def _environment() -> Environment:
    """With one for all pages, the template is compiled once."""
    return Environment(
        loader=PackageLoader("exporter.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> Markup:
    return Markup("\n".join(read_text(name) for name in _STYLES))  # noqa: S704 - our own files


@cache
def _script() -> Markup:
    return Markup(f"{read_text(_CHART_LIBRARY)}\n{inlined(_SCRIPT)}")  # noqa: S704 - our own files


def _policy(style: str, script: str) -> str:
    """A policy under which nothing is loaded, sent or run but the script and the style of the page itself."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
