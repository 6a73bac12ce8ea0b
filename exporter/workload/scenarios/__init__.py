"""The scenarios of a load: one file each, and a line here."""

from exporter.settings.load import WorkloadSettings
from exporter.workload.scenarios.abandon_instances import AbandonInstances
from exporter.workload.scenarios.extra_instances import ExtraInstances
from exporter.workload.scenarios.failing_payments import FailingPayments
from exporter.workload.scenarios.force_gc import ForceGc
from exporter.workload.scenarios.frequent_sync import FrequentSync
from exporter.workload.scenarios.listener_churn import ListenerChurn
from exporter.workload.scenarios.pairs import Pairs
from exporter.workload.scenarios.payment_history import PaymentHistory
from exporter.workload.scenarios.reconnect_cycles import ReconnectCycles
from exporter.workload.scenarios.scenario import Scenario

# In the order in which their steps follow a payment.
SCENARIOS: tuple[type[Scenario], ...] = (
    Pairs,
    ExtraInstances,
    FailingPayments,
    ReconnectCycles,
    AbandonInstances,
    ListenerChurn,
    FrequentSync,
    PaymentHistory,
    ForceGc,
)


def scenarios_for(settings: WorkloadSettings) -> tuple[Scenario, ...]:
    """The scenarios that the settings ask for."""
    return tuple(scenario(settings) for scenario in SCENARIOS if scenario.wanted(settings))
