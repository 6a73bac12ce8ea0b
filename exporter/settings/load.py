"""What the load does: every setting with its default and its limits."""

import math
from dataclasses import dataclass, fields
from typing import Literal, get_args

from exporter.errors import ConfigError

PaymentType = Literal["spark", "lightning", "both"]
Protocol = Literal["steady", "doubling"]

FUND_TO_SATS = 10_000
REFUND_BELOW_SATS = 5_000
FAUCET_REQUEST_SATS = 50_000  # the hosted faucet gives no more at a time


@dataclass(frozen=True, slots=True)
class WorkloadSettings:
    """The load on one subject; seconds and satoshis throughout, every field checked on construction.

    Raises ConfigError, naming all the fields that are wrong, their values and the remedies.
    """

    protocol: Protocol = "steady"  # doubling: in phases, to be compared
    interval_seconds: float = 5.0  # between the starts of two payments; 0 = as fast as they go
    amount_sats: int = 1000
    payment_type: PaymentType = "spark"
    in_flight: int = 1  # payments at once
    prefer_spark: bool = True  # the SDK's prefer_spark_over_lightning
    pairs: int = 1  # of wallets that pay each other
    extra_instances: int = 0  # further SDK instances per seed, idle
    reconnect_cycles: bool = False
    reconnect_every: int = 100  # payments
    abandon_instances: bool = False  # reconnect without disconnecting first, which leaks in the SDK
    listener_churn: bool = False
    frequent_sync: bool = False
    payment_history: bool = False
    payment_history_limit: int = 0  # 0 = all
    destroy_responses: bool = False
    force_gc: bool = False
    failing_payments: float = 0.0  # share of the payments that is made to fail, 0 to 1
    settle_every: int = 20  # payments between two settled samples; 0 = at the end only
    settle_min_gap_seconds: float | None = None  # a fast load settles at most this often; None = as `Settler` finds fit

    def __post_init__(self) -> None:
        complaints = [text for text in (*self._ranges(), *self._contradictions()) if text]
        if complaints:
            raise ConfigError("; ".join(complaints))

    def _ranges(self) -> list[str | None]:
        return [
            self._at_least("interval_seconds", 0, "0 means as fast as they go"),
            self._at_least("amount_sats", 1, "pay at least one satoshi"),
            self._at_least("in_flight", 1, "use 1 for one payment at a time"),
            self._at_least("pairs", 1, "use 1 for two wallets"),
            self._at_least("extra_instances", 0, "use 0 for none"),
            self._at_least("reconnect_every", 1, "count in payments, 1 or more"),
            self._at_least("payment_history_limit", 0, "0 means all payments"),
            self._at_least("failing_payments", 0, "give a share from 0 to 1"),
            self._at_least("settle_every", 0, "0 means at the end only"),
            self._at_least("settle_min_gap_seconds", 0, "0 means no minimum"),
        ]

    def _contradictions(self) -> list[str | None]:
        kinds, protocols = get_args(PaymentType), get_args(Protocol)
        return [
            f"protocol is {self.protocol!r}: choose {' or '.join(protocols)}"
            if self.protocol not in protocols
            else None,
            f"payment-type is {self.payment_type!r}: choose {', '.join(kinds)}"
            if self.payment_type not in kinds
            else None,
            f"failing-payments is {self.failing_payments!r}: give a share from 0 to 1"
            if self.failing_payments > 1
            else None,
            f"amount is {self.amount_sats}: a wallet is funded with {FAUCET_REQUEST_SATS} satoshis at a time, pay less"
            if self.amount_sats > FAUCET_REQUEST_SATS
            else None,
            "destroy-responses does nothing without payment-history: set both or none"
            if self.destroy_responses and not self.payment_history
            else None,
            "settle-every is 0 and protocol is 'doubling', which compares samples at rest: settle every 20 payments, "
            "for example, or leave protocol at steady"
            if self.protocol == "doubling" and not self.settle_every
            else None,
        ]

    def _at_least(self, name: str, least: float, remedy: str) -> str | None:
        value = getattr(self, name)
        if value is None or (math.isfinite(value) and value >= least):
            return None
        return f"{flag_name(name)} is {value!r}: {remedy}"

    @property
    def rails(self) -> tuple[str, ...]:
        """The rails that payments take, in the order in which they alternate."""
        return ("spark", "lightning") if self.payment_type == "both" else (self.payment_type,)

    @property
    def refund_below_sats(self) -> int:
        """The balance below which a wallet is funded again: enough for all payments in flight and their fees."""
        return max(REFUND_BELOW_SATS, 2 * self.amount_sats * self.in_flight)

    @property
    def fund_to_sats(self) -> int:
        """The balance that a wallet needs before the load starts, and is funded to again."""
        return max(FUND_TO_SATS, 2 * self.refund_below_sats)

    def as_text(self) -> dict[str, str]:
        """The settings under their flags' names, for the run's info metric and the report's head."""
        return {flag_name(field.name): _text(getattr(self, field.name)) for field in fields(self)}


def flag_name(field: str) -> str:
    """The command-line name of a field: units are spoken in the help, not in the flag."""
    return field.removesuffix("_seconds").removesuffix("_sats").replace("_", "-")


def _text(value: object) -> str:
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
