"""The catalogue of columns: the header stays as files have it, and nothing is said by halves."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from exporter.record.column import Group, Series, Unit
from exporter.record.columns import CATALOGUE, COLUMNS, WRITTEN, in_group, of_series
from exporter.record.heap_columns import HEAPS, heap_column
from exporter.record.probes import COUNT_PROBES, PROBES
from exporter.record.sample import Sample
from exporter.scenarios import LOAD_COUNTERS

# Of every file that there is: a column may follow, none may move.
HEADER = (
    "timestamp,elapsed_sec,rss_bytes,heap_allocated_bytes,uss_bytes,heap_python_bytes,heap_native_bytes,"
    "heap_mmap_bytes,threads,open_fds,payments,payment_failures,listeners,instances,reconnects,phase,settled,"
    "allocator_arena_bytes,allocator_free_bytes,allocator_active_bytes,allocator_resident_bytes,"
    "allocator_retained_bytes,beyond_heaps_bytes,gc_objects,gc_collections,abandoned_instances,listener_churns,syncs,"
    "history_queries,garbage_collections,expected_failures,fds_socket,fds_file,fds_pipe,fds_eventfd,fds_other,"
    "sockets_established,sockets_close_wait,heap_go_bytes,restarts,trimmed,load_phase,heap_node_bytes,"
    "heap_node_external_bytes,heap_wasm_bytes,heap_jvm_bytes,goroutines,event_loop_handles"
)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_the_header_begins_as_it_always_has() -> None:
    assert ",".join(COLUMNS).startswith(HEADER)


def test_a_name_is_that_of_one_column() -> None:
    names = [column.name for column in CATALOGUE]
    assert len(names) == len(set(names))


def test_probes_and_counters_have_their_columns() -> None:
    declared = [probe.column.name for probe in PROBES] + [counter.name for counter in LOAD_COUNTERS]
    declared += [column.name for probe in COUNT_PROBES for column in probe.columns]
    assert set(declared) <= set(COLUMNS)


def test_what_is_said_of_a_column_is_said_in_full() -> None:
    for column in CATALOGUE:
        assert column.meaning.endswith("."), column.name
        assert bool(column.title) == (column.group is not None), column.name
        assert column.name.endswith("_bytes") == (column.unit is Unit.BYTES), column.name
        assert bool(column.label) == (column.series is not None), column.name
        assert not column.side or column.part, column.name


def test_every_heap_is_a_part_of_the_whole() -> None:
    names = tuple(map(heap_column, HEAPS))
    assert of_series(Series.PART) == names == tuple(column.name for column in in_group(Group.HEAPS))
    assert all(column.side and column.whose and column in WRITTEN for column in HEAPS.values())


def test_a_sample_has_a_cell_for_every_column_and_no_other() -> None:
    sample = Sample(timestamp=NOW, elapsed_sec=1.0, rss_bytes=7)
    assert tuple(sample.cells) == COLUMNS
    assert (sample.rss_bytes, sample.threads, sample.timestamp) == (7, None, NOW)
    assert sample == Sample(**sample.cells)
    with pytest.raises(TypeError, match="no column heap_unheard_bytes"):
        Sample(timestamp=NOW, elapsed_sec=1.0, heap_unheard_bytes=1)
    with pytest.raises(AttributeError, match="no column unheard_of"):
        _ = sample.unheard_of


@pytest.mark.processes
def test_the_catalogue_loads_nothing_heavy() -> None:
    heavy = ("numpy", "scipy", "grpc", "requests")
    program = f"import sys, exporter.record.columns; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"
