"""The cells of a plan as processes of this machine, some at once."""

import asyncio
import codecs
import contextlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import NoReturn

import click

from exporter.durations import format_clock, format_duration
from exporter.errors import ConfigError
from exporter.exit_codes import ExitCode
from exporter.fleet.cells import Cell
from exporter.fleet.ending import result_of_run
from exporter.fleet.result import Result
from exporter.fleet.workspace import CSV, REPORT, Workspace
from exporter.processes.child import Child, StopLimits, python_command
from exporter.runs.console import Console
from exporter.runs.interrupts import handle_interrupts
from exporter.settings.declared import all_settings
from exporter.settings.kinds import DURATION
from exporter.settings.run import RunConfig

# A run that is told to end finishes its payments, takes its last samples and judges them.
STOP = StopLimits(asked_seconds=0.0, terminated_seconds=60.0)
SERVED = "0.0.0.0:10366"  # the pods of a Job have this port
UNSERVED = "127.0.0.1:0"
RUN_COMMAND = python_command("-m", "exporter", "run")
# Cells are what the plan says, and not what the environment of whoever starts them adds.
_VARIABLES = frozenset(
    chain.from_iterable(
        (flag.variable, flag.harness_variable) for each in all_settings(RunConfig) for flag in each.flags
    )
)


