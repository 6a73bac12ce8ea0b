"""One watch from start to verdict: a program's samples, what it tells of itself, and how it ended."""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from exporter import __version__
from exporter.durations import format_duration
from exporter.errors import ExporterError
from exporter.publish.server import Server
from exporter.record.csv_file import CsvSink
from exporter.record.probes import resident_by_name
from exporter.record.sample import Sample
from exporter.record.sampler import Sampler
from exporter.record.state import RunState, SubjectState
from exporter.record.terms import Phase, Verdict
from exporter.record.told import note_others
from exporter.runs.conclusion import Measured, conclude
from exporter.runs.console import Console
from exporter.runs.interrupts import handle_interrupts
from exporter.runs.logs import set_up_logging
from exporter.runs.online_verdict import VerdictWatch
from exporter.runs.outcome import INTERRUPTED, Outcome
from exporter.settings.watch import WatchConfig
from exporter.watch.control_group import ControlGroup, GroupMemorySource
from exporter.watch.followed_csv import CsvSource
from exporter.watch.program import Ending, Program, RunningProgram, StartedProgram, failure
from exporter.watch.readings import Readings
from exporter.watch.relay import Relay
from exporter.watch.sources import ExpvarSource, OutputSource, PprofSource, PrometheusSource, Source

# What is read beside memory may take so long, in a watch of short intervals too.
_READINGS_SECONDS = 2.0


def watch(config: WatchConfig) -> int:
    """Watch a program; return the exit code. Raises ConfigError for what can't be watched."""
    set_up_logging(config.log_format)
    return asyncio.run(_watch(config))


async def _watch(config: WatchConfig) -> int:
    output = OutputSource(config.payments_from.pattern) if config.payments_from else None
    relay = Relay(None if config.quiet else sys.stderr.buffer)

    def on_output(data: bytes) -> None:
        if output is not None:
            output.feed(data)
        relay.pass_on(data)

    program = _program(config, on_output)
    state = SubjectState(program.name, others=program.others)
    started_at = datetime.now(UTC)
    run = RunState(
        name=config.run_name or started_at.strftime("%Y%m%d-%H%M%S"),
        settings={"program": program.name, **config.as_text()},
        started_at=started_at,
        duration_seconds=config.duration_seconds,
        subjects={state.driver: state},
    )
    async with Server(run, config.listen_address, config.web_config) as server:
        with (
            contextlib.closing(relay),
            tempfile.TemporaryDirectory(prefix="memtest-", ignore_cleanup_errors=True) as directory,
        ):
            csv = config.csv or Path(directory) / "samples.csv"
            with contextlib.closing(CsvSink.open(csv, config.existing_csv)) as sink:
                sources = [*_sources(config, program.began), *([output] if output else [])]
                if isinstance(program, ControlGroup):
                    sources.append(GroupMemorySource(program.directory))
                return await Watch(config, run, program, sources, sink).end(server.url, csv)


def _program(config: WatchConfig, on_output: Callable[[bytes], None]) -> Program:
    if config.command:
        return StartedProgram(config.command, on_output)
    return ControlGroup(config.cgroup) if config.cgroup else RunningProgram(config.pid, config.process_name)


def _sources(config: WatchConfig, began: float | None) -> list[Source]:
    sources: list[Source] = []
    if config.scrape_url:
        sources.append(PrometheusSource(config.scrape_url, config.heap_metrics))
    if config.pprof_url:
        sources.append(PprofSource(config.pprof_url))
    if config.expvar_url:
        sources.append(ExpvarSource(config.expvar_url))
    if config.follow_csv is not None:
        sources.append(CsvSource(config.follow_csv, began))
    return sources


