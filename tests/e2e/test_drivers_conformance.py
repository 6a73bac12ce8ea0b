"""Every driver does what docs/driver-protocol.md says: the real bindings on a local network, and one without SDK."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from fake_load import FAKE_DRIVER, NO_NETWORK, FakeLoad, with_load
from rust_driver import rust_driver

from exporter.checked import Json
from exporter.drivers.protocol import Bye, Heap, Hello, parse_message
from exporter.drivers.registry import command_of
from exporter.drivers.rust_binding import SDK_SOURCE
from exporter.drivers.subject import CommandError
from exporter.processes.child import Exit
from exporter.processes.local_network import NetworkChild, start_network
from exporter.settings.drivers import DRIVERS
from exporter.settings.faucet import FaucetSettings
from exporter.settings.load import WorkloadSettings
from exporter.workload.wallets import driver_config, make_seeds

pytestmark = pytest.mark.e2e

LIMIT_SECONDS = 600.0
AMOUNT = 1000
MIB = 1 << 20
PROFILED: Mapping[str, Json] = {"traced_frames": 4}
LISTENERS = 2000
REPEATABLE_BYTES = 64 * 1024

# The SDK that the Rust driver is built with is in no package registry.
WITH_SDK = [name for name in DRIVERS if name != "rust" or SDK_SOURCE in os.environ]


@dataclass(frozen=True)
class Tried:
    """A driver's command, and the network that it pays on."""

    command: tuple[str, ...]
    network: Mapping[str, Json]
    faucet: FaucetSettings | None = None


@pytest.fixture(scope="module")
def network() -> Iterator[NetworkChild]:
    async def begin() -> NetworkChild:
        return await start_network((sys.executable, "-m", "exporter.network"))

    with asyncio.Runner() as runner:
        child = runner.run(begin())
        yield child
        runner.run(child.stop())


@pytest.fixture(params=["fake", *WITH_SDK])
def tried(request: pytest.FixtureRequest) -> Tried:
    if request.param == "fake":
        return Tried((sys.executable, str(FAKE_DRIVER)), NO_NETWORK)
    if request.param == "rust without SDK":
        return Tried((str(rust_driver()),), NO_NETWORK)
    command = asyncio.run(command_of(request.param, print))
    file = request.getfixturevalue("network").file
    return Tried(command, file, FaucetSettings(file["faucet"]["url"]))


def test_it_does_every_command(tried: Tried, tmp_path: Path) -> None:
    done = with_load(
        WorkloadSettings(payment_type="both", prefer_spark=False),
        every_command,
        command=tried.command,
        network=tried.network,
        faucet=tried.faucet,
        storage_dir=str(tmp_path),
        limit_seconds=LIMIT_SECONDS,
    )
    assert done.end == Exit(0)
    assert done.state.bad_lines == 0
    assert done.state.load.sdk_events["payment_succeeded"] > 0
    assert done.state.language


