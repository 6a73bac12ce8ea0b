"""The load as a whole, on a real subject process that has no SDK but real memory."""

import asyncio
from itertools import pairwise

import psutil
import pytest
from fake_load import FakeLoad, with_load

from exporter.checked import Json
from exporter.errors import LoadError, SubjectError
from exporter.settings.load import WorkloadSettings
from exporter.workload import funding, workload

pytestmark = pytest.mark.processes

FAST = WorkloadSettings(interval_seconds=0, settle_every=0)


async def whole_run(load: FakeLoad, payments: int) -> None:
    await load.workload.prepare()
    await load.run_until(lambda: load.state.load.payments.total() >= payments)
    await load.workload.finish()


def test_two_wallets_pay_each_other_and_all_is_counted() -> None:
    load = with_load(FAST, lambda load: whole_run(load, 50))
    counters = load.state.load
    assert counters.payments["spark"] >= 50
    assert counters.failures == {"spark": 0}
    assert counters.latency_seconds["spark"].count == counters.payments["spark"]
    assert counters.balances_sats.keys() == {"alice", "bob"}
    assert counters.sdk_events["payment_succeeded"] == 2 * counters.payments["spark"]
    assert counters.step_failures == {}
    assert (counters.instances, counters.listeners) == (0, 0)
    assert load.told("phase") == ["connecting", "funding", "running", "stopping"]
    assert load.state.sdk == "fake-sdk"


def test_instances_and_listeners_are_counted_while_they_live() -> None:
    async def use(load: FakeLoad) -> None:
        await load.workload.prepare()
        assert (load.state.load.instances, load.state.load.listeners) == (6, 2)

    with_load(WorkloadSettings(extra_instances=2), use)


def test_payments_keep_to_their_schedule() -> None:
    async def use(load: FakeLoad) -> None:
        await load.workload.prepare()
        clock = asyncio.get_running_loop().time
        began = clock()
        await load.run_until(lambda: load.state.load.payments.total() >= 11)
        # The eleventh payment is due ten intervals after the first.
        assert clock() - began >= 0.5

    load = with_load(WorkloadSettings(interval_seconds=0.05, settle_every=0), use)
    assert load.state.load.payments.total() + load.state.load.missed >= 11


def test_slots_missed_by_slow_payments_are_counted() -> None:
    settings = WorkloadSettings(interval_seconds=0.01, settle_every=0)
    load = with_load(settings, lambda load: whole_run(load, 5), "--payment-seconds", "0.1")
    assert load.state.load.missed >= 20


def test_several_payments_are_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    in_flight = [0]

    async def use(load: FakeLoad) -> None:
        request = load.subject.request

        async def counted(do: str, **args: Json) -> tuple[dict[str, Json], float]:
            in_flight.append(in_flight[-1] + (do == "pay"))
            try:
                return await request(do, **args)
            finally:
                in_flight.append(in_flight[-1] - (do == "pay"))

        monkeypatch.setattr(load.subject, "request", counted)
        await whole_run(load, 40)

    with_load(WorkloadSettings(interval_seconds=0, in_flight=8, settle_every=0), use, "--payment-seconds", "0.1")
    assert max(in_flight) == 8


def test_failures_are_counted_and_told_and_the_load_goes_on() -> None:
    load = with_load(FAST, lambda load: whole_run(load, 20), "--fail-every", "4")
    assert load.state.load.payments["spark"] >= 20
    assert load.state.load.failures["spark"] >= 5
    assert load.told("payment_failed")[0].endswith("failed (network_error): the operator did not answer")


def test_a_connection_that_fails_at_first_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    load = with_load(FAST, lambda load: whole_run(load, 1), "--fail-connects", "2")
    assert load.state.load.payments.total() >= 1
    assert "connect is tried again for 60 s: the network is away" in caplog.text


def test_a_connection_that_never_comes_up_is_a_load_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workload, "CONNECT_PATIENCE_SECONDS", 0.1)
    with pytest.raises(LoadError, match="connecting failed at connect: the network is away"):
        with_load(FAST, lambda load: load.workload.prepare(), "--fail-connects", "99")


def test_a_subject_that_dies_ends_the_run_with_a_subject_error() -> None:
    with pytest.raises(SubjectError, match="driver 'fake' ended: killed by SIGKILL"):
        with_load(FAST, lambda load: whole_run(load, 50), "--crash-after", "10")


def test_a_payment_that_hangs_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workload, "DRAIN_SECONDS", 0.2)
    load = with_load(FAST, lambda load: whole_run(load, 10), "--hang-after", "10")
    assert load.state.load.payments.total() == 10


def test_a_faucet_that_is_away_is_a_load_error_when_money_is_needed() -> None:
    with pytest.raises(LoadError, match=r"the faucet at http://127\.0\.0\.1 can't be reached"):
        with_load(FAST, lambda load: load.workload.prepare(), "--initial-sats", "9999")


