"""What would decide a run that is inconclusive."""

from exporter.analysis.demands import SHORTEST_FOR_LEAK_MINUTES
from exporter.analysis.evidence import Evidence
from exporter.analysis.findings import Findings
from exporter.analysis.judgement import Settings
from exporter.analysis.load import Load
from exporter.analysis.readings import FEWEST_AT_REST
from exporter.analysis.shortly import SHORTEST_AT_REST_MINUTES
from exporter.record.terms import Verdict

_USUALLY_ENOUGH_AT_REST_MINUTES = 5.0  # decides nine clean runs of ten, on simulated ones
# How long a run has to be, and how many times as long as one that is undecided, for nine of ten to be decided, as
# benchmarks/advice.py measures it.
_ENOUGH_AT_REST_MINUTES = 60.0
_ENOUGH_UNDER_LOAD_MINUTES = 180.0
_ENOUGH_TIMES = 3.0
_ENOUGH_WITH_HEAP_MINUTES = 120.0  # of a new run, where one from outside is undecided


def would_decide(findings: Findings, by: Evidence, load: Load, settings: Settings, *, in_phases: bool) -> str:
    """The ways to a verdict, as part of a sentence; ``by`` is the evidence that left it open."""
    if load.idle:
        return "a run in which payments succeed throughout"
    ways = [_longer(by, settings)]
    at_rest = findings.heap_at_rest
    heap = findings.heap.samples or at_rest.samples
    if findings.reserves and by is findings.resident:
        ways.append("the same with -XX:+AlwaysPreTouch, which fills the JVM's reserve at the start")
    heap_minutes = f"{max(_ENOUGH_WITH_HEAP_MINUTES, by.minutes):.0f} min"
    if findings.watched:  # nobody brings it to rest
        ways.append("" if heap else f"{heap_minutes} with a heap of the program's (by --agent, --pprof or --scrape)")
        ways.append("" if load.counted else "its operations counted (by --payments-from)")
    elif findings.foreign:  # options of a run of ours are none of the other harness's
        read = "" if heap else f"{heap_minutes} with its heap read by 'exporter watch' (--agent, --pprof or --scrape)"
        ways.append(read)
    else:
        ways.append(_at_rest(at_rest, in_phases=in_phases))
        ways.append("" if heap else f"{heap_minutes} with a subject that reports its heap")
    return ", or ".join(way for way in ways if way)


def _at_rest(heap: Evidence, *, in_phases: bool) -> str:
    """What more readings at rest would decide, if any would."""
    if not heap.samples:
        return "a settled sample every 20 payments (--settle-every)"
    if heap.samples < FEWEST_AT_REST:
        least = f"{FEWEST_AT_REST} samples at rest over {SHORTEST_AT_REST_MINUTES:.0f} min or more"
        return f"{least} (so far {heap.samples} over {heap.minutes:.1f} min)"
    return "a run with --protocol doubling" if heap.verdict is Verdict.INCONCLUSIVE and not in_phases else ""


def _longer(by: Evidence, settings: Settings) -> str:
    """How much longer the run should be: what is often enough, and what decides nine of ten such runs."""
    enough = _ENOUGH_AT_REST_MINUTES if by.settled else _ENOUGH_UNDER_LOAD_MINUTES
    surely = max(enough, _ENOUGH_TIMES * by.minutes) - by.minutes
    often = min(max(_often_enough(by, settings) - by.minutes, 1), surely)
    return f"another {often:.0f} min ({surely:.0f} min decide nine of ten such runs)"


def _often_enough(by: Evidence, settings: Settings) -> float:
    """The length that may do, in minutes, as far as that can be told: errors of a slope fall as time^-1.5."""
    if by.settled and (by.trend is None or by.trend.few):
        return _USUALLY_ENOUGH_AT_REST_MINUTES
    if by.trend is None or (by.minutes < SHORTEST_FOR_LEAK_MINUTES and not by.settled):
        return SHORTEST_FOR_LEAK_MINUTES
    growth = by.trend.growth.value
    reach = (by.missed or by.trend.high) - growth
    room = settings.acquit_kib_per_min - growth if growth < settings.acquit_kib_per_min / 2 else growth
    return by.minutes * (min(max(reach / room, 1.5) ** (2 / 3), 10.0) if room > 0 else 2.0)