class Watch:
    """A watch in progress; ``end`` does all of it."""

    def __init__(
        self, config: WatchConfig, run: RunState, program: Program, sources: Sequence[Source], sink: CsvSink
    ) -> None:
        self._config, self._run, self._program = config, run, program
        self._readings = Readings(sources)
        (self._state,) = run.subjects.values()
        self._console = Console(quiet=config.quiet)
        self._sampler = Sampler(self._state, sink, self._elapsed, self._show)
        self._verdict_watch = VerdictWatch(self._state, self._on_verdict)
        self._start = 0.0
        self._stop = asyncio.Event()
        self._released = asyncio.Event()
        self._interrupted = False
        self._error: ExporterError | None = None

    async def end(self, url: str, csv: Path) -> int:
        """Do the watch; return the exit code."""
        handle_interrupts(self._on_interrupt, self._on_second_interrupt)
        self._console.heading(__version__, self._run.name, url, self._run.settings)
        try:
            await self._measure()
        finally:
            await self._verdict_watch.stop()
            await self._program.stop()
            self._state.pid, self._state.phase = None, Phase.STOPPED
        code = await self._conclude(csv)
        self._run.finished = True
        if self._config.linger_seconds and not self._interrupted:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._released.wait(), self._config.linger_seconds)
        return code

    async def _measure(self) -> None:
        self._state.pid = await self._program.start()
        self._start = asyncio.get_running_loop().time()
        self._state.phase = Phase.RUNNING
        self._run.load_started_at = datetime.now(UTC)
        limit = format_duration(self._config.duration_seconds)
        self._console.line(f"Watching {self._program.name}, process {self._state.pid}, for {limit} at most")
        ending = asyncio.create_task(self._program.ended(self._on_process))
        samples = asyncio.create_task(self._take_samples())
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait(
                [ending, samples, stopped],
                timeout=self._config.duration_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if samples.done():
                samples.result()
            if ending.done():
                await self._take_last()
                self._note(ending.result())
            else:
                await self._take()
        finally:
            for task in (ending, samples, stopped):
                task.cancel()
            await asyncio.gather(ending, samples, stopped, return_exceptions=True)

    async def _take_samples(self) -> None:
        """Take a sample at once, and one every interval from then on."""
        await self._verdict_watch.start()
        while True:
            await self._take()
            interval = self._config.mem_interval_seconds
            due = (self._elapsed() // interval + 1) * interval
            await asyncio.sleep(due - self._elapsed())

    async def _take_last(self) -> None:
        """Take a sample of what a program that has ended told at its very end, if anything."""
        payments = self._state.load.payments.total()
        await self._readings.note(self._state, _READINGS_SECONDS)
        if self._state.heap_bytes or self._state.load.payments.total() != payments:
            await self._sampler.take()

    async def _take(self) -> None:
        if not self._state.up:
            return  # between two processes
        await self._readings.note(self._state, max(_READINGS_SECONDS, self._config.mem_interval_seconds / 2))
        note_others(self._state, await asyncio.to_thread(resident_by_name, self._state.pid, self._program.others))
        await self._sampler.take()

    def _note(self, ending: Ending) -> None:
        seconds = self._elapsed()
        self._console.line(f"{self._program.name} ended after {format_duration(round(seconds))}: {ending.text}")
        self._error = failure(self._program.name, ending, seconds)

    def _on_process(self, pid: int | None) -> None:
        """Go on with another process; one that comes after there was none has been started anew."""
        if pid is None:
            self._console.warning(f"{self._program.name} is gone; waiting until it is started anew")
        elif not self._state.up:
            self._state.restarts += 1
            self._console.warning(f"{self._program.name} has been started anew, process {pid}")
        self._state.pid = pid
        self._state.phase = Phase.STARTING if pid is None else Phase.RUNNING

    async def _conclude(self, csv: Path) -> int:
        if self._state.last_sample is None:
            if self._error is not None and not self._interrupted:
                raise self._error
            self._console.line("Stopped before the first sample: nothing was measured")
            return (
                INTERRUPTED
                if self._interrupted
                else Outcome(False, None, Verdict.INCONCLUSIVE).exit_code(self._config.fail_on)
            )
        ended = await asyncio.to_thread(partial(conclude, [Measured(self._state, csv, self._error)], None))
        self._run.verdict, self._run.verdict_reason = ended.verdict, ended.reason
        self._run.verdict_time = datetime.now(UTC)
        self._console.report(ended.report, ended.verdict)
        return Outcome(self._interrupted, ended.error, ended.verdict).exit_code(self._config.fail_on)

    def _elapsed(self) -> float:
        return asyncio.get_running_loop().time() - self._start if self._start else 0.0

    def _show(self, sample: Sample) -> None:
        self._verdict_watch.add(sample)
        self._console.sample("", sample, self._config.duration_seconds - sample.elapsed_sec)

    def _on_verdict(self, verdict: Verdict, reason: str) -> None:
        self._run.verdict, self._run.verdict_reason = verdict, reason
        self._run.verdict_time = datetime.now(UTC)

    def _on_interrupt(self) -> None:
        """End the watch; one that is over just ends."""
        if self._run.finished:
            self._released.set()
        else:
            self._interrupted = True
            self._stop.set()

    def _on_second_interrupt(self) -> None:
        """End everything at once; a watch that is over is ending anyway."""
        if not self._run.finished:
            self._program.kill()
            self._verdict_watch.kill()
            os._exit(INTERRUPTED)
