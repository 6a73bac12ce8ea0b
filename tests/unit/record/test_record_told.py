"""What a subject tells: one writer for drivers' messages and for watched programs."""

from datetime import UTC, datetime

import pytest

from exporter.checked import OTHER
from exporter.drivers.protocol import BadLine, Heap, Hello, SdkEvent
from exporter.record.state import MAX_EVENT_KINDS, RunState, SubjectState
from exporter.record.told import BAD_LINES_LOGGED, Told, note_heap, note_message, note_others, note_told


def test_messages_are_noted_in_the_state() -> None:
    state = SubjectState("x")
    note_message(state, Hello("d", "sdk", "1.2", "go", 7))
    note_message(state, Heap({"python": 1}, {"arena": 2}, 3))
    note_message(state, Heap({"python": 4}, event_loop_handles=9))
    assert (state.sdk, state.sdk_version, state.language) == ("sdk", "1.2", "go")
    assert (state.heap_bytes, state.allocator_bytes) == ({"python": 4}, {})
    assert (state.objects, state.event_loop_handles) == (3, 9)
    assert state.heap_time is not None


def test_a_driver_can_not_make_up_any_number_of_event_names() -> None:
    state = SubjectState("x")
    for number in range(1000):
        note_message(state, SdkEvent(f"event_{number}"))
    assert len(state.load.sdk_events) <= MAX_EVENT_KINDS + 1
    assert state.load.sdk_events.total() == 1000


def test_a_driver_can_not_make_up_any_number_of_heaps_and_their_sum_stays() -> None:
    state = SubjectState("x")
    for number in range(100):
        note_message(state, Heap({f"heap_{number}": 1, "python": 2}, {f"part_{number}": 3}))
        assert sum(state.heap_bytes.values()) == 3
    note_message(state, Heap({f"further_{number}": 1 for number in range(100)}))
    assert state.heap_bytes == {OTHER: 100}
    note_message(state, Heap({"go": 7}))
    assert state.heap_bytes == {"go": 7}


def test_bad_lines_are_counted_and_the_first_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    state = SubjectState("x")
    for _ in range(3 * BAD_LINES_LOGGED):
        note_message(state, BadLine("not JSON"))
    assert state.bad_lines == 3 * BAD_LINES_LOGGED
    assert len(caplog.records) == BAD_LINES_LOGGED


def test_what_a_watched_program_no_longer_tells_is_no_longer_known() -> None:
    state = SubjectState("x")
    heap = Heap({"go": 7}, objects=3, goroutines=4)
    assert (state.load.listeners, state.load.instances) == (None, None)
    note_told(state, Told(heap, payments=5, group_bytes={"anon": 6}, listeners=2, instances=-1))
    assert (state.load.listeners, state.load.instances) == (2, None)
    assert (state.heap_bytes, state.objects, state.goroutines) == ({"go": 7}, 3, 4)
    told_at = state.heap_time
    note_told(state, Told())
    assert (state.load.listeners, state.load.instances) == (None, None)
    assert (state.heap_bytes, state.objects, state.goroutines, state.group_bytes) == ({}, None, None, {})
    assert state.heap_time == told_at
    # Payments are counted, and a count goes on from where it was.
    assert state.load.payments["any"] == 5


@pytest.mark.parametrize("name", ["gemäß"[:5].encode()[:-1].decode(errors="surrogateescape"), "x\x1b[2J", "a\nb"])
def test_a_program_may_be_named_by_anything_that_a_file_may(name: str) -> None:
    state = SubjectState(name)
    note_others(state, {name: 5, "y" * 500: 6})
    run = RunState(name, {"command": name}, datetime.now(UTC), 60.0, {state.driver: state})
    for text in (state.driver, *state.other_bytes, run.name, *run.settings.values()):
        assert text.encode().decode() == text
        assert len(text.splitlines()) == 1
    assert sum(state.other_bytes.values()) == 11


@pytest.mark.parametrize("size", [0, -1, 2**63 - 1, 10**400])
def test_a_size_that_no_living_program_has_is_of_an_unreadable_heap(
    size: int, caplog: pytest.LogCaptureFixture
) -> None:
    state = SubjectState("x")
    for _ in range(3):
        note_told(state, Told(Heap({"go": size, "native": 5}, {"sys": -1}, objects=0, goroutines=0), payments=size))
    assert (state.heap_bytes, state.unreadable_heaps) == ({"native": 5}, ("go",))
    assert (state.allocator_bytes, state.objects, state.goroutines) == ({}, None, None)
    assert caplog.text.count("tells its heap 'go'") == 1
    note_heap(state, Heap({"go": 7, "native": 5}))
    assert (state.heap_bytes, state.unreadable_heaps) == ({"go": 7, "native": 5}, ())


@pytest.mark.parametrize(
    ("heaps", "kept"),
    [
        ({"native": 0}, {}),
        ({"native": 0, "mmap": 0}, {}),
        ({"native": 5, "mmap": 0}, {"native": 5, "mmap": 0}),
        ({"python": 0, "native": 5}, {"native": 5}),
    ],
)
def test_some_heaps_may_be_empty_and_never_all_of_them(heaps: dict[str, int], kept: dict[str, int]) -> None:
    state = SubjectState("x")
    note_heap(state, Heap(heaps))
    assert state.heap_bytes == kept
