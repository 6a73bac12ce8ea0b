"""The agent of a driver in Rust: the protocol and jemalloc's figures, whatever the SDK does."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable

import pytest
from rust_driver import rust_driver

from exporter.checked import Json
from exporter.drivers.protocol import BadLine, Heap, Received
from exporter.drivers.subject import CommandError, Subject
from exporter.processes.child import Exit

pytestmark = pytest.mark.e2e

LIMIT_SECONDS = 240.0
MIB = 1 << 20


def with_driver(use: Callable[[Subject, list[Received]], Awaitable[None]]) -> Exit:
    async def main() -> Exit:
        messages: list[Received] = []
        subject = await Subject.start([str(rust_driver())], {}, messages.append, name="rust")
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                await use(subject, messages)
                return await subject.stop()
        finally:
            subject.kill()

    return asyncio.run(main())


def test_it_says_what_it_is_and_how_large() -> None:
    async def use(subject: Subject, messages: list[Received]) -> None:
        assert (subject.hello.driver, subject.hello.language, subject.hello.pid) == ("keeper", "rust", subject.pid)
        while sum(isinstance(message, Heap) for message in messages) < 2:
            await asyncio.sleep(0.01)
        heap = next(message for message in messages if isinstance(message, Heap))
        assert heap.heap_bytes.keys() == {"native"}
        assert heap.allocator_bytes.keys() == {"allocated", "active", "resident", "retained", "free"}
        assert 0 < heap.heap_bytes["native"] <= heap.allocator_bytes["allocated"] <= heap.allocator_bytes["active"]
        assert heap.allocator_bytes["active"] <= heap.allocator_bytes["resident"]

    assert with_driver(use) == Exit(0)


@pytest.mark.parametrize(("do", "grown_mib"), [("keep", 16), ("malloc", 16), ("use", 0)])
def test_the_heap_grows_by_what_is_kept_and_by_nothing_else(do: str, grown_mib: int) -> None:
    async def use(subject: Subject, _: list[Received]) -> None:
        before = await native_bytes(subject)
        for _round in range(16):
            await subject.request(do, bytes=MIB)
        assert abs(await native_bytes(subject) - before - grown_mib * MIB) < MIB

    with_driver(use)


def test_what_is_released_goes_back_to_the_kernel_when_trimmed() -> None:
    async def use(subject: Subject, _: list[Received]) -> None:
        await subject.request("keep", bytes=64 * MIB)
        held = await allocator_bytes(subject)
        await subject.request("collect_garbage")
        assert await allocator_bytes(subject) > held - MIB
        await subject.request("release")
        await subject.request("trim")
        assert await allocator_bytes(subject) < held - 60 * MIB

    with_driver(use)


async def native_bytes(subject: Subject) -> int:
    return int((await subject.request("measure"))[0]["heap_bytes"]["native"])


async def allocator_bytes(subject: Subject) -> int:
    return int((await subject.request("measure"))[0]["allocator_bytes"]["resident"])


def test_what_the_sdk_prints_does_not_spoil_the_protocol() -> None:
    async def use(subject: Subject, messages: list[Received]) -> None:
        await subject.request("print")
        assert not any(isinstance(message, BadLine) for message in messages)

    assert with_driver(use) == Exit(0)


@pytest.mark.parametrize(
    ("do", "args", "kind"),
    [("panic", {}, "panic"), ("keep", {"bytes": "many"}, "invalid_arguments"), ("pay", {}, "unknown_command")],
)
def test_a_command_that_fails_is_answered_and_the_next_is_done(do: str, args: dict[str, Json], kind: str) -> None:
    async def use(subject: Subject, _: list[Received]) -> None:
        with pytest.raises(CommandError) as failure:
            await subject.request(do, **args)
        assert failure.value.kind == kind
        assert str(failure.value)
        assert await native_bytes(subject) > 0

    assert with_driver(use) == Exit(0)


def test_a_command_in_flight_holds_up_neither_the_next_nor_the_end() -> None:
    async def use(subject: Subject, _: list[Received]) -> None:
        hanging = asyncio.create_task(subject.request("hang"))
        await native_bytes(subject)
        assert not hanging.done()
        hanging.cancel()

    assert with_driver(use) == Exit(0)


@pytest.mark.parametrize(
    ("configuration", "complaint"),
    [
        (b"nonsense 5eed\n", b"not a JSON object"),
        (b'{"protocol":7}\n', b"protocol is 7, this driver speaks 1"),
        (b'{"protocol":1,"wallets":"5eed"}\n', b"wrong kind of value"),
    ],
)
def test_a_configuration_it_can_not_read_is_refused(configuration: bytes, complaint: bytes) -> None:
    done = subprocess.run([rust_driver()], input=configuration, capture_output=True, timeout=LIMIT_SECONDS, check=False)
    assert done.returncode == 2
    assert complaint in done.stdout
    assert b"5eed" not in done.stdout + done.stderr
