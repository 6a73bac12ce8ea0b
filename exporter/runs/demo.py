"""A demonstration: a run that leaks, its clean twin beside it, and a page of both."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from exporter.checked import printable
from exporter.errors import ConfigError, LoadError
from exporter.exit_codes import ExitCode
from exporter.processes.child import Child, StopLimits, python_command
from exporter.runs.group import together

PAGE = "report.html"
# Both reconnect again and again; one of them never disconnects first.
TWINS: Mapping[str, str] = {"leak": "--abandon-instances", "clean": "--reconnect-cycles"}
_LOAD = (
    *("--duration", "2m5s", "--interval", "0s", "--mem-interval", "5s", "--reconnect-every", "5"),
    # Two minutes of readings at rest are enough to rule a leak out if there are ten of them.
    *("--settle-every", "10", "--settle-min-gap", "5s", "--listen-address", "127.0.0.1:0", "--csv-overwrite"),
)

_STOP = StopLimits(asked_seconds=0)  # a run is asked to end by SIGTERM


def demo(directory: Path, say: Callable[[str], None], load: tuple[str, ...] = _LOAD) -> None:
    """Make both runs at once and write the page; ``say`` gets a line for each thing that happens.

    Raises ConfigError for a directory that can't be written, LoadError for a run that failed.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"output is {str(directory)!r}, which can't be made: {error.strerror}") from error
    say("Two runs of two minutes, side by side. Both connect two wallets again after every fifth payment:")
    say("'clean' disconnects the old ones first, 'leak' drops them. Memory at rest shows the difference.")
    asyncio.run(together(_run(name, directory, load, say) for name in TWINS))
    # numpy and the charts are not needed before.
    from exporter.analysis.series import read_csv
    from exporter.report.page import conclusion, write_page
    from exporter.report.prepared import prepare
    from exporter.report.runs import ReportRun

    runs = prepare([ReportRun(name, read_csv(_csv(directory, name))) for name in TWINS])
    write_page(directory / PAGE, runs, "A leak and its clean twin")
    for run in runs:
        say(f"{run.label}: {run.judgement.verdict}: {run.judgement.reason}")
    say(conclusion(runs))
    say(f"Page: {directory / PAGE}")


async def _run(name: str, directory: Path, load: tuple[str, ...], say: Callable[[str], None]) -> None:
    def show(line: bytes) -> None:
        text = printable(line.decode(errors="replace"))
        if text.startswith("["):  # a sample
            say(f"{name:5} {text}")

    command = ("-m", "exporter", "run", *load, TWINS[name], "--csv", str(_csv(directory, name)))
    child = await Child.start(python_command(*command), name=name, on_line=show)
    try:
        end = await child.wait()
    finally:
        await child.stop(limits=_STOP)
    if end.code not in (ExitCode.NO_LEAK, ExitCode.LEAK):
        raise LoadError(f"the run '{name}' failed with {end.text}: {child.last_words or 'see the log'}")


def _csv(directory: Path, name: str) -> Path:
    return directory / f"{name}.csv"
