"""What a subject tells of itself, noted in its state: the one writer, for drivers' messages and for watched programs.

What comes here has been parsed and checked. A reading replaces the one before, so that nothing stays that is no longer
told; names are bounded over the whole run, and a size that can't be one is that of an unreadable heap.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from exporter.drivers.protocol import BadLine, Heap, Hello, Log, Received, SdkEvent
from exporter.record.state import SubjectState

BAD_LINES_LOGGED = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What a watched program tells of itself, or the kernel of its control group, in bytes by part."""

    heap: Heap = field(default_factory=Heap)
    payments: int | None = None
    group_bytes: Mapping[str, int] = field(default_factory=dict)


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
    state.heap_bytes = state.names.heaps.sums(heap.heap_bytes)
    state.allocator_bytes = state.names.parts.sums(heap.allocator_bytes)
    state.unreadable_heaps = heap.unreadable
    told = bool(heap.heap_bytes or heap.unreadable)
    # Objects are counted at rest only, so the last count holds as long as there are heaps.
    state.objects = state.objects if heap.objects is None and told else heap.objects
    state.collections = heap.collections
    state.goroutines = heap.goroutines
    state.event_loop_handles = heap.event_loop_handles
    state.heap_time = datetime.now(UTC) if told else state.heap_time


def note_told(state: SubjectState, told: Told) -> None:
    """Note all that the sources of a watched program tell; what none of them tells is no longer known."""
    note_heap(state, told.heap)
    state.group_bytes = dict(told.group_bytes)
    if told.payments is not None:
        state.load.payments["any"] = told.payments


def note_others(state: SubjectState, resident: Mapping[str, int]) -> None:
    """Note what is resident in the processes that count beside the subject's own, by their names."""
    state.other_bytes = state.names.processes.sums(resident)
