"""What a leak has to show, by how long a run is and how its series was read: the table of docs/verdict-method.md."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from exporter.analysis.judgement import ANONYMOUS, HEAP
from exporter.analysis.trend import Trend

SHORTEST_FOR_LEAK_MINUTES = 20.0
LONG_RUN_MINUTES = 45.0

Lasts = Callable[[float], bool]  # whether a series was read for so many minutes


@dataclass(frozen=True, slots=True)
class Demand:
    """What a leak has to show: growth above ``floor``, of which a share is likely to last, in steady steps.

    ``lasting`` is asked for instead of a share where it is not 0: the growth that is likely to last, per minute.
    ``evenness`` is how fast it has to be in the second half, as a share of the first, and ``vagueness`` the widest that
    its interval may be, as a share of the growth.
    """

    floor: float
    probability: float
    steadiness: float
    lasting_share: float = 0.35
    evenness: float = 0.0
    lasting: float = 0.0
    vagueness: float = inf


@dataclass(frozen=True, slots=True)
class Early:
    """What a leak has to show in a run of so many minutes, too short for most series."""

    minutes: float
    demand: Demand


# The second of each is for growth so fast, at rest so even, that no cache seen keeps it up.
LONG_RUN = (Demand(0.0, 0.97, 1.5), Demand(150.0, 0.9, 0.0))
# Beside a warm-up, what lasts of a slow leak is a small share of the growth, however sure it is: so it may be enough by
# itself.
LONG_RUN_HEAP = (
    Demand(0.0, 0.97, 1.5, 0.5),
    Demand(0.0, 0.85, 0.0, lasting=60.0),
    Demand(0.0, 0.5, 0.0, lasting=120.0),
)
SHORT_RUN = (Demand(0.0, 0.97, 2.5), Demand(600.0, 0.9, 1.0))
LONG_AT_REST = (Demand(0.0, 0.97, 3.0, 0.5), Demand(0.0, 0.9, 8.0, 0.5))
# A warm-up of up to 15 min slows down meanwhile, and a cache that fills by what is new to it. In a run of a few minutes
# much of such a warm-up is a straight line.
AT_REST = (Demand(0.0, 0.9, 3.0, 0.5, 0.85),)
AT_REST_SHORTLY = (Demand(0.0, 0.9, 4.0, 0.65, 0.92), Demand(0.0, 0.95, 8.0, 0.65, 0.85))
AT_REST_MINUTES = 8.0
# Of fewer readings, or earlier: known so well and so even that a warm-up of up to 20 min would show its bend.
AT_REST_AT_ONCE = (Demand(0.0, 0.9, 4.0, 0.65, 0.97, vagueness=0.05),)
# Of what no file pages disturb: a heap, memory that is the subject's own, and what is counted.
EARLY = {
    HEAP: (Early(8.0, Demand(0.0, 0.95, 2.5, 0.6)),),
    # The second is a straight line, for longer than what is freed lazily goes on before the kernel takes it back, and
    # above what a collected heap grows by before its first collection.
    ANONYMOUS: (Early(10.0, Demand(1200.0, 0.9, 1.5, 0.5)), Early(14.0, Demand(250.0, 0.97, 6.0, 0.8))),
}
EARLY_COUNT = (Early(8.0, Demand(0.5, 0.95, 4.0, 0.6)),)
# Looked at every minute, four looks in a row.
SEQUENTIAL_FAST = Demand(650.0, 0.9, 2.0)
SEQUENTIAL_LONG = (Demand(0.0, 0.99, 3.0, 0.5), SEQUENTIAL_FAST)
SEQUENTIAL_LONG_AT_REST = (Demand(0.0, 0.98, 3.0, 0.5), Demand(0.0, 0.95, 8.0, 0.5))
SEQUENTIAL_AT_REST = (Demand(0.0, 0.98, 3.0, 0.5, 0.85), Demand(0.0, 0.95, 8.0, 0.5, 0.85))
SHORTEST_SEQUENTIAL_MINUTES = 13.5
LOOKS_IN_A_ROW = 4  # a minute apart, for a leak


def demands_under_load(name: str, lasts: Lasts, *, early: bool, sequential: bool) -> tuple[Demand, ...]:
    """What a series under load has to show, one of them; none where nothing makes it a leak.

    ``early`` says that a run too short for most series may show a leak, ``sequential`` that the run is looked at again
    and again.
    """
    if sequential:
        if not lasts(SHORTEST_SEQUENTIAL_MINUTES):
            return ()
        return SEQUENTIAL_LONG if lasts(LONG_RUN_MINUTES) else (SEQUENTIAL_FAST,)
    if lasts(LONG_RUN_MINUTES):
        return LONG_RUN_HEAP if name == HEAP else LONG_RUN
    if lasts(SHORTEST_FOR_LEAK_MINUTES):
        return SHORT_RUN
    if not early:
        return ()
    known = EARLY.get(name, () if name.endswith("_bytes") else EARLY_COUNT)
    return tuple(each.demand for each in known if lasts(each.minutes))


def demands_at_rest(lasts: Lasts, *, sequential: bool) -> tuple[Demand, ...]:
    """The same of a series at rest."""
    if lasts(SHORTEST_FOR_LEAK_MINUTES):
        return SEQUENTIAL_LONG_AT_REST if sequential else LONG_AT_REST
    if sequential:
        return SEQUENTIAL_AT_REST
    return AT_REST if lasts(AT_REST_MINUTES) else AT_REST_SHORTLY


def meets(trend: Trend, demand: Demand, threshold: float) -> bool:
    """Whether growth above a threshold, per minute, is what a leak has to show."""
    lasting = max(threshold, demand.lasting or demand.lasting_share * trend.growth.value)
    return (
        trend.low > max(demand.floor, threshold)
        and trend.steadiness > demand.steadiness
        and (not demand.evenness or trend.evenness > demand.evenness)
        and trend.vagueness < demand.vagueness
        and trend.others.probability_above(lasting) > demand.probability
    )
