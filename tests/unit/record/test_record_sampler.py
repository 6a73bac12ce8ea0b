"""A sample's parts: what of the subject's state and of the probes becomes which cell."""

import asyncio
import os
from collections import Counter
from pathlib import Path

import pytest

from exporter.record.csv_file import CsvSink
from exporter.record.sample import Sample
from exporter.record.sampler import Sampler
from exporter.record.state import LoadCounters, SubjectState


def sample_of(state: SubjectState, path: Path, *, settled: bool = False, trimmed: bool = False) -> Sample:
    """Take one sample of this process."""
    taken: list[Sample] = []

    async def take() -> None:
        sink = CsvSink.open(path, "refuse")
        try:
            await Sampler(state, sink, lambda: 1.0, taken.append).take(settled=settled, trimmed=trimmed)
        finally:
            sink.close()

    asyncio.run(take())
    return taken[0]


def test_what_is_resident_beyond_the_heaps_is_the_rest(tmp_path: Path) -> None:
    state = SubjectState("python", pid=os.getpid(), heap_bytes={"python": 1000, "native": 200, "mmap": 30})
    sample = sample_of(state, tmp_path / "out.csv")
    assert sample.heap_allocated_bytes == 1230
    assert sample.rss_bytes is not None
    assert sample.beyond_heaps_bytes == sample.rss_bytes - 1230


def test_a_heap_that_cannot_be_read_leaves_out_the_sum_and_not_the_others(tmp_path: Path) -> None:
    state = SubjectState("python", pid=os.getpid(), heap_bytes={"python": 1000}, unreadable_heaps=("native",))
    sample = sample_of(state, tmp_path / "out.csv")
    assert (sample.heap_python_bytes, sample.heap_allocated_bytes, sample.beyond_heaps_bytes) == (1000, None, None)


def test_parts_of_the_allocator_and_of_the_descriptors_have_their_cells(tmp_path: Path) -> None:
    state = SubjectState("python", pid=os.getpid(), allocator_bytes={"arena": 9, "free": 4, "top": 1}, collections=7)
    sample = sample_of(state, tmp_path / "out.csv")
    assert (sample.allocator_arena_bytes, sample.allocator_free_bytes, sample.allocator_active_bytes) == (9, 4, None)
    assert sample.gc_collections == 7
    assert (sample.fds_socket or 0) + (sample.fds_other or 0) >= 1
    assert state.counted["descriptor_kinds"]["file"] == sample.fds_file
    assert sum(state.counted["thread_names"].values()) == sample.threads


def test_what_the_scenarios_did_has_its_cells(tmp_path: Path) -> None:
    load = LoadCounters(
        expected_failures=Counter(insufficient_funds=1, operator_error=1),
        counts=Counter(
            abandoned_instances=3,
            listener_churns=4,
            syncs=5,
            history_queries=6,
            garbage_collections=7,
            reconnects=8,
        ),
    )
    sample = sample_of(SubjectState("python", pid=os.getpid(), load=load), tmp_path / "out.csv")
    did = (sample.expected_failures, sample.abandoned_instances, sample.listener_churns, sample.syncs)
    assert did == (2, 3, 4, 5)
    assert (sample.history_queries, sample.garbage_collections, sample.reconnects) == (6, 7, 8)


@pytest.mark.parametrize(("settled", "objects"), [(False, None), (True, 5)])
def test_objects_are_told_of_the_moment_that_they_were_counted_at(
    tmp_path: Path, settled: bool, objects: int | None
) -> None:
    state = SubjectState("python", pid=os.getpid(), objects=5)
    assert sample_of(state, tmp_path / "out.csv", settled=settled).gc_objects == objects


def test_a_subject_that_is_gone_has_empty_cells(tmp_path: Path) -> None:
    state = SubjectState("python", heap_bytes={"python": 1}, allocator_bytes={"arena": 9}, collections=7)
    sample = sample_of(state, tmp_path / "out.csv")
    cells = (sample.allocator_arena_bytes, sample.gc_collections, sample.fds_socket, sample.beyond_heaps_bytes)
    assert cells == (None, None, None, None)


@pytest.mark.parametrize("trimmed", [False, True])
def test_a_sample_says_that_the_allocator_had_been_trimmed(tmp_path: Path, trimmed: bool) -> None:
    state = SubjectState("python", pid=os.getpid())
    assert sample_of(state, tmp_path / "out.csv", settled=True, trimmed=trimmed).trimmed == trimmed
    assert (state.last_sample is None) is (state.last_settled is None) is trimmed
