"""The SDK instances of a load: which are connected, and what is asked of them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TypeVar

from exporter.checked import Json
from exporter.drivers.protocol import UNKNOWN_COMMAND, Heap, parse_heap
from exporter.drivers.subject import CommandError, Subject
from exporter.record.state import LoadCounters
from exporter.scenarios import abandon_instances, force_gc, frequent_sync, leave_listeners
from exporter.scenarios.together import each_to_its_end, together

T = TypeVar("T")

COMMAND_TIMEOUT_SECONDS = 60.0
CONNECTS_AT_ONCE = 4
RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Instance:
    """An SDK instance to connect: its name, which is also its storage's, and the wallet whose seed it has.

    Only one instance per seed may optimise its leaves: two would swap them away in the middle of each other's payments.
    ``server`` has it do nothing by itself; ``shared`` has it share what it can with the others that do.
    """

    name: str
    wallet: str
    optimize_leaves: bool = False
    server: bool = False
    shared: bool = False


class Fleet:
    """All instances of one subject; ``wallets`` name those that pay, the others are idle.

    Every method raises SubjectError if the subject ends, and CommandError (kind ``timeout`` for no answer) if a command
    fails. Counts go into ``counters``.
    """

    def __init__(
        self, subject: Subject, paying: Sequence[Instance], idle: Sequence[Instance], counters: LoadCounters
    ) -> None:
        self.counters = counters
        self._subject = subject
        self._wanted = (*paying, *idle)
        self.wallets = tuple(instance.wallet for instance in paying)
        self._listeners: dict[str, int] = {}  # by connected instance

    @property
    def size(self) -> int:
        """How many instances there are when all are connected."""
        return len(self._wanted)

    async def ask(
        self, do: str, within: float = COMMAND_TIMEOUT_SECONDS, /, **args: Json
    ) -> tuple[dict[str, Json], float]:
        """Have one command done ``within`` so many seconds: its result and the seconds that the driver took."""
        try:
            async with asyncio.timeout(within):
                return await self._subject.request(do, **args)
        except TimeoutError:
            raise CommandError(do, f"no answer to {do} within {within:g} s", "timeout", within) from None

    async def ask_each(self, do: str, /, **args: Json) -> None:
        """Have one command done by every paying instance, all at once."""
        await together(self.ask(do, instance=wallet, **args) for wallet in self.wallets)

    async def connect(self, patience: float, count: int | None = None) -> None:
        """Connect the first ``count`` instances (all by default) that aren't yet, and give each paying one a listener.

        A connection that fails is tried again, until ``patience`` seconds have passed.
        """
        at_once = asyncio.Semaphore(CONNECTS_AT_ONCE)
        missing = [instance for instance in self._wanted[:count] if instance.name not in self._listeners]
        await together(self._connect(instance, at_once, patience) for instance in missing)

    async def disconnect(self, *, keep_listeners: bool = False) -> None:
        """Disconnect every instance, listeners first or with them.

        The first failure is raised once all have been tried.
        """
        await each_to_its_end(self._disconnect(name, keep_listeners) for name in list(self._listeners))

    async def enter(self, name: str, wallet: str, *, server: bool = False, shared: bool = False) -> None:
        """Connect an instance that is here for a while, on a wallet's seed, unless it is connected; see `Instance`."""
        if name not in self._listeners:
            instance = Instance(name, wallet, server=server, shared=shared)
            await self._connect(instance, asyncio.Semaphore(), patience=0.0)

    async def leave(self, name: str) -> None:
        """Disconnect such an instance, unless it is gone."""
        if name in self._listeners:
            await self._disconnect(name)

    async def abandon(self) -> None:
        """Drop every instance without disconnecting it."""
        for name in list(self._listeners):
            await self.ask("abandon", instance=name)
            self._forget(name)
            self.counters.count(abandon_instances.COUNTER)

    async def add_listeners(self, name: str, count: int) -> None:
        await self.ask("add_listeners", instance=name, count=count)
        self._listeners[name] += count
        self.counters.connected["listeners"] += count

    async def remove_listeners(self, name: str, count: int) -> None:
        await self.ask("remove_listeners", instance=name, count=count)
        self._listeners[name] -= count
        self.counters.connected["listeners"] -= count

    async def sync(self) -> None:
        """Have every paying instance sync."""
        await self.ask_each("sync")
        self.counters.count(frequent_sync.COUNTER, len(self.wallets))

    async def balance(self, wallet: str) -> int:
        """A wallet's balance in satoshis, as its instance knows it without a sync."""
        result, _ = await self.ask("balance", instance=wallet)
        balance: int = result["balance_sats"]
        self.counters.balances_sats[wallet] = balance
        return balance

    async def collect_garbage(self) -> None:
        await self.ask("collect_garbage")
        self.counters.count(force_gc.COUNTER)

    async def trim(self) -> None:
        """Have the allocator give back to the kernel what it holds unused."""
        await self.ask("trim")

    async def measure(self) -> Heap:
        """Read the subject's heaps."""
        result, _ = await self.ask("measure")
        return parse_heap(result)

    async def _connect(self, instance: Instance, at_once: asyncio.Semaphore, patience: float) -> None:
        async def connect() -> None:
            try:
                async with at_once:
                    await self.ask(
                        "connect",
                        instance=instance.name,
                        wallet=instance.wallet,
                        optimize_leaves=instance.optimize_leaves,
                        server=instance.server,
                        shared=instance.shared,
                    )
            except CommandError as error:
                # An earlier try was answered too late to be noticed.
                if error.kind != "already_connected":
                    raise

        await patiently(connect, patience)
        self._listeners[instance.name] = 0
        self.counters.connected["instances"] += 1
        if instance.name in self.wallets:
            await self.add_listeners(instance.name, 1)

    async def _disconnect(self, name: str, keep_listeners: bool = False) -> None:
        if keep_listeners:
            await self.ask("disconnect", instance=name, keep_listeners=True)
            self.counters.count(leave_listeners.COUNTER, self._listeners[name])
        else:
            if self._listeners[name]:
                await self.remove_listeners(name, self._listeners[name])
            await self.ask("disconnect", instance=name)
        self._forget(name)

    def _forget(self, name: str) -> None:
        self.counters.connected["listeners"] -= self._listeners.pop(name)
        self.counters.connected["instances"] -= 1


async def patiently(act: Callable[[], Awaitable[T]], patience: float) -> T:
    """Do something, and again as long as the subject fails to, until ``patience`` seconds have passed.

    The first failure is logged, the last CommandError raised. A command that the driver lacks is asked for once.
    """
    clock = asyncio.get_running_loop().time
    give_up = clock() + patience
    delays = chain(RETRY_SECONDS, repeat(RETRY_SECONDS[-1]))
    while True:
        try:
            return await act()
        except CommandError as error:
            delay = next(delays)
            if error.kind == UNKNOWN_COMMAND or clock() + delay > give_up:
                raise
            if delay == RETRY_SECONDS[0]:
                _log.warning("%s is tried again for %.0f s: %s", error.do, give_up - clock(), error)
        await asyncio.sleep(delay)
