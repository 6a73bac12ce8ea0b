"""One cell inside its container: run as any other, served to Prometheus, its files put away, its result told.

python -m exporter.fleet.cluster.cell PLAN NUMBER DIRECTORY, as the Job has it; not for users.
"""

import asyncio
import contextlib
import logging
import sys
from pathlib import Path

from exporter.checked import printable
from exporter.errors import ExporterError, defect_of
from exporter.fleet.cells import Cell, cells_of, fingerprint
from exporter.fleet.local import run_alone
from exporter.fleet.plan import Plan, read_plan
from exporter.fleet.result import Result, encode
from exporter.fleet.workspace import Workspace
from exporter.runs.logs import set_up_logging
from exporter.whole_files import write_whole

TERMINATION_LOG = Path("/dev/termination-log")

_log = logging.getLogger(__name__)


def run_cell(plan: Plan, number: int, directory: Path, termination_log: Path = TERMINATION_LOG) -> int:
    """Run a cell unless a container before this one has; return its exit code. Raises ConfigError."""
    workspace = Workspace(directory, plan)
    cell = workspace.cell(number)
    with contextlib.suppress(OSError):  # a full volume costs the files, and not the result
        workspace.mark()
    result = workspace.result(cell)
    if result is None or not result.final:
        result = asyncio.run(run_alone(workspace, cell, linger=plan.kubernetes.linger))
    write_whole(termination_log, encode(result).decode())
    _put_away(workspace, cell)
    return result.exit_code


def _put_away(workspace: Workspace, cell: Cell) -> None:
    """Copy the files of a cell to object storage, if the plan says so. What fails there costs the files only."""
    artefacts = workspace.plan.kubernetes.artefacts
    if artefacts is None or not artefacts.url:
        return
    try:
        from exporter.fleet.storage import put

        put(workspace, cell, artefacts.url_of(workspace.directory.name))
    except Exception as error:  # of a server, a network or a library: the result is told already, and is what counts
        _log.warning("the files of cell %d are not at %s: %s", cell.number, artefacts.url, printable(str(error), 300))


def _main(plan_file: str, number: str, directory: str) -> int:
    set_up_logging("text")
    cells = ""
    try:
        plan = read_plan(Path(plan_file))
        cells = fingerprint(cells_of(plan))
        return run_cell(plan, int(number), Path(directory))
    except Exception as error:
        known = error if isinstance(error, ExporterError) else defect_of(error)
        print(f"Error: {known}", file=sys.stderr)
        told = Result(plan=cells, cell=int(number), exit_code=known.exit_code, reason=str(known))
        write_whole(TERMINATION_LOG, encode(told).decode())
        return known.exit_code


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