class CellRun:
    """One cell, run once in a process of its own."""

    def __init__(
        self, workspace: Workspace, cell: Cell, on_text: Callable[[str], object] | None = None, *, linger: str = ""
    ) -> None:
        """``linger`` has it serve /metrics to others, and as long after its end; else nobody is meant to look."""
        self.cell = cell
        self._linger = linger
        self._workspace = workspace
        self._on_text = on_text
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._child: Child | None = None
        self._started = time.monotonic()
        self._stopped = False

    @property
    def elapsed(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._started

    async def run(self) -> Result:
        """Run it to its end, judge it and keep the result. Raises ConfigError where its directory can't be used."""
        with self._workspace.claimed(self.cell) as log:
            try:
                code, why = await self._run(log)
                place, plan = self._workspace.place(self.cell), self._workspace.fingerprint
                result = await asyncio.to_thread(result_of_run, place, self.cell, plan, code, why)
                self._workspace.keep(self.cell, result)
            except OSError as error:
                raise ConfigError(
                    f"cell {self.cell.number} can't be run: {error.strerror or error}; free what it takes"
                ) from error
        return result

    def stop(self) -> None:
        """Have it end soon, with what it has measured judged."""
        self._stopped = True
        if self._child is not None:
            self._stopping = asyncio.create_task(self._child.stop(limits=STOP))

    def kill(self) -> None:
        """End it at once."""
        if self._child is not None:
            self._child.kill()

    async def _run(self, log: int) -> tuple[int, str]:
        """Its exit code, and why it has failed where only this side knows."""
        if self._stopped:
            return ExitCode.INTERRUPTED, "interrupted before it was started"
        allowed = self.cell.config.duration_seconds + DURATION.read(self._workspace.plan.limits.overtime)
        allowed += DURATION.read(self._linger) if self._linger else 0
        self._child = child = await Child.start(
            self._command(),
            name=f"cell-{self.cell.number}",
            on_line=lambda _: None,
            on_output=lambda data: self._on_output(log, data),
            without=_VARIABLES,
        )
        if self._stopped:  # meanwhile
            self.stop()
        try:
            await asyncio.wait([child.ended], timeout=allowed)
            late = not child.ended.done()
            how = await (child.stop(limits=STOP) if late else child.wait())
        finally:
            child.kill()
        if late:
            return ExitCode.DEFECT, f"not over {format_duration(allowed)} after its start, and ended then"
        if self._stopped:
            return ExitCode.INTERRUPTED, "interrupted"
        return (how.code, "") if how.code >= 0 else (128 - how.code, f"the run was {how.text}")

    def _command(self) -> Sequence[str]:
        plan, place = self._workspace.plan, self._workspace.place(self.cell)
        return (
            *RUN_COMMAND,
            *self.cell.arguments,
            f"--csv={place / CSV}",
            f"--report={place / REPORT}",
            f"--run-name={plan.name}-{self.cell.number}",
            *(f"--label={name}={value}" for name, value in self._labels().items()),
            f"--fail-on={plan.fail_on}",
            f"--listen-address={SERVED if self._linger else UNSERVED}",
            *((f"--linger={self._linger}",) if self._linger else ()),
        )

    def _labels(self) -> dict[str, str]:
        """What tells the run apart on dashboards; its driver and its options are there by themselves."""
        cell = self.cell
        return {
            "plan": self._workspace.plan.name,
            "cell": str(cell.number),
            "scenario": cell.combination.scenario,
            "repetition": str(cell.repetition),
        }

    def _on_output(self, log: int, data: bytes) -> None:
        with contextlib.suppress(OSError):  # a full disk costs the log, and not the run
            os.write(log, data)
        if self._on_text is not None:
            self._on_text(self._decoder.decode(data))


class LocalMatrix:
    """The cells that are run here; each is tried again, if its plan says so, when it tells nothing of the subject."""

    def __init__(self, workspace: Workspace, console: Console, *, jobs: int) -> None:
        self.interrupted = False
        self._workspace = workspace
        self._console = console
        self._jobs = jobs
        self._running: list[CellRun] = []
        self._ended = 0

    async def run(self, cells: Iterable[Cell]) -> None:
        """Run the cells, as many at once as there are jobs; an interrupt ends those that run and starts no more.

        Raises ConfigError where a cell's directory can't be used, once those that run have been ended.
        """
        handle_interrupts(self._on_interrupt, partial(_end_at_once, self._running))
        waiting = list(cells)
        self._to_run = len(waiting)
        waiting.reverse()
        progress = asyncio.create_task(self._show_progress(waiting))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._jobs, len(waiting))):
                    group.create_task(self._work(waiting))
        except* ConfigError as errors:
            raise errors.exceptions[0] from None
        finally:
            progress.cancel()

    async def _work(self, waiting: list[Cell]) -> None:
        while waiting and not self.interrupted:
            cell = waiting.pop()
            for left in reversed(range(self._workspace.plan.limits.retries + 1)):
                result = await self._once(cell)
                again = left and not result.final and not self.interrupted
                self._tell(cell, result, again=bool(again))
                if not again:
                    break
            self._ended += 1

    async def _once(self, cell: Cell) -> Result:
        run = CellRun(self._workspace, cell)
        self._running.append(run)
        self._console.line(f"{cell.title}: started")
        try:
            return await run.run()
        finally:
            self._running.remove(run)

    def _tell(self, cell: Cell, result: Result, *, again: bool) -> None:
        text = f"{cell.title}: {result.ending}, {result.reason}"
        if result.final:
            self._console.line(text)
        else:
            self._console.warning(f"{text}{'; trying again' if again else ''}")

    async def _show_progress(self, waiting: Sequence[Cell]) -> None:
        while True:
            left = sum(cell.seconds for cell in waiting)
            left += sum(max(run.cell.seconds - run.elapsed, 0.0) for run in self._running)
            longest = max((run.elapsed for run in self._running), default=0.0)
            told = [
                f"{self._ended} of {self._to_run} cells done",
                f"{len(self._running)} running, for {format_clock(longest)} at most",
                f"about {format_duration(round(left / max(self._jobs, 1)))} left" if left else "about to end",
            ]
            self._console.status(" · ".join(told))
            await asyncio.sleep(1)

    def _on_interrupt(self) -> None:
        self.interrupted = True
        self._console.warning("Stopping: the cells that run end first, a minute at most; Ctrl-C again stops at once")
        for run in self._running:
            run.stop()


async def run_alone(workspace: Workspace, cell: Cell, *, linger: str = "") -> Result:
    """Run one cell, and show what it prints as it comes; an interrupt ends it. See `CellRun` for the rest."""
    run = CellRun(workspace, cell, partial(click.echo, nl=False), linger=linger)
    handle_interrupts(run.stop, partial(_end_at_once, [run]))
    return await run.run()


def _end_at_once(runs: Iterable[CellRun]) -> NoReturn:
    """Kill these and end this process."""
    for run in runs:
        run.kill()
    os._exit(ExitCode.INTERRUPTED)
