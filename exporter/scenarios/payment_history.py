"""Ask for the payment history: records that hold lists, which bindings free badly."""

from exporter.scenarios.scenario import Scenario
from exporter.scenarios.stage import LoadCounter, Stage
from exporter.settings.load import WorkloadSettings

COUNTER = LoadCounter("history_queries", "History queries", "Payment history queries made by the load.")


class PaymentHistory(Scenario):
    """After every payment: list the payments of every wallet, all of them or so many."""

    name = "payment_history"
    counter = COUNTER

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.payment_history

    def due(self, payments: int) -> bool:
        return True

    async def step(self, stage: Stage) -> None:
        limit, destroy = self.settings.payment_history_limit, self.settings.destroy_responses
        await stage.fleet.ask_each("list_payments", limit=limit, destroy=destroy)
        stage.count(COUNTER, len(stage.fleet.wallets))
