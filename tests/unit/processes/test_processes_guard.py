"""Nothing that children have started outlives the process that guards them: neither its end nor its death."""

import asyncio
import os
import signal
import subprocess
import uuid
from collections.abc import Awaitable, Callable

import psutil
import pytest

from exporter.processes import guard
from exporter.processes.child import Child, python_command
from exporter.processes.family import FAMILY, Family
from exporter.processes.guard import guarded
from exporter.processes.watchdog import MARK_VARIABLE, relatives

pytestmark = pytest.mark.processes

LIMIT_SECONDS = 60.0
WAIT = "import sys; sys.stdin.read()"  # until the end is wanted
# Prints the process ids of a worker that has left its parents behind, as daemons do, and goes on.
DAEMON = """
import os, sys, signal, subprocess, time
def daemon(work, **options):
    if os.fork() == 0:
        os.setsid()
        nowhere = {name: subprocess.DEVNULL for name in ("stdin", "stdout", "stderr")}
        print(subprocess.Popen(work, **nowhere, **options).pid, flush=True)
        os._exit(0)
    os.wait()
"""
SLEEP = '["sleep", "600"]'
DEAF = '[sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"]'
LEAVES_ONE = f"{DAEMON}\ndaemon({SLEEP})\ntime.sleep(600)"


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


def in_guard(code: str, use: Callable[[Child, list[int]], Awaitable[None]]) -> list[int]:
    """Guard a child that prints process ids, and use it; return them."""
    pids: list[int] = []

    async def main() -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            async with guarded():
                child = await Child.start(
                    python_command("-c", code), name="test", on_line=lambda line: pids.append(int(line))
                )
                try:
                    await use(child, pids)
                finally:
                    await child.stop()

    asyncio.run(main())
    return pids


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "LOOK_SECONDS", 0.02)


@pytest.mark.parametrize("work", [SLEEP, DEAF])
def test_a_worker_that_has_left_its_parents_is_known_and_ended(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, work: str
) -> None:
    monkeypatch.setattr(guard, "GRACE_SECONDS", 0.5)

    async def use(child: Child, pids: list[int]) -> None:
        await until(lambda: pids and pids[0] in FAMILY.adopted)

    pids = in_guard(f"{DAEMON}\ndaemon({work})\ntime.sleep(600)", use)
    assert not lives(pids[0])
    assert f"left behind by children, and told to end: processes {pids[0]}\n" in caplog.text


def test_a_worker_without_the_mark_is_ended_too() -> None:
    async def use(child: Child, pids: list[int]) -> None:
        await until(lambda: pids and pids[0] in FAMILY.adopted)

    assert not lives(in_guard(f"{DAEMON}\ndaemon({SLEEP}, env={{}})\ntime.sleep(600)", use)[0])


def test_without_any_left_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    async def use(child: Child, pids: list[int]) -> None:
        await until(lambda: pids)

    in_guard(f"print(1, flush=True); {WAIT}", use)
    assert not [record for record in caplog.records if record.name == guard.__name__]


def test_those_that_end_are_taken_leave_of(caplog: pytest.LogCaptureFixture) -> None:
    async def use(child: Child, pids: list[int]) -> None:
        await until(lambda: len(pids) == 20)
        await until(lambda: not any(psutil.pid_exists(pid) for pid in pids))
        assert child.exit is None

    in_guard(f"{DAEMON}\nfor _ in range(20): daemon(['true'])\ntime.sleep(600)", use)
    assert "exit status already read" not in caplog.text


def test_children_that_end_at_once_keep_their_exit_codes() -> None:
    async def main() -> None:
        async with guarded():
            for code in range(20):
                child = await Child.start(["sh", "-c", f"exit {code}"], name="test", on_line=lambda _: None)
                while child.exit is None:
                    FAMILY.look()
                    await asyncio.sleep(0)
                assert child.exit.code == code

    asyncio.run(asyncio.wait_for(main(), LIMIT_SECONDS))


