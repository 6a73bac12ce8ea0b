"""Ask for the payment history: records that hold lists, which bindings free badly."""

from exporter.settings.load import WorkloadSettings
from exporter.workload.fleet import together
from exporter.workload.scenarios.scenario import Scenario, Stage


class PaymentHistory(Scenario):
    """After every payment: list the payments of every wallet, all of them or so many."""

    name = "payment_history"

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.payment_history

    def due(self, payments: int) -> bool:
        return True

    async def step(self, stage: Stage) -> None:
        limit, destroy = self.settings.payment_history_limit, self.settings.destroy_responses
        await together(
            stage.fleet.ask("list_payments", instance=wallet, limit=limit, destroy=destroy)
            for wallet in stage.fleet.wallets
        )
        stage.fleet.counters.history_queries += len(stage.fleet.wallets)
