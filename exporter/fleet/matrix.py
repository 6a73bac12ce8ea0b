"""A matrix on this machine, from its settings to its exit code."""

import asyncio
import os
import shlex
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import click

from exporter import version
from exporter.errors import ConfigError
from exporter.fleet.cells import Cell, cells_of
from exporter.fleet.local import LocalMatrix, run_alone
from exporter.fleet.plan import Plan, read_plan
from exporter.fleet.result import Result, encode
from exporter.fleet.workspace import CSV, REPORT, Workspace, plan_of
from exporter.runs.console import Console
from exporter.runs.logs import set_up_logging
from exporter.settings.group import check_installed
from exporter.settings.matrix import MatrixSettings
from exporter.whole_files import write_whole

_MOST_DRAWN = 100  # on one page: ten seconds of work, and as many lines as a chart can bear


def run_matrix(asked: MatrixSettings) -> int:
    """Do what is asked with the plan; return the exit code. Raises ConfigError for what can't be done."""
    plan = _plan(asked)
    workspace = Workspace(asked.output or Path(f"matrix-{plan.name}"), plan)
    cells = workspace.cells if asked.cell is None else [workspace.cell(asked.cell)]
    if asked.dry_run:
        click.echo(
            "\n".join(f"{cell.number}\t{cell.label}\texporter run {shlex.join(cell.arguments)}" for cell in cells)
        )
        return 0
    if asked.fetch:
        return _fetch(workspace, asked, asked.fetch)
    if asked.jobs != 0:
        to_run = {cell.combination: cell for cell in cells if not workspace.is_done(cell)}
        check_installed(cell.config for cell in to_run.values())
    workspace.open()
    set_up_logging("text")
    if asked.cell is not None:
        return asyncio.run(_one(workspace, cells[0], asked.json))
    console = Console()
    interrupted = asyncio.run(_all(workspace, console, asked.jobs))
    code = tell(plan, workspace.results(), asked, console, interrupted=interrupted)
    _write_page(workspace, console)
    return code


def _plan(asked: MatrixSettings) -> Plan:
    """The plan that is named, or the one whose cells are fetched."""
    if asked.plan is not None:
        return read_plan(asked.plan)
    from exporter.fleet.storage import read_plan_file

    return plan_of(read_plan_file(asked.fetch or ""))


def _fetch(workspace: Workspace, asked: MatrixSettings, url: str) -> int:
    """Report the cells whose files are in object storage."""
    from exporter.fleet.storage import fetch

    workspace.open()
    console = Console()
    fetch(workspace, url, console.status)
    if not (results := workspace.results()):
        raise ConfigError(f"fetch is {url}, which has no result of this plan's cells: name the Job of this plan")
    code = tell(workspace.plan, results, asked, console, interrupted=False)
    _write_page(workspace, console)
    return code


async def _one(workspace: Workspace, cell: Cell, json: Path | None) -> int:
    """Run one cell if it has to be; end as its run does."""
    result = workspace.result(cell)
    if result is not None and result.final:
        click.echo(f"Cell {cell.number} has ended already: {result.reason}")
    else:
        result = await run_alone(workspace, cell)
    if json is not None:
        _write(json, encode(result).decode())
    return result.exit_code


async def _all(workspace: Workspace, console: Console, jobs: int | None) -> bool:
    """Run the cells that have not been yet; return whether that was interrupted."""
    if jobs is None:
        jobs = max(len(os.sched_getaffinity(0)) // 2, 1)
    waiting = [cell for cell in workspace.cells if not workspace.is_done(cell)]
    told = f"{len(workspace.cells)} cells, {len(workspace.cells) - len(waiting)} of them done, {jobs} at once"
    console.line(f"exporter {version()} · matrix {workspace.plan.name} · {told} · in {workspace.directory}")
    matrix = LocalMatrix(workspace, console, jobs=jobs)
    await matrix.run(waiting)
    return matrix.interrupted


def tell(
    plan: Plan, results: Mapping[int, Result], asked: MatrixSettings, console: Console, *, interrupted: bool
) -> int:
    """Print the table of all cells, and write what is asked for; return the exit code."""
    from exporter.fleet import table
    from exporter.fleet.summary import summarize

    summary = summarize(plan, results, interrupted=interrupted)
    console.report(table.as_text(summary), summary.verdict)
    for path, text in (
        (asked.junit, partial(table.as_junit, plan.name, cells_of(plan), results, plan.fail_on)),
        (asked.markdown, partial(table.as_markdown, summary)),
        (asked.json, partial(table.as_json, summary, results)),
    ):
        if path is not None:
            _write(path, text() + "\n")
    return summary.exit_code


def _write_page(workspace: Workspace, console: Console) -> None:
    """Draw the cells that have samples on one page: of very many the first, which are of all combinations."""
    from exporter.fleet.ending import judged
    from exporter.report.page import write_report
    from exporter.report.runs import ReportRun

    found = [cell for cell in workspace.cells if (workspace.place(cell) / CSV).exists()]
    runs = []
    for cell in found[:_MOST_DRAWN]:
        console.status(f"Drawing the page: cell {cell.number}")
        with suppress(ConfigError):  # a run that was killed may leave a file without a sample
            runs.append(ReportRun(cell.label, *judged(workspace.place(cell), cell), cell.options))
    if runs:
        page = workspace.directory / REPORT
        write_report(page, runs, workspace.plan.name)
        console.line(f"Page: {page}" + (f", with {len(runs)} of {len(found)} cells" if len(runs) < len(found) else ""))


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise ConfigError(f"can't write {path}: {error.strerror}; name another file") from error
