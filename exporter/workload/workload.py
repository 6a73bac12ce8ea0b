"""The load on one subject, from connecting to the last payment, run by the observer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from exporter.drivers.protocol import Message
from exporter.drivers.subject import Subject
from exporter.state import SubjectState
from exporter.workload.faucet import FaucetSettings
from exporter.workload.settings import WorkloadSettings


@dataclass(frozen=True, slots=True)
class LoadEvent:
    """Something worth a line on the console; the counters are kept apart."""

    kind: str  # phase, funded, refunded, refund_failed, payment_failed, reconnected, settled, step_failed
    message: str


class Workload:
    """The load on one subject. ``prepare``, then ``run``, then ``finish``.

    ``on_settled`` is awaited with the load at rest and the heaps just read; payments wait until it returns.
    Every count goes into ``state.load``, and ``state.phase`` follows: connecting, funding, running, stopping.
    """

    def __init__(
        self,
        subject: Subject,
        settings: WorkloadSettings,
        state: SubjectState,
        faucet: FaucetSettings,
        on_settled: Callable[[], Awaitable[None]],
        on_event: Callable[[LoadEvent], None],
    ) -> None:
        raise NotImplementedError

    async def prepare(self) -> None:
        """Connect every instance and fund every wallet.

        Raises LoadError if that fails, SubjectError if the subject ends.
        """
        raise NotImplementedError

    async def run(self, stop: asyncio.Event) -> None:
        """Pay until ``stop`` is set, then let what is in flight finish (at most 60 s).

        Raises SubjectError if the subject ends. A failed payment is counted, never raised.
        """
        raise NotImplementedError

    async def finish(self) -> None:
        """Settle a last time and disconnect every instance; failures are events."""
        raise NotImplementedError


def track(state: SubjectState, message: Message) -> None:
    """Note in ``state`` what a driver's message says: pass it, bound to the state, as Subject's on_message."""
    raise NotImplementedError
