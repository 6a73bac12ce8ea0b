"""Payments that are made to fail in ways that users meet, as some leaks grow on errors only."""

from time import monotonic

from exporter.scenarios.scenario import Scenario
from exporter.scenarios.share import Share
from exporter.scenarios.stage import Fields, Payment, Stage
from exporter.settings.load import WorkloadSettings

EXPIRY_SECONDS = 1
BEYOND_BALANCE_SATS = 1_000_000


class FailingPayments(Scenario):
    """A share of the payments fails on purpose, for each reason in turn.

    The reasons that need a Lightning invoice only occur when payments go by Lightning without the Spark hint, as the
    service provider alone knows of an invoice that it is paid or expired.
    """

    name = "failing_payments"

    def __init__(self, settings: WorkloadSettings) -> None:
        super().__init__(settings)
        by_lightning = "lightning" in settings.rails and not settings.prefer_spark
        self.reasons = (
            "insufficient_funds",
            "operator_error",
            *(("already_paid", "expired_invoice") if by_lightning else ()),
        )
        self._share = Share(settings.failing_payments)
        self._expiring: dict[str, tuple[str, float]] = {}  # an invoice by receiver, and when it has expired

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.failing_payments > 0

    async def pay_instead(self, stage: Stage, payment: Payment) -> bool:
        turn = self._share.turn()
        if turn is None:
            return False
        reason = self.reasons[turn % len(self.reasons)]
        request = await self._request_for(reason, stage, payment)
        if request is None:
            reason = "insufficient_funds"
            paid = await self._pay_too_much(stage, payment)
        else:
            amount = {"amount_sats": payment.amount_sats} if reason == "operator_error" else {}
            paid = await stage.payer.attempt("pay_request", **{"from": payment.sender}, request=request, **amount)
        if paid is None:
            stage.payer.failed_on_purpose(reason)
        else:
            stage.payer.succeeded_against_purpose(reason)
        return True

    async def _pay_too_much(self, stage: Stage, payment: Payment) -> Fields | None:
        amount = await stage.fleet.balance(payment.sender) + BEYOND_BALANCE_SATS
        args = {"from": payment.sender, "to": payment.receiver}
        return await stage.payer.attempt("pay", **args, rail=payment.rail, amount_sats=amount)

    async def _request_for(self, reason: str, stage: Stage, payment: Payment) -> str | None:
        """An invoice or address that can't be paid for this reason; None if there is none, or none as yet."""
        if reason == "operator_error":
            return stage.refusing_address
        if reason == "already_paid":
            return stage.payer.paid_invoice
        if reason == "expired_invoice":
            return await self._expired_invoice(stage, payment)
        return None

    async def _expired_invoice(self, stage: Stage, payment: Payment) -> str | None:
        now = monotonic()
        invoice, expired_at = self._expiring.get(payment.receiver, ("", 0.0))
        if invoice and now < expired_at:
            return None
        result = await stage.payer.attempt(
            "invoice", instance=payment.receiver, amount_sats=payment.amount_sats, expiry_seconds=EXPIRY_SECONDS
        )
        if result is None:
            return None
        # The invoice's times are whole seconds, so it may last one more.
        self._expiring[payment.receiver] = (result["invoice"], now + EXPIRY_SECONDS + 1.5)
        return invoice or None
