"""What a load tells while it goes on."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoadEvent:
    """Something worth a line on the console; the counters are kept apart.

    ``kind``: phase, funded, refunded, refund_failed, payment_failed, reconnected, abandoned, settled, settle_failed,
    step_failed.
    """

    kind: str
    message: str


OnEvent = Callable[[LoadEvent], None]