def test_a_child_of_another_kind_is_left_to_who_waits_for_it() -> None:
    async def use(child: Child, pids: list[int]) -> None:
        with subprocess.Popen(["sh", "-c", "exit 7"]) as other:
            await until(lambda: not lives(other.pid))
            FAMILY.look()
            assert other.wait() == 7

    in_guard(WAIT, use)


def test_nobody_is_adopted_afterwards() -> None:
    async def use(child: Child, pids: list[int]) -> None:
        await until(lambda: pids)

    in_guard(f"print(1, flush=True); {WAIT}", use)
    code = f"{DAEMON}\ndaemon({SLEEP})"
    pid = int(subprocess.run(python_command("-c", code), capture_output=True, check=True).stdout)
    assert psutil.Process(pid).ppid() != os.getpid()
    os.kill(pid, signal.SIGKILL)


GUARDED = f"""
import asyncio
from exporter.processes.child import Child, python_command
from exporter.processes.guard import guarded
from exporter.processes.family import FAMILY
async def main():
    async with guarded():
        command = python_command("-c", {LEAVES_ONE!r})
        child = await Child.start(command, name="x", on_line=lambda line: print(line.decode(), flush=True))
        print(FAMILY.watchdog, flush=True)
        print(child.pid, flush=True)
        await child.wait()
asyncio.run(main())
"""


def test_a_watchdog_ends_all_that_a_killed_process_had_started() -> None:
    observer = subprocess.Popen(python_command("-c", GUARDED), stdout=subprocess.PIPE, text=True)
    try:
        assert observer.stdout is not None
        pids = [int(observer.stdout.readline()) for _ in range(3)]
        observer.kill()
        observer.wait()
        _, alive = psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], LIMIT_SECONDS)
        assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    finally:
        observer.kill()
        observer.communicate()


def test_a_watchdog_that_is_killed_is_said_and_started_again(caplog: pytest.LogCaptureFixture) -> None:
    async def use(child: Child, pids: list[int]) -> None:
        first = FAMILY.watchdog
        os.kill(first, signal.SIGKILL)
        await until(lambda: FAMILY.watchdog != first)

    in_guard(WAIT, use)
    assert "the watchdog ended: killed by SIGKILL" in caplog.text
    assert "it is started again in 0.1 s" in caplog.text


def test_without_a_watchdog_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(guard, "_COMMAND", ("/no/such/program",))
    monkeypatch.setattr(guard, "PAUSES_SECONDS", (0.01, 0.01))

    async def use(child: Child, pids: list[int]) -> None:
        await until(lambda: "there is none any more" in caplog.text)

    in_guard(WAIT, use)
    assert caplog.text.count("the watchdog can't be started: No such file or directory") == 3


def test_the_watchdog_takes_no_signal_of_a_terminal_and_has_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALICE_SEED", "a secret")

    async def use(child: Child, pids: list[int]) -> None:
        process = psutil.Process(FAMILY.watchdog)
        assert os.getsid(process.pid) == process.pid
        await until(lambda: process.environ())
        assert not process.environ().keys() & {"ALICE_SEED", MARK_VARIABLE}

    in_guard(WAIT, use)


def test_marks_of_runs_that_observe_one_another_are_all_kept() -> None:
    inner = Family()
    found = inner.environment({MARK_VARIABLE: "outer"})[MARK_VARIABLE]
    assert found == f"outer:{inner.mark}"


def test_a_stranger_is_no_relative() -> None:
    mark, other = uuid.uuid4().hex, uuid.uuid4().hex  # not those of tests that run at the same time
    stranger = subprocess.Popen(["sleep", "600"], env={"OTHER": "mark", "MARK": mark})
    kin = subprocess.Popen(["sleep", "600"], env={MARK_VARIABLE: mark})
    try:
        assert relatives(mark, ()) == {kin.pid}
        assert relatives(other, {stranger.pid}) == {stranger.pid}
    finally:
        for process in (stranger, kin):
            process.kill()
            process.wait()
