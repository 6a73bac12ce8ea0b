"""The driver on the real SDK, its oldest and its newest supported release, against a real local network."""

import asyncio
import csv
import subprocess
import sys
import venv
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fake_load import FakeLoad, with_load
from running_exporter import EXPORTER

from exporter.drivers.subject import CommandError
from exporter.processes.child import Exit
from exporter.processes.local_network import NetworkChild, start_network
from exporter.settings.faucet import FaucetSettings
from exporter.settings.load import WorkloadSettings

pytestmark = pytest.mark.e2e

OLDEST = "0.22.3"
FIXTURES = Path(__file__).parents[1] / "fixtures"
HOARDING_DRIVER, KEEPING_DRIVER = FIXTURES / "hoarding_driver.py", FIXTURES / "keeping_driver.py"
NETWORK = (sys.executable, "-m", "exporter.network")
LIMIT_SECONDS = 600.0
EVERYTHING = WorkloadSettings(
    interval_seconds=0,
    payment_type="both",
    prefer_spark=False,
    extra_instances=1,
    reconnect_cycles=True,
    reconnect_every=8,
    leave_listeners=True,
    racing_connects=True,
    unconnected_builds=True,
    wallet_rotation=2,
    listener_churn=True,
    racing_listeners=True,
    frequent_sync=True,
    payment_history=True,
    destroy_responses=True,
    force_gc=True,
    failing_payments=0.4,
    awaited_failures=0.25,
    settle_every=8,
    settle_min_gap_seconds=0,
)


