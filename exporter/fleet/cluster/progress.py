"""How far the cells of a Job are, from what the API tells of it and of its pods: no calls, only conclusions."""

from collections.abc import Collection, Sequence

from exporter.checked import printable
from exporter.exit_codes import ExitCode
from exporter.fleet.cells import Cell, fingerprint
from exporter.fleet.cluster.objects import Job, Pod
from exporter.fleet.result import Result, decode

_KILLED = 137  # by SIGKILL, as a shell counts


class Progress:
    """The newest pod of each cell, and what the Job has settled."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._cells = cells
        self._plan = fingerprint(cells)
        self._latest: dict[int, Pod] = {}
        self.job: Job | None = None

    def see(self, pod: Pod) -> int | None:
        """Take in the state of a pod, in any order, as often as it comes.

        Returns the number of its cell, None where a newer pod of it is known.
        """
        number = pod.index
        if number is None or not 0 <= number < len(self._cells):
            return None
        known = self._latest.get(number)
        if known is not None and pod.metadata.creation_timestamp < known.metadata.creation_timestamp:
            return None
        self._latest[number] = pod
        return number

    @property
    def running(self) -> int:
        """How many pods run."""
        return sum(pod.running for pod in self._latest.values())

    def results(self, *, known_only: bool = False, besides: Collection[int] = ()) -> dict[int, Result]:
        """What the cells have come to, by their numbers, of those that are not tried again, ``besides`` some.

        ``known_only`` leaves out those of which the Job tells before their pods do.
        """
        if self.job is None:
            return {}
        completed = self.job.completed
        return {
            number: self._result(number, succeeded=number in completed)
            for number in sorted(self.job.settled)
            if number < len(self._cells) and number not in besides and (not known_only or self._is_over(number))
        }

    def _is_over(self, number: int) -> bool:
        return number in self._latest and self._latest[number].over

    def _result(self, number: int, *, succeeded: bool) -> Result:
        pod = self._latest.get(number)
        if pod is None or not pod.over:
            code = ExitCode.NO_LEAK if succeeded else ExitCode.DEFECT
            return Result(
                plan=self._plan, cell=number, exit_code=code, reason="its pod is gone, and its figures with it"
            )
        return result_of(pod, self._plan, self._cells[number])


def result_of(pod: Pod, plan: str, cell: Cell) -> Result:
    """What a pod that is over says of its cell: its last words, or, where it has none, how its container ended."""
    ended = pod.terminated
    if ended is not None and ended.message:
        try:
            said = decode(ended.message.encode())
        except ValueError:
            said = None
        if said is not None and said.belongs_to(plan, cell):
            return said
    code, reason = _end_of(pod)
    return Result(plan=plan, cell=cell.number, exit_code=code, reason=printable(reason, 300))


def _end_of(pod: Pod) -> tuple[int, str]:
    ended = pod.terminated
    if ended is None:
        return ExitCode.DEFECT, f"its pod ended without a result: {pod.status.reason} {pod.status.message}".strip()
    if ended.reason == "OOMKilled":
        return ExitCode.SUBJECT_DIED, "out of memory: the kernel killed the container at the limit of its memory"
    if ended.exit_code == _KILLED:
        return ExitCode.SUBJECT_DIED, "its container was killed (SIGKILL), as the kernel does when memory runs out"
    # A container that could not be started says why in its message.
    words = f": {ended.message}" if ended.message else ""
    return ended.exit_code, f"its container ended without a result ({ended.reason}, exit code {ended.exit_code}){words}"
