"""A subject: its hello, its answers, its end, whatever its process does."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from exporter.drivers.protocol import BAD_ANSWER, BadLine, Bye, Heap, Hello, Received, SdkEvent
from exporter.drivers.subject import CommandError, Subject
from exporter.errors import SubjectError
from exporter.processes.child import Exit, StopLimits

pytestmark = pytest.mark.processes

LIMIT_SECONDS = 120.0
FAKE_DRIVER = str(Path(__file__).parents[2] / "fixtures" / "fake_driver.py")
CONFIG = {"network": {"network": "regtest"}, "storage_dir": "/nonexistent", "wallets": {"alice": "", "bob": ""}}
HELLO = '{"type":"hello","protocol":1,"driver":"x"}'


def with_subject(
    argv: list[str], use: Callable[[Subject], Awaitable[None]], hello_timeout: float = LIMIT_SECONDS
) -> list[Received]:
    """Start a driver, use it, and return what it has sent besides answers."""

    async def main() -> list[Received]:
        messages: list[Received] = []
        subject = await Subject.start(argv, CONFIG, messages.append, name="test", hello_timeout=hello_timeout)
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                await use(subject)
        finally:
            await subject.stop(StopLimits(5, 1))
        return messages

    return asyncio.run(main())


def fake(*args: str) -> list[str]:
    return [sys.executable, FAKE_DRIVER, *args]


def scripted(code: str) -> list[str]:
    """A driver that reads its configuration, then does ``code``."""
    return [sys.executable, "-c", f"import json, os, sys, time\nsys.stdin.readline()\n{code}"]


async def pay(subject: Subject, amount: int = 10) -> float:
    _, seconds = await subject.request("pay", **{"from": "alice", "to": "bob"}, rail="spark", amount_sats=amount)
    return seconds


def test_commands_are_answered_and_messages_passed_on() -> None:
    ended: list[Exit] = []

    async def use(subject: Subject) -> None:
        assert subject.hello.driver == "fake-python"
        assert subject.hello.pid == subject.pid
        for wallet in ("alice", "bob"):
            await subject.request("connect", instance=wallet, wallet=wallet)
            await subject.request("add_listeners", instance=wallet, count=2)
        assert await pay(subject) >= 0.02
        balances = [(await subject.request("balance", instance=wallet))[0] for wallet in ("alice", "bob")]
        assert balances == [{"balance_sats": 49_990}, {"balance_sats": 50_010}]
        measured, _ = await subject.request("measure")
        assert measured["heap_bytes"]["python"] > 100_000
        assert measured["objects"] > 1000
        ended.append(await subject.stop())

    messages = with_subject(fake("--payment-seconds", "0.02"), use)
    assert ended == [Exit(0)]
    assert isinstance(messages[0], Hello)
    assert messages[-1] == Bye("stopped")
    assert messages.count(SdkEvent("payment_succeeded", "alice")) == 2
    heaps = [message for message in messages if isinstance(message, Heap)]
    assert heaps
    assert {"python", "native", "mmap"} <= heaps[0].heap_bytes.keys()


def test_several_commands_are_in_flight_at_once() -> None:
    async def use(subject: Subject) -> None:
        await asyncio.gather(*(pay(subject) for _ in range(20)))

    code = f"""
print({HELLO!r}, flush=True)
for command in [json.loads(sys.stdin.readline()) for _ in range(20)]:
    print(json.dumps({{"type": "done", "id": command["id"], "ok": True}}), flush=True)
