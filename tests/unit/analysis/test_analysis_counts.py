"""Recorded watches of a program that forgets to close sockets, and of its clean twin: counts decide without memory.

`tests/fixtures/half_closed.py` was watched for nine minutes, with `--payments-from '^operations (\\d+)$'`. Descriptors,
threads and goroutines are among the runs of the field test.
"""

import lzma
from io import BytesIO
from pathlib import Path

from exporter.analysis.series import Run, parse_csv
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

RECORDED = Path(__file__).parents[2] / "fixtures" / "recorded" / "counts"


def recorded(name: str) -> Run:
    return parse_csv(BytesIO(lzma.decompress((RECORDED / f"{name}.csv.xz").read_bytes())), name)


def test_sockets_that_only_the_other_side_has_closed_are_a_leak() -> None:
    found = judge(recorded("half_forgets"))
    assert found.verdict is Verdict.LEAK
    assert "the number of sockets that only the other side has closed grows by" in found.reason


def test_sockets_that_are_closed_are_none() -> None:
    assert judge(recorded("half_closes")).verdict is Verdict.NO_LEAK
