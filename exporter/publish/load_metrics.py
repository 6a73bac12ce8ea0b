"""The metrics of what the load has done to a subject; what scenarios count is declared with them."""

from collections.abc import Iterator

from exporter.publish.metric_types import Metric, Series, Subject, level, levels, total, totals
from exporter.scenarios import LOAD_COUNTERS
from exporter.scenarios.stage import LoadCounter


def _latencies(subject: Subject) -> Iterator[Series]:
    for rail, histogram in subject.state.load.latency_seconds.items():
        yield (rail,), histogram


def _of_counter(counter: LoadCounter) -> Metric[Subject]:
    name = counter.name
    return total(counter.metric, counter.meaning, lambda state: state.load.counts[name])


LOAD_METRICS: tuple[Metric[Subject], ...] = (
    totals("memtest_payments_total", "rail", "Payments that succeeded.", lambda state: state.load.payments),
    totals(
        "memtest_payment_failures_total",
        "rail",
        "Payments that failed without being meant to.",
        lambda state: state.load.failures,
    ),
    totals(
        "memtest_expected_payment_failures_total",
        "reason",
        "Payments that were made to fail on purpose, and did.",
        lambda state: state.load.expected_failures,
    ),
    totals(
        "memtest_unexpected_payment_successes_total",
        "reason",
        "Payments that were made to fail on purpose, and did not.",
        lambda state: state.load.unexpected_successes,
    ),
    totals(
        "memtest_scenario_failures_total",
        "scenario",
        "Steps of a scenario that failed: a reconnect, a sync, a query.",
        lambda state: state.load.step_failures,
    ),
    Metric(
        "memtest_payment_duration_seconds",
        "histogram",
        "Time from the start of a payment to its success.",
        _latencies,
        ("driver", "rail"),
    ),
    total(
        "memtest_missed_slots_total",
        "Scheduled payments that could not be started in their slot.",
        lambda state: state.load.missed,
    ),
    *map(_of_counter, LOAD_COUNTERS),
    total(
        "memtest_refunds_total",
        "Times that a wallet was funded again during the load.",
        lambda state: state.load.refunds,
    ),
    total("memtest_settles_total", "Times that the load was brought to rest.", lambda state: state.load.settles),
    totals("memtest_sdk_events_total", "event", "Events that the SDK emitted.", lambda state: state.load.sdk_events),
    level(
        "memtest_listeners",
        "Event listeners registered; of a watched program as it tells them.",
        lambda subject: subject.state.load.listeners,
    ),
    level(
        "memtest_instance_heap_bytes",
        "Heap that one more connected instance takes, measured before the load; absent without further instances.",
        lambda subject: subject.state.load.instance_heap_bytes,
    ),
    level(
        "memtest_instance_resident_memory_bytes",
        "Resident memory that one more connected instance takes, measured before the load.",
        lambda subject: subject.state.load.instance_rss_bytes,
    ),
    level(
        "memtest_instances",
        "SDK instances connected; of a watched program as it tells them.",
        lambda subject: subject.state.load.instances,
    ),
    levels(
        "memtest_wallet_balance_sats",
        "wallet",
        "Balance of each wallet as the load last saw it.",
        lambda subject: subject.state.load.balances_sats,
    ),
)
