"""Faults on demand: late answers, calls that fail, event streams that end, a provider that is away.

A call that fails here has changed nothing.
"""

import asyncio
import random
import time
from collections.abc import Callable

from exporter.network.ledger.errors import Broken, Unavailable
from exporter.settings.network import FaultSettings


class Faults:
    """Decides what goes wrong, and when.

    Args:
        settings: how often, how long.
        now: a clock in seconds.
        chance: where randomness comes from.
    """

    def __init__(
        self,
        settings: FaultSettings,
        now: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
    ) -> None:
        self._settings = settings
        self._now = now
        self._chance = chance or random.Random()  # noqa: S311 - not for secrets
        self._start = now()

    @property
    def away(self) -> bool:
        """Whether the provider is away: at the start of every period but the first."""
        return self._until_change()[0]

    def happens(self) -> bool:
        """Whether something goes wrong this time."""
        return self._chance.random() < self._settings.error_rate

    async def before_call(self) -> None:
        """Delay an operator's answer; raises Unavailable or Broken now and then."""
        await self._delay()
        if self.happens():
            raise self._chance.choice((Unavailable, Broken))("the call fails, on demand")

    async def before_request(self) -> None:
        """Delay the provider's answer; raises Unavailable now and then, and while it is away."""
        await self._delay()
        if self.away or self.happens():
            raise Unavailable("the provider is away, on demand")

    async def at_each_outage(self, act: Callable[[], None]) -> None:
        """Call ``act`` whenever an outage begins; never returns."""
        if not self._settings.outage_every_seconds:
            return
        while True:
            away, seconds = self._until_change()
            await asyncio.sleep(seconds)
            if not away:
                act()

    async def _delay(self) -> None:
        if self._settings.latency_seconds:
            await asyncio.sleep(self._settings.latency_seconds)

    def _until_change(self) -> tuple[bool, float]:
        """Whether there is an outage, and for how many seconds that stays so."""
        every, lasting = self._settings.outage_every_seconds, self._settings.outage_for_seconds
        if not every:
            return False, float("inf")
        elapsed = self._now() - self._start
        phase = elapsed % every
        if elapsed >= every and phase < lasting:
            return True, lasting - phase
        return False, every - phase
