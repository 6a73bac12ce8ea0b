"""The settings of the load: their limits, and their names towards users."""

from typing import Any

import pytest

from exporter.errors import ConfigError
from exporter.settings.load import WorkloadSettings


def test_the_defaults_are_the_references() -> None:
    settings = WorkloadSettings()
    assert (settings.interval_seconds, settings.amount_sats, settings.payment_type) == (5.0, 1000, "spark")
    assert settings.reconnect_every == 100
    assert settings.rails == ("spark",)
    assert (settings.refund_below_sats, settings.fund_to_sats) == (5_000, 10_000)


@pytest.mark.parametrize(
    ("field", "value", "flag"),
    [
        ("interval_seconds", -1.0, "interval"),
        ("interval_seconds", float("nan"), "interval"),
        ("amount_sats", 0, "amount"),
        ("amount_sats", 50_001, "amount"),
        ("payment_type", "cash", "payment-type"),
        ("protocol", "twice", "protocol"),
        ("in_flight", 0, "in-flight"),
        ("pairs", 0, "pairs"),
        ("extra_instances", -1, "extra-instances"),
        ("reconnect_every", 0, "reconnect-every"),
        ("payment_history_limit", -1, "payment-history-limit"),
        ("failing_payments", 1.1, "failing-payments"),
        ("failing_payments", -0.1, "failing-payments"),
        ("failing_payments", 1, "failing-payments"),
        ("awaited_failures", 1, "awaited-failures"),
        ("settle_every", -1, "settle-every"),
        ("settle_min_gap_seconds", -1.0, "settle-min-gap"),
        ("destroy_responses", True, "destroy-responses"),
        ("storage", "postgres", "storage"),
    ],
)
def test_a_value_out_of_range_is_refused_with_flag_and_value(field: str, value: Any, flag: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        WorkloadSettings(**{field: value})
    assert flag in str(refusal.value)
    shown = {"True": "on", "-1.0": "-1"}.get(str(value), str(value))
    assert shown in str(refusal.value)


def test_a_load_in_which_some_payments_may_succeed_is_taken() -> None:
    assert WorkloadSettings(failing_payments=0.99, awaited_failures=0.99).failing_payments == 0.99


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError, match=r"amount is 0: .*; pairs is 0: "):
        WorkloadSettings(amount_sats=0, pairs=0)


def test_phases_are_compared_by_samples_at_rest_so_there_have_to_be_some() -> None:
    with pytest.raises(ConfigError, match=r"settle-every is 0 and protocol is 'doubling'.*: settle every 20 payments"):
        WorkloadSettings(protocol="doubling", settle_every=0)


def test_large_payments_need_more_money() -> None:
    settings = WorkloadSettings(amount_sats=10_000, in_flight=3)
    assert settings.refund_below_sats >= 3 * 10_000
    assert settings.fund_to_sats > settings.refund_below_sats


def test_settings_are_shown_under_their_flags() -> None:
    shown = WorkloadSettings(interval_seconds=0.5, payment_type="both", reconnect_cycles=True).as_text()
    assert shown["interval"] == "500ms"
    assert shown["payment-type"] == "both"
    assert shown["reconnect-cycles"] == "true"
    assert shown["amount"] == "1000"
