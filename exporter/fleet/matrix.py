"""A matrix on this machine, from its settings to its exit code."""

import asyncio
import os
import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from exporter import __version__
from exporter.errors import ConfigError
from exporter.fleet.cells import Cell
from exporter.fleet.local import CellRun, LocalMatrix, end_at_once
from exporter.fleet.plan import read_plan
from exporter.fleet.result import encode
from exporter.fleet.workspace import CSV, REPORT, Workspace
from exporter.runs.console import Console
from exporter.runs.interrupts import handle_interrupts
from exporter.runs.logs import set_up_logging
from exporter.settings.matrix import MatrixSettings
from exporter.whole_files import write_whole


def run_matrix(asked: MatrixSettings, path: Path) -> int:
    """Do what is asked with the plan; return the exit code. Raises ConfigError for what can't be done."""
    plan = read_plan(path)
    workspace = Workspace(asked.output or Path(f"matrix-{plan.name}"), plan)
    cells = workspace.cells if asked.cell is None else [_chosen(workspace.cells, asked.cell)]
    if asked.dry_run:
        click.echo(
            "\n".join(f"{cell.number}\t{cell.label}\texporter run {shlex.join(cell.arguments)}" for cell in cells)
        )
        return 0
    workspace.open()
    set_up_logging("text")
    if asked.cell is not None:
        return asyncio.run(_one(workspace, cells[0], asked.json))
    console = Console()
    interrupted = asyncio.run(_all(workspace, console, asked.jobs))
    return tell(workspace, asked, console, interrupted=interrupted)


def _chosen(cells: Sequence[Cell], number: int) -> Cell:
    if number >= len(cells):
        raise ConfigError(f"cell is {number}: the plan has the cells 0 to {len(cells) - 1}")
    return cells[number]


async def _one(workspace: Workspace, cell: Cell, json: Path | None) -> int:
    """Run one cell if it has to be; end as its run does."""
    result = workspace.result(cell)
    if result is None or not result.final:
        run = CellRun(workspace, cell, sys.stdout.write)
        handle_interrupts(run.stop, partial(end_at_once, [run]))
        result = await run.run()
    if json is not None:
        _write(json, encode(result).decode())
    return result.exit_code


async def _all(workspace: Workspace, console: Console, jobs: int | None) -> bool:
    """Run the cells that have not been yet; return whether that was interrupted."""
    if jobs is None:
        jobs = max(len(os.sched_getaffinity(0)) // 2, 1)
    done = workspace.results()
    waiting = [cell for cell in workspace.cells if cell.number not in done or not done[cell.number].final]
    told = f"{len(workspace.cells)} cells, {len(workspace.cells) - len(waiting)} of them done, {jobs} at once"
    console.line(f"exporter {__version__} · matrix {workspace.plan.name} · {told} · in {workspace.directory}")
    matrix = LocalMatrix(workspace, console, jobs=jobs)
    await matrix.run(waiting)
    return matrix.interrupted


def tell(workspace: Workspace, asked: MatrixSettings, console: Console, *, interrupted: bool) -> int:
    """Print the table of all cells, write what is asked for and the page; return the exit code."""
    from exporter.fleet import table
    from exporter.fleet.summary import summarize

    plan, results = workspace.plan, workspace.results()
    summary = summarize(plan, results, interrupted=interrupted)
    console.report(table.as_text(summary), summary.verdict)
    for path, text in (
        (asked.junit, partial(table.as_junit, plan.name, workspace.cells, results, plan.fail_on)),
        (asked.markdown, partial(table.as_markdown, summary)),
        (asked.json, partial(table.as_json, summary, results)),
    ):
        if path is not None:
            _write(path, text() + "\n")
    if (page := _write_page(workspace)) is not None:
        console.line(f"Page: {page}")
    return summary.exit_code


def _write_page(workspace: Workspace) -> Path | None:
    """Draw all cells that have samples on one page; None where there are none."""
    from exporter.analysis.series import read_csv
    from exporter.report import ReportRun, write_report

    found = [(cell, workspace.place(cell) / CSV) for cell in workspace.cells]
    runs = [ReportRun(cell.label, read_csv(path)) for cell, path in found if path.exists()]
    if not runs:
        return None
    page = workspace.directory / REPORT
    write_report(page, runs, workspace.plan.name)
    return page


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise ConfigError(f"can't write {path}: {error.strerror}; name another file") from error
