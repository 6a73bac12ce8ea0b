"""What the load does: every setting with its default and its limits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from exporter.errors import Complaint
from exporter.settings.declared import Section, setting
from exporter.settings.group import SettingsGroup, contradiction
from exporter.settings.kinds import choice

PaymentType = Literal["spark", "lightning", "both"]
Protocol = Literal["steady", "doubling"]

FUND_TO_SATS = 10_000
REFUND_BELOW_SATS = 5_000
FAUCET_REQUEST_SATS = 50_000  # the hosted faucet gives no more at a time

# Each wallet, instance and payment in flight costs memory and connections here and in the subject.
_MOST_AT_ONCE = 1000


@dataclass(frozen=True)
class WorkloadSettings(SettingsGroup):
    """The load on one subject; seconds and satoshis throughout, shares from 0 to 1."""

    protocol: Protocol = setting(
        "steady",
        "'doubling' loads in phases, each as long as all before it, and compares what they have added.",
        section=Section.LOAD,
        heading=True,
    )
    interval_seconds: float = setting(
        5.0,
        "Time between the starts of two payments; 0s: as fast as they go.",
        section=Section.LOAD,
        heading=True,
        at_least=0,
        remedy="0s means as fast as they go",
    )
    amount_sats: int = setting(
        1000,
        "Satoshis per payment.",
        section=Section.LOAD,
        heading=True,
        at_least=1,
        at_most=FAUCET_REQUEST_SATS,
        remedy=f"pay 1 satoshi or more, and no more than the {FAUCET_REQUEST_SATS} that a wallet is funded with",
    )
    payment_type: PaymentType = setting(
        "spark",
        "How to pay; 'both' alternates.",
        section=Section.LOAD,
        heading=True,
        kind=choice("spark", "lightning", "both", aliases={"ln": "lightning", "all": "both"}),
    )
    in_flight: int = setting(
        1, "Payments at once.", section=Section.LOAD, heading=True, at_least=1, at_most=_MOST_AT_ONCE
    )
    prefer_spark: bool = setting(
        True,
        "Whether a Lightning invoice between two Spark wallets is paid over Spark.",
        section=Section.LOAD,
        heading=True,
        negative="no-prefer-spark",
    )
    pairs: int = setting(
        1,
        "Pairs of wallets that pay each other.",
        section=Section.LOAD,
        heading=True,
        at_least=1,
        at_most=_MOST_AT_ONCE,
    )
    extra_instances: int = setting(
        0,
        "Further, idle SDK instances per seed.",
        section=Section.SCENARIOS,
        heading=True,
        at_least=0,
        at_most=_MOST_AT_ONCE,
    )
    reconnect_cycles: bool = setting(
        False, "Disconnect and connect again now and then.", section=Section.SCENARIOS, heading=True
    )
    reconnect_every: int = setting(
        100, "Payments between two reconnects.", section=Section.SCENARIOS, heading=True, at_least=1
    )
    abandon_instances: bool = setting(
        False, "Reconnect without disconnecting first, which leaks.", section=Section.SCENARIOS, heading=True
    )
    leave_listeners: bool = setting(
        False, "Reconnect without removing the listeners first.", section=Section.SCENARIOS, heading=True
    )
    racing_connects: bool = setting(
        False,
        "Connect and disconnect on one seed at once now and then.",
        section=Section.SCENARIOS,
        heading=True,
    )
    unconnected_builds: bool = setting(
        False, "Drop an instance unconnected at every payment.", section=Section.SCENARIOS, heading=True
    )
    wallet_rotation: int = setting(
        0,
        "Further wallets, of which one comes, syncs, pays and goes at every payment.",
        section=Section.SCENARIOS,
        heading=True,
        at_least=0,
        at_most=_MOST_AT_ONCE,
    )
    shared_context: bool = setting(
        True,
        "Whether those share the SDK's context: its connections to the operators.",
        section=Section.SCENARIOS,
        heading=True,
        negative="no-shared-context",
    )
    storage: Literal["sqlite", "postgres"] = setting(
        "sqlite",
        "Where those keep their data: each in a file, or all in the PostgreSQL that PGHOST and so on name.",
        section=Section.SCENARIOS,
        heading=True,
    )
    listener_churn: bool = setting(
        False, "Add and remove event listeners at every payment.", section=Section.SCENARIOS, heading=True
    )
    racing_listeners: bool = setting(
        False,
        "Remove event listeners in the middle of events at every payment.",
        section=Section.SCENARIOS,
        heading=True,
    )
    frequent_sync: bool = setting(
        False, "Synchronise the wallets at every payment.", section=Section.SCENARIOS, heading=True
    )
    payment_history: bool = setting(
        False,
        "List the payments at every payment.",
        section=Section.SCENARIOS,
        heading=True,
        harness_variable="MEMTEST_PAYMENT_HISTORY_QUERIES",
    )
    payment_history_limit: int = setting(
        0, "Payments in such a list; 0: all.", section=Section.SCENARIOS, heading=True, at_least=0
    )
    destroy_responses: bool = setting(False, "Free such a list immediately.", section=Section.SCENARIOS, heading=True)
    force_gc: bool = setting(False, "Collect garbage after every payment.", section=Section.SCENARIOS, heading=True)
    failing_payments: float = setting(
        0.0,
        "Share of the payments that is made to fail, from 0 to less than 1.",
        section=Section.SCENARIOS,
        heading=True,
        at_least=0,
        below=1,
        remedy="give a share from 0 to less than 1: a load in which no payment succeeds is a failed run",
    )
    awaited_failures: float = setting(
        0.0,
        "Share of the payments that is waited for and times out or fails, from 0 to less than 1.",
        section=Section.SCENARIOS,
        heading=True,
        at_least=0,
        below=1,
        remedy="give a share from 0 to less than 1: a load in which no payment succeeds is a failed run",
    )
    settle_every: int = setting(
        20,
        "Payments between two samples with the load at rest; 0: at the end only.",
        section=Section.MEASUREMENT,
        heading=True,
        at_least=0,
    )
    settle_min_gap_seconds: float | None = setting(
        None,
        "Least time between two such samples; if not given, so long that they take 2 % of the time, 5s to 15s.",
        section=Section.MEASUREMENT,
        heading=True,
        at_least=0,
        absent="auto",
        remedy="0s means none",
    )

    def contradictions(self) -> Iterator[Complaint]:
        if self.destroy_responses and not self.payment_history:
            yield contradiction(
                "destroy-responses is on, and does nothing without payment-history: set both or none",
                "destroy_responses",
                "payment_history",
            )
        if not self.shared_context and not self.wallet_rotation:
            yield contradiction(
                "no-shared-context is on, and does nothing without wallet-rotation: set both or none",
                "shared_context",
                "wallet_rotation",
            )
        if self.storage == "postgres" and not self.wallet_rotation:
            yield contradiction(
                "storage is 'postgres', which does nothing without wallet-rotation: set both or none",
                "storage",
                "wallet_rotation",
            )
        if self.protocol == "doubling" and not self.settle_every:
            yield contradiction(
                "settle-every is 0 and protocol is 'doubling', which compares samples at rest: settle every 20"
                " payments, for example, or leave protocol at steady",
                "protocol",
                "settle_every",
            )

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
