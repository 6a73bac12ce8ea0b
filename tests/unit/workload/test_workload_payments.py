"""Which payment comes next."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from exporter.scenarios.share import Share
from exporter.scenarios.stage import Payment
from exporter.workload.payments import plan

ONE_PAIR = (("alice", "bob"),)


def test_the_direction_alternates() -> None:
    assert plan(0, ONE_PAIR, ("spark",), 10) == Payment("alice", "bob", "spark", 10)
    assert plan(1, ONE_PAIR, ("spark",), 10) == Payment("bob", "alice", "spark", 10)
    assert plan(2, ONE_PAIR, ("spark",), 10) == plan(0, ONE_PAIR, ("spark",), 10)


def test_both_rails_alternate() -> None:
    rails = [plan(number, ONE_PAIR, ("spark", "lightning"), 10).rail for number in range(4)]
    assert rails == ["spark", "lightning", "spark", "lightning"]


@given(st.integers(min_value=1, max_value=5), st.sampled_from([("spark",), ("spark", "lightning")]))
def test_every_wallet_pays_as_often_as_it_is_paid(pairs: int, rails: tuple[str, ...]) -> None:
    names = tuple((f"a{number}", f"b{number}") for number in range(pairs))
    payments = [plan(number, names, rails, 1) for number in range(4 * pairs)]
    sent, received = Counter(p.sender for p in payments), Counter(p.receiver for p in payments)
    assert sent == received == Counter(dict.fromkeys([name for pair in names for name in pair], 2))
    assert len({Counter(p.rail for p in payments)[rail] for rail in rails}) == 1


@given(st.floats(min_value=0, max_value=1), st.integers(min_value=1, max_value=500))
def test_the_share_of_failing_payments_is_kept(share: float, count: int) -> None:
    asked = Share(share)
    turns = [turn for _ in range(count) if (turn := asked.turn()) is not None]
    assert turns == list(range(int(count * share)))
