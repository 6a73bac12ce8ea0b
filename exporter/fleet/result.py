"""What one cell has come to, as JSON so short that a container's last words hold it."""

from typing import Annotated

import msgspec

from exporter.analysis.judgement import Interval
from exporter.checked import printable
from exporter.exit_codes import ExitCode
from exporter.fleet.cells import Cell
from exporter.record.terms import Verdict

MOST_BYTES = 4096  # of a termination message of Kubernetes
_LONGEST_REASON = 500
# Ends that say something of the subject. After the others a cell may be tried again.
_WITH_VERDICT = frozenset({ExitCode.NO_LEAK, ExitCode.LEAK, ExitCode.INCONCLUSIVE})
_SAYING = _WITH_VERDICT | {ExitCode.SUBJECT_DIED}

_ENDS = {
    ExitCode.USAGE: "refused",
    ExitCode.SUBJECT_DIED: "subject died",
    ExitCode.LOAD_FAILED: "load failed",
    ExitCode.DEFECT: "defect",
    ExitCode.INTERRUPTED: "interrupted",
}

Count = Annotated[int, msgspec.Meta(ge=0)]


class Result(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The end of one cell.

    ``plan`` is the fingerprint of the plan's cells. ``exit_code`` is the run's, ``reason`` the verdict's, or what went
    wrong. None where the run can't tell; ``growth_bytes_per`` has the columns of the operations that it can tell growth
    per. ``resident_kib_per_min`` is the growth of resident memory, whatever
    ``growth_series`` the other growths are told of. The timestamps are those of its first and last sample.
    """

    plan: str
    cell: Count
    exit_code: int
    verdict: Verdict | None = None
    reason: str = ""
    growth_series: str = ""
    growth_kib_per_min: Interval | None = None
    growth_bytes_per: dict[str, Interval] = {}
    resident_kib_per_min: Interval | None = None
    peak_bytes: Count | None = None
    payments: Count | None = None
    failures: Count | None = None
    first_timestamp: str = ""
    last_timestamp: str = ""

    @property
    def final(self) -> bool:
        """Whether the cell need not be run again: how it ended says something of the subject."""
        return self.exit_code in _SAYING

    @property
    def judged(self) -> bool:
        """Whether its run came to its end and gave a verdict."""
        return self.exit_code in _WITH_VERDICT and self.verdict is not None

    @property
    def ending(self) -> str:
        """Its verdict, or how it ended without one, in words."""
        return str(self.verdict) if self.judged else end_in_words(self.exit_code)

    def belongs_to(self, plan: str, cell: Cell) -> bool:
        """Whether it is the result of this cell, of the plan with that fingerprint."""
        return (self.plan, self.cell) == (plan, cell.number)


def end_in_words(exit_code: int) -> str:
    """How a cell ended that gave no verdict."""
    return next((words for code, words in _ENDS.items() if code == exit_code), f"exit code {exit_code}")


def encode(result: Result) -> bytes:
    """The result as JSON in UTF-8, below 4 KiB: of the reason, the end is cut off where it is long."""
    longest = _LONGEST_REASON
    while True:
        shorter = msgspec.structs.replace(result, reason=printable(result.reason, longest))
        data = msgspec.json.encode(shorter)
        if len(data) < MOST_BYTES or longest < 2:
            return data
        longest //= 2


def decode(data: bytes) -> Result:
    """Read a result; raises ValueError saying what is wrong with it."""
    try:
        return msgspec.json.decode(data, type=Result)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"is no result of a cell: {error}") from None
