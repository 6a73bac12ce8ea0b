"""A watch: a program that is no driver, measured from outside, with what it tells of itself."""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Sequence
from typing import ClassVar

from exporter.durations import format_duration
from exporter.record.state import RunState, SubjectState
from exporter.runs.group import SubjectGroup
from exporter.runs.lifecycle import Lifecycle, Outputs, outputs, run_state
from exporter.runs.logs import set_up_logging
from exporter.runs.watched_program import WatchedProgram
from exporter.settings.watch import AgentChoice, WatchConfig
from exporter.watch.agents.agents import Agents
from exporter.watch.agents.go import GoSource
from exporter.watch.agents.jvm import JvmSource
from exporter.watch.control_group import ControlGroup, GroupMemorySource
from exporter.watch.followed_csv import CsvSource
from exporter.watch.near_rest import NearRest
from exporter.watch.program import Program, RunningProgram, StartedProgram
from exporter.watch.relay import Relay
from exporter.watch.sources import ExpvarSource, OutputSource, PprofSource, PrometheusSource, Source


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
    heaps = _sources(config, program.began)
    sources = [*heaps, *([output] if output else [])]
    settings = {"program": program.name, **config.as_text()}
    async with contextlib.AsyncExitStack() as around:
        around.callback(relay.close)
        agents = None
        # A heap that the program tells by itself would be told twice.
        choice = "none" if config.agent == "auto" and heaps else config.agent
        asked = _asked(choice, program)
        given: Sequence[str] = ()
        if isinstance(program, StartedProgram):
            agents = Agents(choice, config.command, config.mem_interval_seconds, program.members)
            program.environment = await around.enter_async_context(agents)
            given = agents.names
            sources = [*([agents.source] if given else []), *sources]
        sources += asked
        settings["agent"] = " ".join([*given, *(source.name for source in asked)]) or "none"
        if isinstance(program, ControlGroup):
            sources.append(GroupMemorySource(program.directory))
        state = run_state(config, settings, [SubjectState(program.name, others=program.others)])
        opened = await around.enter_async_context(outputs(config, state, {program.name: config.csv}))
        # What else a program tells by itself is not read at its lowest.
        at_lowest = all(isinstance(source, PprofSource | ExpvarSource) for source in heaps)
        near_rest = NearRest() if output and at_lowest else None
        return await Watch(config, state, opened, program, sources, agents, near_rest).run()


def _program(config: WatchConfig, on_output: Callable[[bytes], None]) -> Program:
    if config.command:
        return StartedProgram(config.command, on_output)
    return ControlGroup(config.cgroup) if config.cgroup else RunningProgram(config.pid, config.process_name)


def _asked(choice: AgentChoice, program: Program) -> list[Source]:
    """What reads the heaps of programs that nothing is put into; a Go program is asked only if it was started here."""
    sources: list[Source] = []
    if choice in ("auto", "go") and isinstance(program, StartedProgram):
        sources.append(GoSource(program.members))
    if choice in ("auto", "jvm"):
        sources.append(JvmSource(program.members))
    return sources


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


class Watch(Lifecycle):
    """A watch in progress."""

    _stopping: ClassVar[str] = "Stopping; Ctrl-C again stops at once"

    def __init__(
        self,
        config: WatchConfig,
        state: RunState,
        outputs: Outputs,
        program: Program,
        sources: Sequence[Source],
        agents: Agents | None,
        near_rest: NearRest | None,
    ) -> None:
        super().__init__(config, state, outputs)
        self._agents = agents
        self._watched = WatchedProgram(config, self._surroundings(program.name), program, sources, near_rest)

    @property
    def _subjects(self) -> SubjectGroup:
        return SubjectGroup([self._watched])

    async def _start(self) -> None:
        await self._watched.start()
        limit = format_duration(self._config.duration_seconds)
        state = self._watched.state
        self._console.line(f"Watching {state.driver}, process {state.pid}, for {limit} at most")

    async def _end(self) -> None:
        """Nothing: only the program was started."""

    def _kill(self) -> None:
        if self._agents is not None:
            self._agents.remove()
