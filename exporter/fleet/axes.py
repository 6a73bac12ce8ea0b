"""Which axis of a plan matters: where it leaks and where it doesn't, in a sentence."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from exporter.fleet.cells import Combination
from exporter.record.terms import Verdict

_MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class _Axis:
    """An axis of a plan: how a level of it is found, and the word before levels in a sentence."""

    name: str
    word: str
    level: Callable[[Combination], str]


_AXES = (
    _Axis("driver", "with", lambda each: each.driver),
    _Axis("scenario", "under", lambda each: each.scenario),
    _Axis("duration", "over", lambda each: each.duration),
)


def where_it_leaks(verdicts: Mapping[Combination, Verdict], unjudged: int = 0) -> str:
    """Say which combinations leak by what they have in common; those that are inconclusive speak for neither side.

    ``unjudged`` is how many further ones have no verdict.
    """
    leaking = [each for each, verdict in verdicts.items() if verdict is Verdict.LEAK]
    clean = [each for each, verdict in verdicts.items() if verdict is Verdict.NO_LEAK]
    open_ = len(verdicts) - len(leaking) - len(clean)
    all_ = len(verdicts) + unjudged
    rest = f" {open_} of {all_} combinations are inconclusive." if open_ and len(verdicts) > open_ else ""
    rest += f" {unjudged} of {all_} combinations have no verdict." if unjudged and verdicts else ""
    if not leaking and not clean:
        return "No combination has shown whether it leaks."
    if not leaking:
        return f"No combination leaks.{rest}" if not open_ + unjudged else f"No combination has shown a leak.{rest}"
    if not clean:
        return f"Every combination leaks.{rest}" if not open_ + unjudged else f"All that could be judged leak.{rest}"
    return f"Leaks {_common(leaking, clean) or _by_driver(leaking, clean)}.{rest}"


def _common(leaking: Sequence[Combination], clean: Sequence[Combination]) -> str:
    """What sets leaking combinations apart, axis by axis; empty where it is no such simple matter."""
    bad = {axis.name: _levels(axis, leaking) for axis in _AXES}
    if any(all(axis.level(each) in bad[axis.name] for axis in _AXES) for each in clean):
        return ""
    said, alike = [], []
    for axis in _AXES:
        good = [level for level in _levels(axis, clean) if level not in bad[axis.name]]
        if good:
            said.append(f"{axis.word} {_named(bad[axis.name])}, not {axis.word} {_named(good)}")
        elif len(bad[axis.name]) > 1:
            alike.append(axis.name)
    differs = f"; the {' and the '.join(alike)} {'makes' if len(alike) == 1 else 'make'} no difference" if alike else ""
    return ", and only ".join(said) + differs


def _by_driver(leaking: Sequence[Combination], clean: Sequence[Combination]) -> str:
    """The same for each driver by itself, those alike together."""
    alike: dict[str, list[str]] = {}
    for driver in _levels(_AXES[0], leaking):
        bad, good = ([each for each in some if each.driver == driver] for some in (leaking, clean))
        where = _common(bad, good) if good else "throughout"
        where = where or "under " + _named([f"{each.scenario} over {each.duration}" for each in bad])
        alike.setdefault(where, []).append(driver)
    said = [f"with {_named(drivers)} {where}" for where, drivers in alike.items()]
    never = [driver for driver in _levels(_AXES[0], clean) if driver not in _levels(_AXES[0], leaking)]
    if never:
        said.append(f"not with {_named(never)}")
    return "; ".join(said)


def _levels(axis: _Axis, among: Iterable[Combination]) -> list[str]:
    return list(dict.fromkeys(axis.level(each) for each in among))


def _named(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; of very many the first, and how many more."""
    if len(names) > _MOST_NAMED:
        names = [*names[: _MOST_NAMED - 1], f"{len(names) - _MOST_NAMED + 1} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