async def every_command(load: FakeLoad) -> None:
    ask = load.subject.request
    await load.workload.prepare()  # connects, listens and funds

    started = await balances(load)
    for rail in ("spark", "lightning"):
        paid, seconds = await ask("pay", **{"from": "alice", "to": "bob"}, rail=rail, amount_sats=AMOUNT)
        assert paid["fees_sats"] >= 0
        assert seconds > 0
    for wallet in ("alice", "bob"):
        await ask("sync", instance=wallet)
    ended = await balances(load)
    assert ended["bob"] - started["bob"] == 2 * AMOUNT
    assert started["alice"] - ended["alice"] >= 2 * AMOUNT

    invoice = (await ask("invoice", instance="bob", amount_sats=AMOUNT))[0]["invoice"]
    await ask("pay_request", **{"from": "alice"}, request=invoice)
    for address in ("spark_address", "deposit_address"):
        assert (await ask(address, instance="bob"))[0]["address"]
    assert (await ask("list_payments", instance="alice", limit=2, destroy=True))[0]["count"] == 2

    await ask("add_listeners", instance="alice", count=3)
    await ask("remove_listeners", instance="alice", count=3)

    await ask("connect", instance="alice-extra-1", wallet="alice", optimize_leaves=False)
    await ask("abandon", instance="alice-extra-1")
    assert await refused(load, "balance", instance="alice-extra-1") == "not_connected"
    await ask("build", instance="alice-extra-2", wallet="alice")
    for shared in (True, True, False):
        # As on a server, whose instances do nothing that they aren't asked for.
        await ask("connect", instance="alice-served", wallet="alice", optimize_leaves=False, server=True, shared=shared)
        await ask("sync", instance="alice-served")
        await ask("pay", **{"from": "alice-served", "to": "bob"}, rail="spark", amount_sats=AMOUNT)
        await ask("disconnect", instance="alice-served")
    assert await refused(load, "balance", instance="alice-extra-2") == "not_connected"
    await ask("disconnect", instance="bob", keep_listeners=True)
    assert await refused(load, "sync", instance="bob") == "not_connected"
    await ask("connect", instance="bob", wallet="bob")
    await ask("sync", instance="bob")
    assert await refused(load, "connect", instance="bob", wallet="bob") == "already_connected"
    assert await refused(load, "pay_request", **{"from": "alice"}, request=invoice)

    await ask("collect_garbage")
    heap = (await ask("measure"))[0]["heap_bytes"]
    assert all(isinstance(size, int) and size >= 0 for size in heap.values())
    assert sum(heap.values()) > 0
    await ask("trim")
    assert await refused(load, "no_such_command") == "unknown_command"
    assert await refused(load, "profile", kind="heap", path="/nonexistent", seconds=0) == "unknown_command"


@pytest.mark.parametrize("tried", WITH_SDK, indirect=True)
def test_abandoned_instances_stay_in_the_heap_and_disconnected_ones_do_not(tried: Tried, tmp_path: Path) -> None:
    async def come_and_go(load: FakeLoad) -> None:
        await heap_after(load, "disconnect")  # what the first instances leave for the others
        started = await heap_after(load, "disconnect")
        disconnected = await heap_after(load, "disconnect")
        abandoned = await heap_after(load, "abandon")
        assert disconnected - started < MIB
        assert abandoned - disconnected > MIB

    done = with_load(
        WorkloadSettings(),
        come_and_go,
        command=tried.command,
        network=tried.network,
        storage_dir=str(tmp_path),
        limit_seconds=LIMIT_SECONDS,
    )
    assert done.end == Exit(0)


async def heap_after(load: FakeLoad, way_to_go: str) -> int:
    """The heap once ten instances have come and gone."""
    ask = load.subject.request
    for _ in range(10):
        await ask("connect", instance="alice", wallet="alice")
        await ask(way_to_go, instance="alice")
    await ask("collect_garbage")
    return sum((await ask("measure"))[0]["heap_bytes"].values())


async def balances(load: FakeLoad) -> dict[str, int]:
    asked = {name: load.subject.request("balance", instance=name) for name in ("alice", "bob")}
    return {name: (await answer)[0]["balance_sats"] for name, answer in asked.items()}


async def refused(load: FakeLoad, do: str, **args: Json) -> str:
    """The kind of error with which the driver refuses a command."""
    with pytest.raises(CommandError) as refusal:
        await load.subject.request(do, **args)
    assert str(refusal.value)
    return refusal.value.kind


@pytest.mark.parametrize(
    "tried", ["fake", *(name for name, known in DRIVERS.items() if "pprof" not in known.lacks)], indirect=True
)
def test_it_writes_profiles_when_it_is_asked_to(tried: Tried, tmp_path: Path) -> None:
    async def profiles(load: FakeLoad) -> None:
        for kind, said in (("heap", "Type: inuse_space"), ("cpu", "Type: cpu")):
            path = tmp_path / kind
            await load.subject.request("profile", kind=kind, seconds=0.2, path=str(path))
            assert said in pprof_top(path)
        assert await refused(load, "profile", kind="weather", path=str(tmp_path / "x"), seconds=0) == "profile_error"

    done = with_load(WorkloadSettings(), profiles, command=tried.command, options=PROFILED, limit_seconds=LIMIT_SECONDS)
    assert done.end == Exit(0)


