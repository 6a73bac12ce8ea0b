"""The scenarios of a load: one file each, with what it counts, and a line in ``SCENARIOS``.

Worth a room of its own below the record: the record has a column for each counter that is declared here.
"""

from exporter.scenarios.abandon_instances import AbandonInstances
from exporter.scenarios.extra_instances import ExtraInstances
from exporter.scenarios.failing_payments import FailingPayments
from exporter.scenarios.force_gc import ForceGc
from exporter.scenarios.frequent_sync import FrequentSync
from exporter.scenarios.leave_listeners import LeaveListeners
from exporter.scenarios.listener_churn import ListenerChurn
from exporter.scenarios.pairs import Pairs
from exporter.scenarios.payment_history import PaymentHistory
from exporter.scenarios.racing_connects import RacingConnects
from exporter.scenarios.racing_listeners import RacingListeners
from exporter.scenarios.reconnect_cycles import ReconnectCycles
from exporter.scenarios.scenario import Scenario
from exporter.scenarios.unconnected_builds import UnconnectedBuilds
from exporter.scenarios.wallet_rotation import WalletRotation
from exporter.settings.load import WorkloadSettings

# In the order in which their steps follow a payment.
SCENARIOS: tuple[type[Scenario], ...] = (
    Pairs,
    ExtraInstances,
    FailingPayments,
    ReconnectCycles,
    LeaveListeners,
    AbandonInstances,
    RacingConnects,
    UnconnectedBuilds,
    WalletRotation,
    ListenerChurn,
    RacingListeners,
    FrequentSync,
    PaymentHistory,
    ForceGc,
)
# In the order of their scenarios.
LOAD_COUNTERS = tuple(scenario.counter for scenario in SCENARIOS if scenario.counter)


def scenarios_for(settings: WorkloadSettings) -> tuple[Scenario, ...]:
    """The scenarios that the settings ask for."""
    return tuple(scenario(settings) for scenario in SCENARIOS if scenario.wanted(settings))
