"""The load on one subject, from connecting to the last payment, run by the observer."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from exporter.drivers.subject import CommandError, Subject
from exporter.errors import LoadError
from exporter.record.sample import READINGS_PER_PHASE
from exporter.record.state import Histogram, LoadCounters, SubjectState
from exporter.record.terms import Phase
from exporter.scenarios import scenarios_for
from exporter.scenarios.scenario import Scenario
from exporter.scenarios.stage import Payment, Stage
from exporter.settings.faucet import FaucetSettings
from exporter.settings.load import WorkloadSettings
from exporter.workload.events import LoadEvent, OnEvent
from exporter.workload.fleet import Fleet, Instance
from exporter.workload.funding import Funder
from exporter.workload.gate import Gate
from exporter.workload.pacing import Schedule
from exporter.workload.payments import Payer, plan
from exporter.workload.settling import OnSettled, Settler, connect_and_weigh
from exporter.workload.wallets import wallet_pairs

CONNECT_PATIENCE_SECONDS = 60.0
DRAIN_SECONDS = 60.0
# When the phases of the doubling protocol end, as shares of the load's time: a warm-up, and three that double the load.
DOUBLING_ENDS = (1 / 8, 1 / 4, 1 / 2, 1.0)

# The events of payment SDKs that are known beforehand, so that their counters start at 0.
KNOWN_EVENTS = (
    *("synced", "payment_pending", "payment_succeeded", "payment_failed"),
    *("new_deposits", "claimed_deposits", "unclaimed_deposits", "auto_optimization"),
)


class Workload:
    """The load on one subject. ``prepare``, then ``run``, then ``finish``.

    ``on_settled`` is awaited with the load at rest and the heaps just read; payments wait until it returns. Before the
    first payment and after the last it is also awaited with the allocator trimmed.
    ``refusing_address`` is one that the network's operators fail for, where the network has such.
    Every count goes into ``state.load``, and ``state.phase`` follows: connecting, funding, running, stopping.
    """

    def __init__(
        self,
        subject: Subject,
        settings: WorkloadSettings,
        state: SubjectState,
        faucet: FaucetSettings,
        on_settled: OnSettled,
        on_event: OnEvent,
        refusing_address: str | None = None,
    ) -> None:
        self._subject = subject
        self._settings = settings
        self._state = state
        self._on_event = on_event
        self._scenarios = scenarios_for(settings)
        self._pairs = wallet_pairs(settings)
        wallets = tuple(wallet for pair in self._pairs for wallet in pair)
        idle = [Instance(*named) for scenario in self._scenarios for named in scenario.idle_instances(wallets)]
        start_counters(state.load, settings, wallets, self._scenarios)
        # An abandoned instance lives on beside its successor, on the same seed.
        paying = [Instance(wallet, wallet, optimize_leaves=not settings.abandon_instances) for wallet in wallets]
        self._fleet = Fleet(subject, paying, idle, state.load)
        self._funder = Funder(self._fleet, settings, faucet, on_event)
        self._payer = Payer(self._fleet, on_event)
        self._stage = Stage(self._fleet, self._payer, state.load.count, self._tell, refusing_address)
        self._settler = Settler(self._fleet, settings, state, on_settled, on_event)
        self._gate = Gate()
        self._numbers = itertools.count()
        self._finished_payments = 0

    async def prepare(self) -> None:
        """Connect every instance and fund every wallet.

        Raises LoadError if that fails, SubjectError if the subject ends.
        """
        self._enter(Phase.CONNECTING)
        try:
            await connect_and_weigh(self._fleet, self._subject.pid, self._state.load, CONNECT_PATIENCE_SECONDS)
        except CommandError as error:
            raise LoadError(f"connecting failed at {error.do}: {error}") from None
        self._enter(Phase.FUNDING)
        await self._funder.fund_all()
        balances = ", ".join(f"{wallet} {sats}" for wallet, sats in self._state.load.balances_sats.items())
        self._on_event(LoadEvent("funded", f"Funded, in satoshis: {balances}"))
        await self._attempt("trim", self._settler.trim)

    async def run(self, stop: asyncio.Event, seconds: float) -> None:
        """Pay until ``stop`` is set; in phases, if the protocol has any, it also ends by itself after so many seconds.

        Raises SubjectError if the subject ends. A failed payment is counted, never raised.
        """
        began = asyncio.get_running_loop().time()
        self._enter(Phase.RUNNING)
        if self._settings.settle_every:
            await self._settle()
        if self._settings.protocol == "steady":
            await self._pay_until(stop)
        else:
            await self._pay_in_phases(stop, began, seconds)

    async def _pay_in_phases(self, stop: asyncio.Event, began: float, seconds: float) -> None:
        clock = asyncio.get_running_loop().time
        resting = 0.0
        for number, end in enumerate(DOUBLING_ENDS):
            self._state.load_phase = number
            name = f"phase {number} of {len(DOUBLING_ENDS) - 1}" if number else "warming up"
            self._on_event(LoadEvent("phase", f"running, {name}"))
            # The readings belong to their phase, and take about as long as the last ones.
            await self._pay_until(stop, began + end * seconds - resting)
            resting = -clock()
            await self._read_at_rest(stop)
            resting += clock()
            if stop.is_set():
                return

    async def _read_at_rest(self, stop: asyncio.Event) -> None:
        """Take settled samples, each after a payment of its own so that their noise is independent (at most 60 s)."""
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                for _ in range(READINGS_PER_PHASE):
                    if stop.is_set():
                        return
                    await self._cycle(next(self._numbers))
                    await self._settle()
        except TimeoutError:
            text = f"samples at rest took more than {DRAIN_SECONDS:g} s: the rest of them are left out"
            self._on_event(LoadEvent("settle_failed", text))

    async def _pay_until(self, stop: asyncio.Event, end: float | None = None) -> None:
        """Pay until ``stop`` is set or the clock is at ``end``, then let what is in flight finish (at most 60 s)."""
        clock = asyncio.get_running_loop().time
        schedule = Schedule(clock(), self._settings.interval_seconds)
        running: set[asyncio.Task[None]] = set()
        stopped = asyncio.create_task(_wait_for(stop, end))
        try:
            while not (stop.is_set() or stopped.done()):
                if len(running) >= self._settings.in_flight:
                    await _first_of({stopped, *running})
                elif delay := schedule.delay(clock()):
                    await _first_of({stopped, *running}, delay)
                else:
                    self._state.load.missed += schedule.take(clock())
                    running.add(asyncio.create_task(self._cycle(next(self._numbers))))
                running = _still_running(running)
            if running:
                await asyncio.wait(running, timeout=DRAIN_SECONDS)
            _still_running(running)
        finally:
            for task in (stopped, *running):
                task.cancel()
            await asyncio.gather(stopped, *running, return_exceptions=True)

    async def at_rest(self, action: Callable[[], Awaitable[None]]) -> None:
        """Settle, and do something more before the load goes on; raises what ``action`` raises."""
        async with self._gate.exclusive():
            await self._attempt("settle", partial(self._settler.settle, self._finished_payments))
            await action()

    async def finish(self, before_disconnect: Callable[[], Awaitable[None]] | None = None) -> None:
        """Settle a last time, trim, and disconnect every instance; failures are events."""
        self._enter(Phase.STOPPING)
        await self._settle()
        await self._attempt("trim", self._settler.trim)
        if before_disconnect is not None:
            await before_disconnect()
        await self._attempt("disconnect", self._fleet.disconnect)

    async def _cycle(self, number: int) -> None:
        """One payment and the steps that follow it."""
        payment = plan(number, self._pairs, self._settings.rails, self._settings.amount_sats)
        async with self._gate.shared():
            await self._attempt("funding", partial(self._funder.refund, payment.sender))
            await self._attempt("failing_payments", partial(self._pay, number, payment))
        self._finished_payments += 1
        payments = self._finished_payments
        for scenario in self._scenarios:
            if scenario.due(payments):
                async with self._gate.exclusive() if scenario.exclusive else self._gate.shared():
                    await self._attempt(scenario.name, partial(scenario.step, self._stage))
        await self._settle_if_due()
        await self._payer.rest_after_failures()

    async def _pay(self, number: int, payment: Payment) -> None:
        for scenario in self._scenarios:
            if await scenario.pay_instead(self._stage, number, payment):
                return
        await self._payer.pay(payment)

    async def _settle_if_due(self) -> None:
        if not self._settler.due(self._finished_payments):
            return
        async with self._gate.exclusive():
            # Another cycle may have settled while this one waited.
            if self._settler.due(self._finished_payments):
                await self._attempt("settle", partial(self._settler.settle, self._finished_payments))

    async def _settle(self) -> None:
        async with self._gate.exclusive():
            await self._attempt("settle", partial(self._settler.settle, self._finished_payments))

    async def _attempt(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        """Do a step of which a failure is counted and told, and doesn't end the load."""
        try:
            await step()
        except CommandError as error:
            self._state.load.step_failures[name] += 1
            self._on_event(LoadEvent("step_failed", f"{name}: {error.do} failed ({error.kind}): {error}"))

    def _tell(self, kind: str, text: str) -> None:
        self._on_event(LoadEvent(kind, text))

    def _enter(self, phase: Phase) -> None:
        self._state.phase = phase
        self._on_event(LoadEvent("phase", phase))


def start_counters(
    load: LoadCounters, settings: WorkloadSettings, wallets: tuple[str, ...], scenarios: tuple[Scenario, ...]
) -> None:
    """Put every key that can occur into the counters, at 0."""
    for rail in settings.rails:
        load.payments[rail] = load.failures[rail] = 0
        load.latency_seconds[rail] = Histogram()
    load.sdk_events.update(dict.fromkeys(KNOWN_EVENTS, 0))
    load.connected.update(listeners=0, instances=0)
    load.balances_sats.update(dict.fromkeys(wallets, 0))
    for scenario in scenarios:
        load.step_failures[scenario.name] = 0
        for reason in scenario.reasons:
            load.expected_failures[reason] = load.unexpected_successes[reason] = 0


async def _wait_for(event: asyncio.Event, end: float | None) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout_at(end):
            await event.wait()


async def _first_of(tasks: set[asyncio.Task[None]], seconds: float | None = None) -> None:
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)


def _still_running(tasks: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """The tasks that are not done; raises the error of one that failed."""
    for task in tasks:
        if task.done():
            task.result()
    return {task for task in tasks if not task.done()}
