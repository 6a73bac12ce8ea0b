"""Every scenario, on a real subject process: that it does what it says, as often as it says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest
from fake_load import FakeLoad, with_load

from exporter.checked import Json
from exporter.scenarios import SCENARIOS, scenarios_for
from exporter.settings.load import WorkloadSettings
from exporter.workload.wallets import wallet_pairs

pytestmark = pytest.mark.processes

FAST = WorkloadSettings(interval_seconds=0, settle_every=0)
EVERYTHING = WorkloadSettings(
    interval_seconds=0,
    payment_type="both",
    prefer_spark=False,
    in_flight=3,
    pairs=2,
    extra_instances=2,
    reconnect_cycles=True,
    abandon_instances=True,
    reconnect_every=10,
    leave_listeners=True,
    racing_connects=True,
    unconnected_builds=True,
    wallet_rotation=2,
    listener_churn=True,
    racing_listeners=True,
    frequent_sync=True,
    payment_history=True,
    payment_history_limit=7,
    destroy_responses=True,
    force_gc=True,
    failing_payments=0.25,
    settle_every=10,
    settle_min_gap_seconds=0,
)


def payments(count: int) -> Callable[[FakeLoad], Awaitable[None]]:
    """A whole run of so many payments."""

    async def use(load: FakeLoad) -> None:
        await load.workload.prepare()
        await load.run_until(lambda: load.state.load.payments.total() >= count)
        await load.workload.finish()

    return use


def test_none_is_wanted_by_default_and_all_can_be_on() -> None:
    assert scenarios_for(WorkloadSettings()) == ()
    assert {type(scenario) for scenario in scenarios_for(EVERYTHING)} == set(SCENARIOS)


def test_names_are_unique_and_those_of_settings() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(set(names)) == len(names)
    assert all(hasattr(FAST, name) for name in names)


def test_reconnect_cycles_connect_all_instances_again() -> None:
    load = with_load(replace(FAST, reconnect_cycles=True, reconnect_every=10, extra_instances=1), payments(45))
    counters = load.state.load
    assert counters.counts["reconnects"] == counters.payments.total() // 10
    assert counters.counts["abandoned_instances"] == 0
    assert load.told("reconnected")[0] == "reconnected 4 instances"
    assert counters.step_failures == {"extra_instances": 0, "reconnect_cycles": 0}


def test_abandoned_instances_are_left_and_replaced() -> None:
    async def use(load: FakeLoad) -> None:
        await load.workload.prepare()
        await load.run_until(lambda: load.state.load.counts["abandoned_instances"] >= 4)
        assert (load.state.load.instances, load.state.load.listeners) == (2, 2)

    load = with_load(replace(FAST, abandon_instances=True, reconnect_every=5), use)
    assert load.state.load.counts["reconnects"] == 0
    assert load.state.load.counts["abandoned_instances"] == 2 * len(load.told("abandoned"))


@pytest.mark.parametrize("abandon", [True, False])
def test_the_leak_of_abandoned_instances_shows_at_rest(abandon: bool) -> None:
    settings = replace(
        FAST,
        abandon_instances=abandon,
        reconnect_cycles=not abandon,
        reconnect_every=20,
        settle_every=20,
        settle_min_gap_seconds=0,
    )
    load = with_load(settings, payments(200), "--leak-bytes-per-abandon", "430000", "--payment-seconds", "0")
    growth = sum(load.settled[-1].values()) - sum(load.settled[1].values())
    later = load.state.load.counts["abandoned_instances"] - 2
    assert growth == pytest.approx(430_000 * later, rel=0.05) if abandon else abs(growth) < 100_000


@dataclass(frozen=True)
class Twins:
    """A scenario, what it counts, and by what the leaking twin of the driver leaks while it goes on."""

    settings: WorkloadSettings
    counter: str
    cause: str


TWINS = [
    Twins(replace(FAST, leave_listeners=True, reconnect_every=5), "left_listeners", "kept_listener"),
    Twins(replace(FAST, racing_connects=True, reconnect_every=5), "racing_connects", "racing_connect"),
    Twins(replace(FAST, unconnected_builds=True), "unconnected_builds", "build"),
    Twins(replace(FAST, wallet_rotation=3), "wallet_lifecycles", "server_connect"),
    Twins(replace(FAST, racing_listeners=True), "racing_removals", "racing_removal"),
]


@pytest.mark.parametrize("twins", TWINS, ids=lambda twins: twins.cause)
def test_a_leak_that_upstream_had_shows_under_the_scenario_that_is_made_for_it(twins: Twins) -> None:
    size = 200_000
    growth = {}
    for leaks in (True, False):
        settings = replace(twins.settings, settle_every=10, settle_min_gap_seconds=0)
        # Events last long enough that what is told right after them comes meanwhile.
        leak = ("--leak", f"{twins.cause}={size}") if leaks else ()
        load = with_load(settings, payments(40), "--payment-seconds", "0", "--event-seconds", "0.02", *leak)
        counts = load.state.load.counts[twins.counter]
        assert counts >= 10
        assert load.state.load.step_failures.total() == 0
        growth[leaks] = (sum(load.settled[-1].values()) - sum(load.settled[1].values())) / counts
    assert growth[True] > size / 3
    assert abs(growth[False]) < size / 20


def test_what_is_raced_is_gone_again_when_the_race_is_over() -> None:
    async def use(load: FakeLoad) -> None:
        await load.workload.prepare()
        await load.run_until(lambda: load.state.load.counts["racing_connects"] >= 20)
        assert (load.state.load.instances, load.state.load.listeners) == (2, 2)

    settings = replace(FAST, racing_connects=True, racing_listeners=True, reconnect_every=2)
    load = with_load(settings, use)
    assert load.state.load.counts["racing_removals"] >= 20
    assert load.state.load.step_failures.total() == 0


@pytest.mark.parametrize("shared", [True, False])
def test_wallets_come_in_turn_and_leave_with_what_they_had(shared: bool) -> None:
    asked: list[tuple[str, bool, bool]] = []

    async def use(load: FakeLoad) -> None:
        request = load.subject.request

        async def noted(do: str, **args: Json) -> tuple[dict[str, Json], float]:
            if do == "connect" and args["server"]:
                asked.append((args["instance"], args["shared"], args["optimize_leaves"]))
            return await request(do, **args)

        load.subject.request = noted  # type: ignore[method-assign]
        await load.workload.prepare()
        await load.run_until(lambda: load.state.load.counts["wallet_lifecycles"] >= 6)
        await load.workload.finish()
        for guest in ("guest-1", "guest-2"):
            await request("connect", instance=guest, wallet=guest)
            assert (await request("balance", instance=guest))[0]["balance_sats"] == 50_000

    load = with_load(replace(FAST, wallet_rotation=2, shared_context=shared), use)
    assert asked[:4] == [("guest-1", shared, False), ("guest-2", shared, False)] * 2
    assert load.state.load.step_failures == {"wallet_rotation": 0}


def test_listener_churn_adds_and_removes() -> None:
    load = with_load(replace(FAST, listener_churn=True), payments(10))
    assert load.state.load.counts["listener_churns"] >= 10
    # The five that come and go are gone again before the next payment.
    assert load.state.load.sdk_events["payment_succeeded"] == 2 * load.state.load.payments.total()


def test_frequent_sync_syncs_after_every_payment() -> None:
    load = with_load(replace(FAST, frequent_sync=True), payments(10))
    assert load.state.load.counts["syncs"] >= 2 * 10


def test_the_payment_history_is_asked_for_both_wallets() -> None:
    load = with_load(replace(FAST, payment_history=True, destroy_responses=True), payments(10))
    assert load.state.load.counts["history_queries"] >= 2 * 10


def test_force_gc_collects_after_every_payment() -> None:
    load = with_load(replace(FAST, force_gc=True), payments(10))
    assert load.state.load.counts["garbage_collections"] >= 10


def test_pairs_take_turns() -> None:
    settings = replace(FAST, pairs=3)
    load = with_load(settings, payments(30))
    assert len(wallet_pairs(settings)) == 3
    assert len(load.state.load.balances_sats) == 6
    assert load.state.load.payments.total() >= 30
    assert load.state.load.failures.total() == 0


@pytest.mark.parametrize(
    ("settings", "reasons"),
    [
        (replace(FAST, failing_payments=0.5), {"insufficient_funds", "operator_error"}),
        (replace(FAST, failing_payments=0.5, payment_type="lightning"), {"insufficient_funds", "operator_error"}),
        (
            replace(FAST, failing_payments=0.5, payment_type="lightning", prefer_spark=False),
            {"insufficient_funds", "operator_error", "already_paid", "expired_invoice"},
        ),
    ],
)
def test_payments_fail_on_purpose_for_every_reason_there_is(settings: WorkloadSettings, reasons: set[str]) -> None:
    async def use(load: FakeLoad) -> None:
        await load.workload.prepare()
        expected = load.state.load.expected_failures
        assert expected.keys() == reasons
        await load.run_until(lambda: all(expected[reason] >= 2 for reason in reasons))

    counters = with_load(settings, use, "--payment-seconds", "0.05").state.load
    assert counters.failures.total() == 0
    assert counters.unexpected_successes.total() == 0
    assert abs(counters.expected_failures.total() - counters.payments.total()) <= 2


def test_everything_at_once() -> None:
    counters = with_load(EVERYTHING, payments(50)).state.load
    assert counters.failures.total() == 0
    assert counters.step_failures.total() == 0
    assert counters.expected_failures.total() >= 15
    assert counters.counts["reconnects"] >= 5
    assert counters.counts["abandoned_instances"] >= 5 * 12
    assert counters.counts["left_listeners"] >= 5 * 4
    assert counters.settles >= 3
    assert {rail for rail, count in counters.payments.items() if count > 15} == {"spark", "lightning"}
