"""The supervisor, on real child processes: those that behave, and those that don't."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from exporter.processes.child import Child, Exit, StopLimits
from exporter.processes.child_log import LINES_PER_PERIOD, PERIOD_SECONDS, FloodFilter
from exporter.watch.program import StartedProgram

pytestmark = pytest.mark.processes

LONG_SECONDS = 120.0


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def with_child(
    code: str,
    use: Callable[[Child, list[bytes]], Awaitable[Exit]],
    on_overlong: Callable[[], None] | None = None,
) -> tuple[Exit, list[bytes]]:
    """Start a child, use it, and return its end and its lines; never longer than a bound."""

    async def main() -> tuple[Exit, list[bytes]]:
        lines: list[bytes] = []
        child = await Child.start(python(code), name="test", on_line=lines.append, on_overlong=on_overlong)
        try:
            async with asyncio.timeout(LONG_SECONDS):
                return await use(child, lines), lines
        finally:
            child.kill()

    return asyncio.run(main())


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def wait(child: Child, _: list[bytes]) -> Exit:
    return await child.wait()


def test_lines_and_exit_code_are_reported() -> None:
    code = "print('one'); print('two', end=''); raise SystemExit(3)"
    end, lines = with_child(code, wait)
    assert (end, end.text, lines) == (Exit(3), "exit code 3", [b"one", b"two"])


SECRETS = ("ALICE_SEED", "BOB_SEED", "FAUCET_USERNAME", "FAUCET_PASSWORD", "FAUCET_URL", "MEMTEST_FAUCET_URL")
SHOW = "import os; print(*sorted(name for name, value in os.environ.items() if value == 'a secret'))"


@pytest.mark.parametrize("suffix", ["", "_FILE"])
def test_no_child_inherits_secrets(monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name if name.startswith("MEMTEST_") else name + suffix, "a secret")
    monkeypatch.setenv("OTHER", "a secret")
    assert with_child(SHOW, wait) == (Exit(0), [b"OTHER"])


def test_a_watched_program_has_the_whole_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "a secret")
    printed = bytearray()

    async def main() -> None:
        program = StartedProgram(python(SHOW), printed.extend)
        await program.start()
        await program.ended(lambda _: None)

    asyncio.run(main())
    assert printed.decode().split() == sorted(SECRETS)


def test_death_by_a_signal_is_reported_by_name() -> None:
    end, _ = with_child("import os; os.kill(os.getpid(), 11)", wait)
    assert end.text == "killed by SIGSEGV"


def test_a_program_that_does_not_exist_is_an_oserror() -> None:
    async def main() -> None:
        await Child.start(["/no/such/program"], name="test", on_line=lambda _: None)

    with pytest.raises(FileNotFoundError):
        asyncio.run(main())


def test_a_well_behaved_child_stops_when_asked() -> None:
    async def use(child: Child, lines: list[bytes]) -> Exit:
        child.write(b"hello\n")
        await until(lambda: lines)
        first, second = await asyncio.gather(child.stop(b"stop\n"), child.stop(b"stop\n"))
        assert first == second
        return first

    code = "import sys\nfor line in sys.stdin:\n  print(line.strip(), flush=True)\n  if line == 'stop\\n': sys.exit(0)"
    end, lines = with_child(code, use)
    assert end == Exit(0)
    assert lines == [b"hello", b"stop"]


def test_a_child_that_only_reads_its_input_ends_with_it() -> None:
    end, _ = with_child("import sys; sys.stdin.read()", lambda child, _: child.stop())
    assert end == Exit(0)


@pytest.mark.parametrize(
    ("handler", "patience", "expected"),
    [("signal.SIG_DFL", LONG_SECONDS, -signal.SIGTERM), ("signal.SIG_IGN", 0.3, -signal.SIGKILL)],
)
def test_a_deaf_child_is_terminated_and_then_killed(handler: str, patience: float, expected: int) -> None:
    async def use(child: Child, lines: list[bytes]) -> Exit:
        await until(lambda: lines)
        return await child.stop(limits=StopLimits(asked_seconds=0.3, terminated_seconds=patience))

    code = f"import signal, time; signal.signal(signal.SIGTERM, {handler}); print('up', flush=True); time.sleep(600)"
    end, _ = with_child(code, use)
    assert end == Exit(expected)


def test_what_a_child_has_started_ends_with_it() -> None:
    grandchild: list[psutil.Process] = []

    async def use(child: Child, lines: list[bytes]) -> Exit:
        await until(lambda: lines)
        grandchild.append(psutil.Process(int(lines[0])))
        return await child.wait()

    code = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True); input()"
    end, _ = with_child("import os\n" + code.replace("input()", "os._exit(0)"), use)
    assert end == Exit(0)
    psutil.wait_procs(grandchild, timeout=LONG_SECONDS)
    assert not grandchild[0].is_running() or grandchild[0].status() == psutil.STATUS_ZOMBIE


def test_a_flood_without_newline_does_not_grow_the_observer() -> None:
    megabytes = 200
    before = psutil.Process().memory_info().rss

    code = f"import sys\nfor _ in range({megabytes}): sys.stdout.write('x' * 1_000_000)\nprint('\\nlast')"
    overlong: list[int] = []
    end, lines = with_child(code, wait, on_overlong=lambda: overlong.append(1))
    assert end == Exit(0)
    assert lines == [b"last"]
    assert overlong == [1]
    assert psutil.Process().memory_info().rss - before < 30e6


def test_standard_error_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    words: list[str] = []

    async def use(child: Child, _: list[bytes]) -> Exit:
        end = await child.wait()
        words.append(child.last_words)
        return end

    with caplog.at_level(logging.INFO, logger="exporter.child"):
        with_child("import sys; sys.stderr.write('first\\n\\nlast words')", use)
    assert [record.getMessage() for record in caplog.records if record.name == "exporter.child.test"] == [
        "first",
        "last words",
    ]
    assert words == ["last words"]


def test_a_flood_on_standard_error_is_bounded_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="exporter.child"):
        with_child(f"import sys\nfor i in range(50 * {LINES_PER_PERIOD}): print(i, file=sys.stderr)", wait)
    assert len(caplog.records) <= LINES_PER_PERIOD


def test_what_was_left_out_of_the_log_is_said() -> None:
    now = [0.0]
    log = FloodFilter(lambda: now[0])

    def record() -> logging.LogRecord:
        return logging.LogRecord("x", logging.INFO, "f", 1, "line %s", ("x",), None)

    assert sum(log.filter(record()) for _ in range(LINES_PER_PERIOD + 7)) == LINES_PER_PERIOD
    now[0] += PERIOD_SECONDS
    later = record()
    assert log.filter(later)
    assert later.getMessage() == "(7 lines left out) line x"
    assert log.filter(record())


def test_a_line_that_can_not_be_handled_costs_no_other_line() -> None:
    handled: list[bytes] = []

    def handle(line: bytes) -> None:
        if line == b"bad":
            raise RuntimeError("on purpose")
        handled.append(line)

    async def main() -> Exit:
        code = "print('one\\nbad\\ntwo', flush=True); input(); print('bad\\nthree')"
        child = await Child.start(python(code), name="test", on_line=handle)
        async with asyncio.timeout(LONG_SECONDS):
            await until(lambda: len(handled) == 2)
            child.write(b"\n")
            return await child.wait()

    assert asyncio.run(main()) == Exit(0)
    assert handled == [b"one", b"two", b"three"]


def test_a_killed_observer_leaves_no_orphan(tmp_path: Path) -> None:
    observer_code = """
import asyncio, sys
from exporter.processes.child import Child
async def main():
    child = await Child.start([sys.executable, "-c", "import time; time.sleep(600)"], name="x", on_line=print)
    print(child.pid, flush=True)
    await child.wait()
asyncio.run(main())
"""
    observer = subprocess.Popen(python(observer_code), stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])
    try:
        assert observer.stdout is not None
        orphan = psutil.Process(int(observer.stdout.readline()))
        os.kill(observer.pid, signal.SIGKILL)
        psutil.wait_procs([orphan], timeout=LONG_SECONDS)
        assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    finally:
        observer.kill()
        observer.communicate()
