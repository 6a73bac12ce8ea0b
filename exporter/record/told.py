"""What a subject tells of itself, noted in its state: the one writer, for drivers' messages and for watched programs.

What comes here has been parsed and checked. A reading replaces the one before, so that nothing stays that is no longer
told; names are bounded over the whole run, and a size that can't be one is that of an unreadable heap.
"""

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from exporter.checked import is_count, shown
from exporter.drivers.protocol import BadLine, Heap, Hello, Log, Received, SdkEvent
from exporter.record.memory_limit import machine_memory_bytes
from exporter.record.state import SubjectState

BAD_LINES_LOGGED = 10
# Heaps that a program has from its first moment on; of others there may be nothing yet.
_RUNTIMES = frozenset({"python", "go", "node", "jvm"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What a watched program tells of itself, or the kernel of its control group, in bytes by part."""

    heap: Heap = field(default_factory=Heap)
    payments: int | None = None
    group_bytes: Mapping[str, int] = field(default_factory=dict)
    listeners: int | None = None
    instances: int | None = None


def note_message(state: SubjectState, message: Received) -> None:
    """Note what a driver's message says."""
    match message:
        case Hello():
            state.sdk, state.sdk_version, state.language = message.sdk, message.sdk_version, message.language
        case Heap():
            note_heap(state, message)
        case SdkEvent():
            events = state.load.sdk_events
            events[message.event if message.event in events else state.names.events.admit(message.event)] += 1
        case Log():
            level = logging.getLevelNamesMapping().get(message.level.upper(), logging.INFO)
            logging.getLogger(f"exporter.child.{state.driver}").log(level, "%s", message.message)
        case BadLine():
            state.bad_lines += 1
            if state.bad_lines <= BAD_LINES_LOGGED:
                _log.warning("driver '%s' sent a line that is no message: %s", state.driver, message.why)


def note_heap(state: SubjectState, heap: Heap) -> None:
    """Note the subject's heaps: as its driver tells by itself or when asked, or as it was read where it is told."""
    impossible = _impossible(heap.heap_bytes)
    sizes = {name: size for name, size in heap.heap_bytes.items() if name not in impossible}
    _warn(state, heap.heap_bytes, impossible)
    state.heap_bytes = state.names.heaps.sums(sizes)
    state.allocator_bytes = state.names.parts.sums({p: n for p, n in heap.allocator_bytes.items() if _fits(n)})
    state.unreadable_heaps = (*heap.unreadable, *impossible)
    told = bool(heap.heap_bytes or heap.unreadable)
    # Objects are counted at rest only, so the last count holds as long as there are heaps.
    state.objects = state.objects if heap.objects is None and told else _some(heap.objects)
    state.collections = heap.collections if is_count(heap.collections) else None
    state.goroutines = _some(heap.goroutines)
    state.event_loop_handles = heap.event_loop_handles if is_count(heap.event_loop_handles) else None
    state.heap_time = datetime.now(UTC) if told else state.heap_time


def note_told(state: SubjectState, told: Told, failures: Mapping[str, str] | None = None) -> None:
    """Note all that the sources of a watched program tell; what none of them tells is no longer known.

    ``failures`` says by source why it could not be read, nothing if it could.
    """
    for source, why in (failures or {}).items():
        if why and state.source_success.get(source, True):
            _log.warning("%s can't be read: %s", source, why)
        state.source_success[source] = not why
    note_heap(state, told.heap)
    state.group_bytes = {part: size for part, size in told.group_bytes.items() if is_count(size)}
    if is_count(told.payments):
        state.load.payments["any"] = told.payments
    connected = {"listeners": told.listeners, "instances": told.instances}
    state.load.connected = Counter({what: number for what, number in connected.items() if is_count(number)})


def note_others(state: SubjectState, resident: Mapping[str, int]) -> None:
    """Note what is resident in the processes that count beside the subject's own, by their names."""
    state.other_bytes = state.names.processes.sums(resident)


def _impossible(sizes: Mapping[str, int]) -> list[str]:
    """The heaps of a size that no living program has: what is written for a reading that has failed, 0 mostly.

    No runtime's heap is ever empty, nor are all heaps together; and what is in use is in memory.
    """
    nothing = not any(size > 0 for size in sizes.values())
    return [name for name, size in sizes.items() if not _fits(size) or (size == 0 and (nothing or name in _RUNTIMES))]


def _fits(size: int) -> bool:
    return 0 <= size <= machine_memory_bytes()


def _some(number: int | None) -> int | None:
    """A number of what no program is without, or None for one that can't be."""
    return number if is_count(number) and number > 0 else None


def _warn(state: SubjectState, sizes: Mapping[str, int], impossible: Collection[str]) -> None:
    """Say of heaps, when they begin to be told as impossible, that their cells stay empty."""
    begun = sorted({*impossible} - {*state.unreadable_heaps})
    if begun:
        # A driver may make up names without an end; its own log is bounded.
        logging.getLogger(f"exporter.child.{state.driver}").warning(
            "%s tells its heap '%s' as %s bytes, which can't be: the cells of it stay empty",
            *(state.driver, begun[0], shown(sizes[begun[0]])),
        )