def test_the_heap_profile_of_the_go_driver_agrees_with_its_memory_statistics(
    network: NetworkChild, tmp_path: Path
) -> None:
    held: list[tuple[int, int]] = []  # by runtime.MemStats, by the profile

    async def look(load: FakeLoad) -> None:
        await load.subject.request("collect_garbage")
        measured = (await load.subject.request("measure"))[0]["heap_bytes"]["go"]
        await load.subject.request("profile", kind="heap", seconds=0, path=str(tmp_path / "heap"))
        told = re.search(r"of (\d+)B total", pprof_top(tmp_path / "heap", "-unit", "B"))
        assert told
        held.append((measured, int(told[1])))

    async def use(load: FakeLoad) -> None:
        await load.subject.request("connect", instance="alice", wallet="alice")
        await load.subject.request("add_listeners", instance="alice", count=10)
        await look(load)
        await load.subject.request("sync", instance="alice")
        await look(load)
        await load.subject.request("add_listeners", instance="alice", count=LISTENERS)
        await look(load)

    with_load(
        WorkloadSettings(),
        use,
        command=asyncio.run(command_of("go", print)),
        network=network.file,
        storage_dir=str(tmp_path / "wallets"),
        options=PROFILED,
        limit_seconds=LIMIT_SECONDS,
    )
    # What the program allocated before it was asked for profiles is in the one and not in the other.
    untold = [measured - told for measured, told in held]
    assert 0 <= min(untold) <= max(untold) < 2 * MIB, held
    # Beside that they differ by what was allocated, and not yet collected, between the two readings.
    assert max(untold) - min(untold) < REPEATABLE_BYTES, held
    clean, kept = (after[1] - before[1] for before, after in pairwise(held))
    assert clean < REPEATABLE_BYTES < 50 * LISTENERS < kept, held


def pprof_top(path: Path, *options: str) -> str:
    command = ["go", "tool", "pprof", "-top", *options, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=LIMIT_SECONDS).stdout


with_and_without_sdk = pytest.mark.parametrize("tried", ["fake", "rust without SDK", *WITH_SDK], indirect=True)


@with_and_without_sdk
def test_it_ends_when_its_input_does_and_never_minds_nonsense(tried: Tried, tmp_path: Path) -> None:
    config = configuration(tried, tmp_path)
    lines = [json.dumps(config).encode(), b"nonsense", b'{"id":1,"do":"measure","unknown":[1]}', b""]
    done = subprocess.run(
        tried.command, input=b"\n".join(lines), capture_output=True, timeout=LIMIT_SECONDS, check=False
    )
    messages = [parse_message(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert isinstance(messages[0], Hello)
    assert isinstance(messages[-1], Bye)
    assert any(isinstance(message, Heap) for message in messages)
    assert None not in messages
    assert config["wallets"]["alice"] not in (done.stdout + done.stderr).decode()


def configuration(tried: Tried, storage: Path) -> dict[str, Json]:
    settings = WorkloadSettings()
    return {**driver_config(settings, tried.network, str(storage), make_seeds(settings)), "protocol": 1}


@with_and_without_sdk
def test_sigterm_ends_it_properly(tried: Tried, tmp_path: Path) -> None:
    with subprocess.Popen(tried.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(configuration(tried, tmp_path)).encode() + b"\n")
            process.stdin.flush()
            assert b'"hello"' in process.stdout.readline()
            assert b'"heap"' in process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=LIMIT_SECONDS)
        finally:
            process.kill()
    assert process.returncode == 0
    assert b'"bye"' in out.splitlines()[-1]


@with_and_without_sdk
def test_a_configuration_of_another_version_is_refused(tried: Tried) -> None:
    done = subprocess.run(
        tried.command, input=b'{"protocol":7}\n', capture_output=True, timeout=LIMIT_SECONDS, check=False
    )
    assert done.returncode != 0
    assert b'"bye"' in done.stdout