@pytest.fixture(scope="session")
def pythons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A Python per release of the SDK: this one with the newest, another with the oldest."""
    directory = tmp_path_factory.mktemp("oldest-sdk")
    venv.create(directory, with_pip=True, symlinks=True)  # as `python -m venv` does
    python = str(directory / "bin" / "python")
    packages = (f"breez-sdk-spark=={OLDEST}", "psutil")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return {"newest": sys.executable, "oldest": python}


def on_network(
    settings: WorkloadSettings,
    use: Callable[[FakeLoad], Awaitable[None]],
    python: str,
    storage: Path,
    driver: Sequence[str] = ("-m", "exporter.drivers.breez"),
) -> FakeLoad:
    """A load on the real SDK and a network of its own, which are both stopped whatever happens."""

    async def network() -> NetworkChild:
        return await start_network(NETWORK)

    with asyncio.Runner() as runner:
        child = runner.run(network())
        try:
            return with_load(
                settings,
                use,
                faucet=FaucetSettings(child.file["faucet"]["url"]),
                command=(python, *driver),
                network=child.file,
                storage_dir=str(storage),
                limit_seconds=LIMIT_SECONDS,
            )
        finally:
            runner.run(child.stop())


def payments(count: int) -> Callable[[FakeLoad], Awaitable[None]]:
    async def use(load: FakeLoad) -> None:
        await load.workload.prepare()
        await load.run_until(lambda: load.state.load.payments.total() >= count)
        await load.workload.finish()

    return use


@pytest.mark.parametrize("release", ["oldest", "newest"])
def test_every_scenario_at_once_fails_only_where_it_should(
    release: str, pythons: dict[str, str], tmp_path: Path
) -> None:
    load = on_network(EVERYTHING, payments(16), pythons[release], tmp_path)
    counters = load.state.load
    assert load.told("payment_failed") == []
    assert load.told("step_failed") == []
    assert (load.state.sdk_version == OLDEST) == (release == "oldest")
    assert all(
        counters.expected_failures[reason] for reason in ("insufficient_funds", "operator_error", "already_paid")
    )
    assert min(counters.expected_failures[reason] for reason in ("timed_out", "failed_while_awaited")) >= 1
    assert counters.unexpected_successes.total() == 0
    assert min(counters.payments.values()) >= 4
    assert counters.counts["reconnects"] >= 2
    assert counters.counts["wallet_lifecycles"] >= 8
    assert min(counters.counts[f"racing_{what}"] for what in ("connects", "removals")) >= 8
    assert counters.sdk_events["payment_succeeded"] > 0
    assert {"python", "native", "mmap"} <= load.state.heap_bytes.keys()
    assert load.end == Exit(0)


def test_abandoned_instances_leak_and_reconnected_ones_do_not(tmp_path: Path) -> None:
    rounds = 8
    growth = {}
    for abandon in (True, False):
        settings = WorkloadSettings(
            interval_seconds=0,
            abandon_instances=abandon,
            reconnect_cycles=not abandon,
            reconnect_every=2,
            settle_every=2,
            settle_min_gap_seconds=0,
        )
        load = on_network(settings, payments(2 * rounds), sys.executable, tmp_path / str(abandon))
        heaps = [heap["native"] + heap["mmap"] for heap in load.settled]
        # The first round still warms caches up; each round leaves two instances behind, or none.
        growth[abandon] = (heaps[-1] - heaps[2]) / (len(heaps) - 3) / 2
        # Neither what was abandoned nor its listeners keep the driver from ending.
        assert load.end == Exit(0)
    assert growth[True] > 200_000
    assert abs(growth[False]) < 60_000


@dataclass(frozen=True)
class Twins:
    """A scenario on the real SDK, what it counts, and a driver that keeps so many bytes of each on purpose."""

    scenario: Mapping[str, Any]
    counter: str
    leaking: Path
    least_bytes: int


TWINS = [
    Twins({"wallet_rotation": 4}, "wallet_lifecycles", HOARDING_DRIVER, 60_000),
    Twins({"wallet_rotation": 4, "shared_context": False}, "wallet_lifecycles", HOARDING_DRIVER, 60_000),
    Twins({"leave_listeners": True, "reconnect_every": 1}, "left_listeners", HOARDING_DRIVER, 60_000),
    Twins({"racing_connects": True, "reconnect_every": 2}, "racing_connects", HOARDING_DRIVER, 60_000),
    Twins({"unconnected_builds": True}, "unconnected_builds", HOARDING_DRIVER, 60_000),
    Twins({"awaited_failures": 0.5}, "expected", HOARDING_DRIVER, 60_000),
    Twins({"racing_listeners": True}, "racing_removals", KEEPING_DRIVER, 5_000),
    Twins({"listener_churn": True}, "listener_churns", KEEPING_DRIVER, 5_000),
]


@pytest.mark.parametrize("twins", TWINS, ids=lambda twins: " ".join(twins.scenario))
def test_what_is_kept_on_purpose_shows_and_what_is_let_go_does_not(twins: Twins, tmp_path: Path) -> None:
    settings = WorkloadSettings(interval_seconds=0, settle_every=4, settle_min_gap_seconds=0, **twins.scenario)
    growth: list[float] = []
    for driver in (("-m", "exporter.drivers.breez"), (str(twins.leaking),)):
        load = on_network(settings, payments(16), sys.executable, tmp_path / str(len(growth)), driver)
        assert load.told("step_failed") == []
        heaps = [sum(heap.values()) for heap in load.settled]
        counters = load.state.load
        count = (counters.counts | {"expected": counters.expected_failures.total()})[twins.counter]
        # By the second settled sample the caches are warm.
        growth.append((heaps[-1] - heaps[1]) / (count * (len(heaps) - 2) / len(heaps)))
    clean, held = growth
    assert held > twins.least_bytes, growth
    assert clean < held / 3, growth


@pytest.mark.parametrize("context", [(), ("--no-shared-context",)], ids=["shared", "alone"])
def test_a_server_s_wallets_keep_their_data_in_postgresql(context: tuple[str, ...], tmp_path: Path) -> None:
    load = ("--duration", "40s", "--interval", "0s", "--csv", "out.csv", "--wallet-rotation", "2", "--fail-on", "never")
    run = ("pg_virtualenv", str(EXPORTER), *load, "--storage", "postgres", *context)
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Steps failed" not in done.stdout
    with (tmp_path / "out.csv").open(newline="") as stream:
        *_, last = csv.DictReader(stream)
    assert int(last["wallet_lifecycles"]) >= 1


def test_the_errors_of_the_sdk_have_a_kind_and_plain_text(tmp_path: Path) -> None:
    async def use(load: FakeLoad) -> None:
        await load.workload.prepare()
        with pytest.raises(CommandError) as refusal:
            await load.subject.request("pay", **{"from": "alice", "to": "bob"}, rail="spark", amount_sats=100_000_000)
        assert (refusal.value.kind, str(refusal.value)) == ("spark_error", "Tree service error: insufficient funds")
        with pytest.raises(CommandError) as refusal:
            await load.subject.request("pay_request", **{"from": "alice"}, request="nonsense")
        assert refusal.value.kind == "invalid_input"
        with pytest.raises(CommandError) as refusal:
            await load.subject.request("connect", instance="alice", wallet="alice")
        assert refusal.value.kind == "already_connected"

    on_network(WorkloadSettings(), use, sys.executable, tmp_path)
