"""Payments that are waited for and don't complete: what waits for them must go when the waiting ends."""

from exporter.scenarios.scenario import Scenario
from exporter.scenarios.share import Share
from exporter.scenarios.stage import Payment, Stage
from exporter.settings.load import WorkloadSettings

# By reason, how long it is waited for a payment that fails after some seconds.
PATIENCE_SECONDS = {"timed_out": 1, "failed_while_awaited": 60}


class AwaitedFailures(Scenario):
    """A share of the payments goes to a node that never answers: in turn the waiting times out, or sees them fail."""

    name = "awaited_failures"
    reasons = tuple(PATIENCE_SECONDS)

    def __init__(self, settings: WorkloadSettings) -> None:
        super().__init__(settings)
        self._share = Share(settings.awaited_failures)

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.awaited_failures > 0

    def complaint(self, stage: Stage) -> str:
        missing = stage.unanswered_invoice is None
        return "awaited-failures needs a network with an unanswered_invoice, as the local one has" if missing else ""

    async def pay_instead(self, stage: Stage, payment: Payment) -> bool:
        turn = self._share.turn()
        if turn is None:
            return False
        reason = self.reasons[turn % len(self.reasons)]
        paid = await stage.payer.attempt(
            "pay_request",
            **{"from": payment.sender},
            request=stage.unanswered_invoice,
            amount_sats=payment.amount_sats,
            wait_seconds=PATIENCE_SECONDS[reason],
        )
        if paid is None:
            stage.payer.failed_on_purpose(reason)
        else:
            stage.payer.succeeded_against_purpose(reason)
        return True
