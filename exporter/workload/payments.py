"""Which payment comes next, and making it."""

import asyncio

from exporter.checked import Json
from exporter.drivers.subject import CommandError
from exporter.record.state import Histogram
from exporter.scenarios.stage import Payment
from exporter.workload.events import LoadEvent, OnEvent
from exporter.workload.fleet import Fleet

PAYMENT_TIMEOUT_SECONDS = 120.0


def plan(number: int, pairs: tuple[tuple[str, str], ...], rails: tuple[str, ...], amount_sats: int) -> Payment:
    """Payment ``number`` of a load: the pairs take turns, each alternates its direction and the rails."""
    turn, pair = divmod(number, len(pairs))
    sender, receiver = pairs[pair] if turn % 2 == 0 else reversed(pairs[pair])
    return Payment(sender, receiver, rails[turn % len(rails)], amount_sats)


class Payer:
    """Makes payments and counts them.

    ``paid_invoice`` is the last invoice that was paid, if any; ``failing_in_a_row`` counts since the last success.
    """

    def __init__(self, fleet: Fleet, on_event: OnEvent) -> None:
        self.paid_invoice: str | None = None
        self.failing_in_a_row = 0
        self._fleet = fleet
        self._on_event = on_event

    async def pay(self, payment: Payment) -> None:
        """Make a payment; a failure is counted and told, not raised."""
        counters = self._fleet.counters
        try:
            result, seconds = await self._fleet.ask(
                "pay",
                PAYMENT_TIMEOUT_SECONDS,
                **{"from": payment.sender, "to": payment.receiver},
                rail=payment.rail,
                amount_sats=payment.amount_sats,
            )
        except CommandError as error:
            counters.failures[payment.rail] += 1
            self.failing_in_a_row += 1
            text = f"{payment.rail} payment {payment.sender} → {payment.receiver} failed ({error.kind}): {error}"
            self._on_event(LoadEvent("payment_failed", text))
            return
        self.failing_in_a_row = 0
        counters.payments[payment.rail] += 1
        counters.latency_seconds.setdefault(payment.rail, Histogram()).observe(seconds)
        self.paid_invoice = result.get("request") or self.paid_invoice

    async def attempt(self, do: str, /, **args: Json) -> dict[str, Json] | None:
        """Have one command done, with the patience that a payment may take: its answer, None if the SDK fails."""
        try:
            result, _ = await self._fleet.ask(do, PAYMENT_TIMEOUT_SECONDS, **args)
        except CommandError:
            return None
        return result

    def failed_on_purpose(self, reason: str) -> None:
        """Count a payment that was meant to fail, and did."""
        self._fleet.counters.expected_failures[reason] += 1

    def succeeded_against_purpose(self, reason: str) -> None:
        """Count and tell a payment that was meant to fail, and did not."""
        self._fleet.counters.unexpected_successes[reason] += 1
        self._on_event(LoadEvent("payment_failed", f"a payment that should fail ({reason}) went through"))

    async def rest_after_failures(self) -> None:
        """Wait a moment after failures in a row, so that a network that is away is not hammered."""
        if self.failing_in_a_row:
            await asyncio.sleep(min(1.0, 0.02 * 2 ** min(self.failing_in_a_row, 6)))