def test_a_refund_that_fails_is_told_once_and_does_not_end_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(load: FakeLoad) -> None:
        await load.workload.prepare()
        await load.run_until(lambda: load.state.load.payments.total() >= 20)

    monkeypatch.setattr(WorkloadSettings, "refund_below_sats", 20_000)
    monkeypatch.setattr(WorkloadSettings, "fund_to_sats", 0)

    async def no_money(*_: object) -> bool:
        raise LoadError("no money today")

    monkeypatch.setattr(funding.Funder, "_fund", no_money)
    monkeypatch.setattr(funding.Funder, "fund_all", lambda _: asyncio.sleep(0))
    load = with_load(FAST, use, "--initial-sats", "10000")
    assert len(load.told("refund_failed")) == 2
    assert load.state.load.payments.total() >= 20


def test_settled_samples_come_with_the_load_at_rest() -> None:
    settings = WorkloadSettings(interval_seconds=0, in_flight=4, settle_every=10, settle_min_gap_seconds=0)
    load = with_load(settings, lambda load: whole_run(load, 60), "--payment-seconds", "0.01")
    assert load.state.load.settles == len(load.settled) >= 5
    assert load.settled_payments[0] == 0
    assert load.settled_payments[-1] == load.state.load.payments.total()
    gaps = [later - earlier for earlier, later in zip(load.settled_payments, load.settled_payments[1:], strict=False)]
    assert all(gap >= 10 for gap in gaps[:-1])


DOUBLING = WorkloadSettings(interval_seconds=0, protocol="doubling", settle_every=1_000_000)


async def run_in_phases(load: FakeLoad, seconds: float) -> None:
    load.seconds = seconds
    await load.workload.prepare()
    await load.run_until(lambda: load.state.load_phase == 3 and load.settled_phases.count(3) >= 5)
    await load.workload.finish()


def test_every_phase_ends_with_readings_at_rest_after_a_payment_each() -> None:
    load = with_load(DOUBLING, lambda load: run_in_phases(load, 2.0))
    # The first sample comes before any phase, the last after the load.
    assert load.settled_phases == [None, *[0] * 5, *[1] * 5, *[2] * 5, *[3] * 5, 3]
    payments = load.settled_payments[1:-1]
    assert all(later > earlier for earlier, later in pairwise(payments))
    assert [text for text in load.told("phase") if "phase" in text] == [
        f"running, phase {number} of 3" for number in (1, 2, 3)
    ]


def test_a_stop_ends_the_phase_that_it_falls_into_at_once() -> None:
    async def use(load: FakeLoad) -> None:
        load.seconds = 800.0
        await load.workload.prepare()
        await load.run_until(lambda: load.state.load.payments.total() >= 10)

    load = with_load(DOUBLING, use)
    assert load.settled_phases == [None]


def test_readings_that_take_too_long_do_not_hold_up_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(load: FakeLoad) -> None:
        await load.workload.prepare()
        await load.workload.run(load.stop, 0.0)

    monkeypatch.setattr(workload, "DRAIN_SECONDS", 0.5)
    load = with_load(DOUBLING, use, "--hang-after", "3")
    assert load.state.load.payments.total() == 3
    assert load.told("settle_failed")
    assert load.state.load_phase == 3


@pytest.mark.parametrize("settle_every", [0, 20])
def test_every_load_begins_and_ends_with_a_trimmed_sample(settle_every: int) -> None:
    load = with_load(WorkloadSettings(interval_seconds=0, settle_every=settle_every), lambda load: whole_run(load, 30))
    total = load.state.load.payments.total()
    assert load.trimmed_payments == [0, total]
    assert load.settled_payments[-1] == total


@pytest.mark.parametrize(("option", "given_back"), [("--freed-bytes", True), ("--warm-up-bytes", False)])
def test_what_is_freed_is_given_back_and_what_is_held_is_not(option: str, given_back: bool) -> None:
    size = 40_000_000
    resident: list[int] = []

    async def use(load: FakeLoad) -> None:
        measured = load.workload._settler._on_settled

        async def weigh(trimmed: bool) -> None:
            resident.append(psutil.Process(load.subject.pid).memory_info().rss)
            await measured(trimmed)

        load.workload._settler._on_settled = weigh
        await whole_run(load, 100)

    with_load(FAST, use, option, str(size), "--payment-seconds", "0")
    start, end, trimmed = resident
    assert end - start > 0.9 * size
    assert (end - trimmed > 0.9 * size) is given_back
    assert (trimmed - start < 0.1 * size) is given_back


@pytest.mark.parametrize(("bytes_per_payment", "expected"), [(0, 0), (4096, 4096)])
def test_settled_heaps_tell_the_twins_apart(bytes_per_payment: int, expected: int) -> None:
    settings = WorkloadSettings(interval_seconds=0, settle_every=50, settle_min_gap_seconds=0)
    load = with_load(
        settings,
        lambda load: whole_run(load, 400),
        *("--leak-bytes-per-payment", str(bytes_per_payment), "--payment-seconds", "0"),
    )
    middle = len(load.settled) // 2
    payments = load.settled_payments[-1] - load.settled_payments[middle]
    growth = sum(load.settled[-1].values()) - sum(load.settled[middle].values())
    assert abs(growth / payments - expected) < 200


def test_an_instance_is_weighed() -> None:
    load = with_load(
        WorkloadSettings(extra_instances=2), lambda load: load.workload.prepare(), "--leak-bytes-per-connect", "500000"
    )
    assert load.state.load.instance_heap_bytes == pytest.approx(500_000, rel=0.1)
    assert load.state.load.instance_rss_bytes is not None