sys.stdin.read()"""
    with_subject(scripted(code), use)


@pytest.mark.parametrize(
    ("do", "args", "kind"),
    [
        ("balance", {"instance": "alice"}, "not_connected"),
        ("fly", {}, "unknown_command"),
        ("balance", {}, "key_error"),
    ],
)
def test_a_command_that_fails_is_an_error_with_its_kind(do: str, args: dict[str, str], kind: str) -> None:
    async def use(subject: Subject) -> None:
        with pytest.raises(CommandError) as failure:
            await subject.request(do, **args)
        assert (failure.value.do, failure.value.kind) == (do, kind)

    with_subject(fake(), use)


def test_a_subject_that_dies_fails_the_commands_in_flight_and_all_later_ones() -> None:
    async def use(subject: Subject) -> None:
        for wallet in ("alice", "bob"):
            await subject.request("connect", instance=wallet, wallet=wallet)
        outcomes = await asyncio.gather(*(pay(subject) for _ in range(3)), return_exceptions=True)
        died = [outcome for outcome in outcomes if isinstance(outcome, SubjectError)]
        assert died
        assert "killed by SIGKILL" in str(died[0])
        with pytest.raises(SubjectError, match="driver 'test' ended"):
            await subject.request("measure")
        assert (await subject.wait()).code == -9

    with_subject(fake("--crash-after", "1"), use)


async def nothing(_: Subject) -> None:
    pass


def test_a_driver_that_ends_before_hello_is_reported_with_its_last_words() -> None:
    with pytest.raises(SubjectError, match=r"ended before it said hello: exit code 3; no such library"):
        with_subject(scripted("sys.stderr.write('no such library\\n'); sys.exit(3)"), nothing)


def test_a_driver_that_refuses_its_configuration_says_why() -> None:
    with pytest.raises(SubjectError, match="exit code 2; no money"):
        with_subject(
            scripted("""print('{"type":"bye","reason":"error","message":"no money"}'); sys.exit(2)"""), nothing
        )


def test_a_silent_driver_is_given_up() -> None:
    with pytest.raises(SubjectError, match=r"sent nothing for 0\.5 s; run it by hand"):
        with_subject(scripted("time.sleep(600)"), nothing, hello_timeout=0.5)


ANSWERING = f"""
print({HELLO!r}, flush=True)
for line in sys.stdin:
    command = json.loads(line)
    if command["do"] == "stop": break
    if command["do"] == "hang": time.sleep(600)
    print('{{"type":"done","id":' + str(command["id"]) + ',"ok":true}}', flush=True)"""


def test_a_driver_that_does_nothing_but_answer_is_not_silent() -> None:
    async def use(subject: Subject) -> None:
        silence = asyncio.create_task(subject.silence(0.5))
        clock = asyncio.get_running_loop().time
        end = clock() + 2
        while clock() < end:
            await subject.request("x")
        # Nor is one that is not asked anything.
        await asyncio.wait([silence], timeout=1.5)
        assert not silence.done()
        silence.cancel()

    with_subject(scripted(ANSWERING), use)


def test_a_driver_that_owes_an_answer_and_sends_nothing_is_silent() -> None:
    async def use(subject: Subject) -> None:
        owed = asyncio.create_task(subject.request("hang"))
        with pytest.raises(SubjectError, match=r"driver 'test' sent nothing for 0\.5 s; .* raise --driver-timeout"):
            await subject.silence(0.5)
        owed.cancel()
        subject.kill()

    with_subject(scripted(ANSWERING), use)


def test_a_driver_of_another_version_is_refused() -> None:
    with pytest.raises(SubjectError, match="speaks version 9 of the protocol, this exporter 1"):
        with_subject(scripted(f"print({HELLO.replace('1', '9')!r}, flush=True); sys.stdin.read()"), nothing)


def test_a_command_that_does_not_exist_is_reported() -> None:
    with pytest.raises(SubjectError, match="can't be started"):
        with_subject(["/no/such/driver"], nothing)


def test_lines_that_are_no_messages_are_told_and_do_no_harm() -> None:
    async def use(subject: Subject) -> None:
        result, _ = await subject.request("x")
        assert result == {"y": 1}

    code = f"""
for i in range(30): print('progress', i)
print('x' * 2_000_000)
print({HELLO!r}, flush=True)
print('{{"type":"done","id":' + str(json.loads(sys.stdin.readline())['id']) + ',"ok":true,"y":1}}', flush=True)
sys.stdin.read()"""
    messages = with_subject(scripted(code), use)
    assert [type(message) for message in messages] == [*[BadLine] * 31, Hello]
    assert messages[30] == BadLine("it is too long")


def test_an_answer_that_is_none_is_a_failed_command() -> None:
    async def use(subject: Subject) -> None:
        for do in ("balance", "fly", "measure"):
            with pytest.raises(CommandError) as failure:
                await subject.request(do)
            assert (failure.value.do, failure.value.kind) == (do, BAD_ANSWER)

    code = f"""
print({HELLO!r}, flush=True)
answers = {{"balance": '"ok":true,"balance_sats":"NaN"', "measure": '"ok":true'}}
answers["fly"] = '"ok":true,"seconds":1' + "0" * 400
for line in sys.stdin:
    command = json.loads(line)
    if command["do"] == "stop": break
    print('{{"type":"done","id":' + str(command["id"]) + ',' + answers[command["do"]] + '}}', flush=True)"""
    with_subject(scripted(code), use)


def test_answers_nobody_waits_for_are_ignored() -> None:
    async def use(subject: Subject) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await subject.request("slow")
        result, _ = await subject.request("fast")
        assert result == {"do": "fast"}

    code = f"""
print({HELLO!r}, flush=True)
for line in sys.stdin:
    command = json.loads(line)
    if command["do"] == "stop": break
    if command["do"] == "slow": time.sleep(0.2)
    print(json.dumps({{"type": "done", "id": command["id"], "ok": True, "do": command["do"]}}), flush=True)"""
    with_subject(scripted(code), use)


def test_a_driver_whose_input_closes_stops_by_itself() -> None:
    async def main() -> Exit:
        process = await asyncio.create_subprocess_exec(
            *fake(), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(process.communicate(b'{"protocol":1,"wallets":{}}\n'), LIMIT_SECONDS)
        assert out.splitlines()[-1] == b'{"type":"bye","reason":"stopped","message":""}'
        return Exit(process.returncode or 0)

    assert asyncio.run(main()) == Exit(0)
