"""A measurement from its start to its exit code, of a soak run and of a watch: the only owner of clock and signals."""

import asyncio
import contextlib
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from exporter import version
from exporter.analysis.judgement import Settings
from exporter.durations import format_duration
from exporter.errors import DefectError, ExporterError, defect_of
from exporter.exit_codes import ExitCode
from exporter.leftovers import held_directory, remove_directory
from exporter.processes.guard import guarded
from exporter.publish.server import Server
from exporter.record.csv_file import CsvSink
from exporter.record.state import RunState, SubjectState
from exporter.record.terms import Verdict
from exporter.runs.conclusion import Conclusion, Measured, conclude, gravest
from exporter.runs.console import Console
from exporter.runs.group import SubjectGroup
from exporter.runs.interrupts import handle_interrupts
from exporter.runs.next_steps import next_steps
from exporter.runs.online_verdict import OnlineVerdict
from exporter.runs.outcome import Outcome
from exporter.runs.subject import Surroundings
from exporter.settings.observation import ObservationSettings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where a measurement is served, and where it writes: a directory that is gone after it, and a CSV by subject."""

    url: str
    directory: Path
    sinks: Mapping[str, CsvSink]


@contextlib.asynccontextmanager
async def outputs(
    config: ObservationSettings, state: RunState, csv: Mapping[str, Path | None]
) -> AsyncIterator[Outputs]:
    """Serve the state and open the CSVs, one in the directory for a subject without; raises ConfigError.

    What can be refused comes first: nothing is started, and no file is made, for a run that can't be.
    """
    async with Server(state, config.listen_address, config.web_config) as server:
        with (
            held_directory("memtest-run-") as directory,
            contextlib.ExitStack() as sinks,
        ):
            paths = {subject: path or directory / f"samples.{subject}.csv" for subject, path in csv.items()}
            opened = {
                subject: sinks.enter_context(contextlib.closing(CsvSink.open(path, config.existing_csv)))
                for subject, path in paths.items()
            }
            yield Outputs(server.url, directory, opened)


def run_state(config: ObservationSettings, settings: Mapping[str, str], subjects: Iterable[SubjectState]) -> RunState:
    """The state of a measurement that is about to begin; without a name its start time is its name."""
    started_at = datetime.now(UTC)
    return RunState(
        name=config.run_name or started_at.strftime("%Y%m%d-%H%M%S"),
        settings=dict(settings),
        labels=dict(config.labels),
        started_at=started_at,
        duration_seconds=config.duration_seconds,
        subjects={subject.driver: subject for subject in subjects},
    )


class Lifecycle(ABC):
    """A measurement in progress; ``run`` does all of it.

    What is measured, and what has to be started and ended beside the subjects, is up to those that inherit.
    """

    # Of payments, above which the load has failed; None: no payment is expected.
    _max_failure_ratio: float | None = None
    _stopping: ClassVar[str]  # said at the first interrupt

    def __init__(self, config: ObservationSettings, state: RunState, outputs: Outputs) -> None:
        self._config = config
        self._state = state
        self._outputs = outputs
        self._console = Console(quiet=config.quiet)
        self._rule = Settings.from_threshold(config.threshold_kib_per_min)
        self._online = OnlineVerdict(self._rule, self._on_verdict, self._on_no_verdict)
        self._stop = asyncio.Event()  # end the measurement, then report
        self._released = asyncio.Event()  # end the lingering
        self._interrupted = False
        self._error: ExporterError | None = None
        self._verdicts: dict[str, tuple[Verdict, str]] = {}  # as they stand, with their reasons, by subject

    @property
    @abstractmethod
    def _subjects(self) -> SubjectGroup: ...

    @abstractmethod
    async def _start(self) -> None:
        """Bring up what is measured; raises ExporterError. Cancelled when the measurement is stopped meanwhile."""

    @abstractmethod
    async def _end(self) -> None:
        """End what was started beside the subjects, however far that got."""

    @abstractmethod
    def _kill(self) -> None:
        """End at once what was started beside the subjects."""

    def _headings(self) -> Sequence[str]:
        """Lines after the heading."""
        return ()

    async def _leak_lines(self) -> Sequence[str]:
        """Lines after the report of a leak."""
        return ()

    def _heap_dump(self) -> Path | None:
        """The last heap dump, for the report page."""
        return None

    def _surroundings(self, driver: str) -> Surroundings:
        """What the subject of that name works with; a name says nothing of one that is alone."""
        return Surroundings(
            self._state.subjects[driver],
            driver if len(self._state.subjects) > 1 else "",
            self._outputs.sinks[driver],
            self._console,
            self._online,
        )

    async def run(self) -> int:
        """Do the measurement, from start to verdict; return the exit code. Raises the error of one without samples."""
        handle_interrupts(self._on_interrupt, self._on_second_interrupt)
        self._console.heading(version(), self._state.name, self._outputs.url, self._state.settings)
        for line in self._headings():
            self._console.line(line)
        async with guarded():
            try:
                await self._attempt(self._measure())
            finally:
                for step in (self._online.stop, self._subjects.stop, self._end):
                    await self._attempt(step())
        code = await self._conclude()
        self._state.finished = True
        await self._linger()
        return code

    async def _attempt(self, step: Coroutine[Any, Any, None]) -> None:
        """Do a step and keep what goes wrong; the samples so far are whole, and their verdict is given all the same."""
        try:
            await step
        except ExporterError as error:
            self._error = self._error or error
        except Exception as error:
            self._error = defect_of(error)

    async def _measure(self) -> None:
        """Start everything, take samples, take it down; raises what ExporterError went wrong."""
        if not await self._unless_stopped(self._start()):
            return
        await self._online.start()
        self._state.load_started_at = datetime.now(UTC)
        timer = asyncio.get_running_loop().call_later(self._config.duration_seconds, self._stop.set)
        progress = asyncio.create_task(self._show_progress())
        try:
            await self._subjects.measure(self._stop)
        finally:
            timer.cancel()
            progress.cancel()
        if self._subjects.error is not None:
            raise self._subjects.error

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do ``work`` and return True; when the measurement is stopped meanwhile, cancel it and return False."""
        task, stopped = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([task, stopped], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            return task.done()
        finally:
            task.cancel()
            stopped.cancel()
            await asyncio.gather(task, stopped, return_exceptions=True)

    async def _show_progress(self) -> None:
        while True:
            elapsed, payments = self._subjects.elapsed(), self._subjects.payments
            self._console.progress(elapsed, self._config.duration_seconds, payments, self._state.verdict)
            await asyncio.sleep(1)

    async def _conclude(self) -> int:
        """Print the report, publish the verdict; return the exit code. Raises the error of a run without samples."""
        measured = [
            Measured(each.state, self._outputs.sinks[each.state.driver].readable, each.error, each.harness_csv)
            for each in self._subjects
            if each.state.last_sample is not None
        ]
        if not measured:
            return self._conclude_nothing()
        if isinstance(self._error, DefectError):
            _log.error("%s", self._error)
        # Reading a million rows takes a while, and the last state has to stay scrapable meanwhile.
        ended = await asyncio.to_thread(conclude, measured, self._max_failure_ratio, self._rule)
        self._publish(ended.verdict, ended.reason)
        lines = await self._leak_lines() if ended.verdict is Verdict.LEAK else ()
        self._console.report("\n".join([ended.report, *lines]), ended.verdict)
        if self._config.report is not None:
            await self._write_report(self._config.report, ended)
        kept = [each.path for each in self._outputs.sinks.values() if each.path.parent != self._outputs.directory]
        for line in next_steps(kept):
            self._console.line(line)
        return Outcome(self._interrupted, self._error or ended.error, ended.verdict).exit_code(self._config.fail_on)

    def _conclude_nothing(self) -> int:
        if self._error is not None and (not self._interrupted or isinstance(self._error, DefectError)):
            raise self._error
        self._console.line("Stopped before the first sample: nothing was measured")
        return Outcome(self._interrupted, None, Verdict.INCONCLUSIVE).exit_code(self._config.fail_on)

    async def _write_report(self, path: Path, ended: Conclusion) -> None:
        from exporter.runs.page import write_run_report  # the charts' libraries are not needed before

        try:
            await asyncio.to_thread(write_run_report, path, self._state, ended.subjects, self._heap_dump())
        except ExporterError as error:
            self._console.warning(str(error))
        except Exception as error:
            # The verdict has been given, and holds.
            _log.error("there is no page: %s", defect_of(error))
        else:
            self._console.line(f"Page: {path}")

    async def _linger(self) -> None:
        seconds = self._config.linger_seconds
        if seconds and not self._interrupted:
            self._console.line(f"Serving the last state for {format_duration(seconds)}, Ctrl-C ends it")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._released.wait(), seconds)

    def _on_verdict(self, driver: str, verdict: Verdict, reason: str) -> None:
        """Publish the verdict as it stands; a leak ends the measurement if it was told so."""
        self._verdicts[driver] = verdict, reason
        verdict, reason = gravest(self._verdicts, named=len(self._state.subjects) > 1)
        self._publish(verdict, reason)
        if verdict == self._config.stop_on and not self._stop.is_set():
            self._console.line(f"Stopping, as the verdict is {verdict}: {reason}")
            self._stop.set()

    def _on_no_verdict(self) -> None:
        """Publish that there is none at the moment."""
        self._verdicts.clear()
        self._state.verdict, self._state.verdict_reason, self._state.verdict_time = None, "", None

    def _publish(self, verdict: Verdict, reason: str) -> None:
        self._state.verdict, self._state.verdict_reason = verdict, reason
        self._state.verdict_time = datetime.now(UTC)

    def _on_interrupt(self) -> None:
        """End the measurement; one that is over just ends."""
        if self._state.finished:
            self._released.set()
        else:
            self._interrupted = True
            self._stop.set()
            self._console.warning(self._stopping)

    def _on_second_interrupt(self) -> None:
        """End everything at once; a measurement that is over is ending anyway."""
        if self._state.finished:
            return
        self._online.kill()
        self._subjects.kill()
        self._kill()
        remove_directory(self._outputs.directory)
        os._exit(ExitCode.INTERRUPTED)
