"""Which axis matters, in a sentence."""

from itertools import product

import pytest

from exporter.fleet.axes import where_it_leaks
from exporter.fleet.cells import Combination
from exporter.record.terms import Verdict

LEAK, CLEAN, OPEN = Verdict.LEAK, Verdict.NO_LEAK, Verdict.INCONCLUSIVE


def verdicts(drivers: str, scenarios: str, leaking: str, inconclusive: str = "") -> dict[Combination, Verdict]:
    """Every driver under every scenario; those named as ``driver/scenario`` leak, or are inconclusive."""
    found = {}
    for driver, scenario in product(drivers.split(), scenarios.split()):
        name = f"{driver}/{scenario}"
        verdict = LEAK if name in leaking.split() else OPEN if name in inconclusive.split() else CLEAN
        found[Combination(driver, scenario, "1h")] = verdict
    return found


@pytest.mark.parametrize(
    ("drivers", "scenarios", "leaking", "said"),
    [
        ("go python", "steady again", "", "No combination leaks."),
        ("go", "steady", "go/steady", "Every combination leaks."),
        ("go python", "steady", "go/steady", "Leaks with go, not with python."),
        (
            "go python",
            "steady again",
            "go/steady go/again",
            "Leaks with go, not with python; the scenario makes no difference.",
        ),
        (
            "go python",
            "steady again",
            "go/again python/again",
            "Leaks under again, not under steady; the driver makes no difference.",
        ),
        (
            "go@1 go@2 python",
            "steady again",
            "go@1/again go@2/again",
            "Leaks with go@1 and go@2, not with python, and only under again, not under steady.",
        ),
        (
            "go python node",
            "steady again",
            "go/again python/steady python/again",
            "Leaks with go under again, not under steady; with python throughout; not with node.",
        ),
    ],
)
def test_says_what_leaking_combinations_have_in_common(drivers: str, scenarios: str, leaking: str, said: str) -> None:
    assert where_it_leaks(verdicts(drivers, scenarios, leaking)) == said


def test_the_inconclusive_speak_for_neither_side() -> None:
    found = verdicts("go python", "steady again", "go/again", "python/steady go/steady")
    assert where_it_leaks(found) == "Leaks with go, not with python. 2 of 4 combinations are inconclusive."
    assert where_it_leaks(verdicts("go", "steady", "", "go/steady")) == "No combination has shown whether it leaks."
    assert where_it_leaks(verdicts("go c", "steady", "", "go/steady")).startswith("No combination has shown a leak. 1")
    assert where_it_leaks(verdicts("go c", "s", "c/s", "go/s")).startswith("All that could be judged leak. 1 of 2")


def test_combinations_without_a_verdict_are_neither_acquitted_nor_accused() -> None:
    assert where_it_leaks(verdicts("go", "s", ""), 2) == (
        "No combination has shown a leak. 2 of 3 combinations have no verdict."
    )
    assert where_it_leaks(verdicts("go", "s", "go/s"), 1) == (
        "All that could be judged leak. 1 of 2 combinations have no verdict."
    )
    assert where_it_leaks({}, 3) == "No combination has shown whether it leaks."


def test_of_very_many_the_first_are_named() -> None:
    drivers = " ".join(f"go@{number}" for number in range(30))
    leaking = " ".join(f"{driver}/steady" for driver in drivers.split())
    said = where_it_leaks(verdicts(f"{drivers} python", "steady", leaking))
    assert said == "Leaks with go@0, go@1, go@2, go@3, go@4 and 25 more, not with python."


def test_what_cannot_be_said_simply_is_listed() -> None:
    found = {
        Combination("go", scenario, duration): LEAK if (scenario == "a") == (duration == "1h") else CLEAN
        for scenario, duration in product("ab", ("1h", "2h"))
    }
    assert where_it_leaks(found) == "Leaks with go under a over 1h and b over 2h."
