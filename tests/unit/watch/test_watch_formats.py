"""What programs tell of themselves, as real ones told it, and as no program should."""

import random
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.checked import UnreadableError
from exporter.drivers.protocol import Heap
from exporter.record.state import SubjectState
from exporter.record.told import Told, note_told
from exporter.watch.formats import (
    parse_expvar,
    parse_goroutines,
    parse_harness_row,
    parse_pprof_heap,
    parse_prometheus,
)

FIXTURES = Path(__file__).parents[2] / "fixtures" / "watch"
GO_HEADER = (
    "timestamp,elapsed_sec,rss_bytes,heap_alloc_bytes,heap_inuse_bytes,heap_objects,heap_sys_bytes,"
    "goroutines,payments,listeners"
)


def test_the_recorded_heap_profile_of_a_go_program() -> None:
    told = parse_pprof_heap((FIXTURES / "pprof_heap.txt").read_bytes())
    assert told.allocated == 1552808
    assert told.heap == Heap({"go": 1552808}, {"inuse": 2203648, "sys": 3899392}, objects=825, collections=0)


def test_the_recorded_variables_of_a_go_program() -> None:
    told = parse_expvar((FIXTURES / "expvar.json").read_bytes())
    assert told.heap == Heap({"go": 1724208}, {"inuse": 2449408, "sys": 3899392}, objects=1203, collections=0)


def test_the_count_of_goroutines() -> None:
    assert parse_goroutines(b"goroutine profile: total 41\n1 @ 0x43 0x44\n") == 41
    with pytest.raises(UnreadableError):
        parse_goroutines(b"404 page not found\n")


@pytest.mark.parametrize(
    ("text", "heaps"),
    [
        ("# HELP go_goroutines x\ngo_goroutines 9\ngo_memstats_heap_alloc_bytes 1.775104e+06\n", {"go": 1775104}),
        ("go_memstats_alloc_bytes 7\ngo_memstats_heap_alloc_bytes 5 1395066363000\n", {"go": 5}),
        (
            "nodejs_heap_size_used_bytes 10\nnodejs_external_memory_bytes 3\nnodejs_heap_size_total_bytes 99\n",
            {"node": 10, "node_external": 3},
        ),
        (
            'jvm_memory_used_bytes{area="heap",id="Eden"} 4\njvm_memory_used_bytes{area="heap",id="Old"} 6\n'
            'jvm_memory_used_bytes{area="nonheap",id="Metaspace"} 100\n',
            {"jvm": 10},
        ),
        ("jemalloc_allocated_bytes 12\n", {"native": 12}),
    ],
)
def test_heaps_are_known_by_their_names(text: str, heaps: dict[str, int]) -> None:
    assert parse_prometheus(text, {}).heap_bytes == heaps


def test_goroutines_are_read_from_a_page() -> None:
    assert parse_prometheus("go_goroutines 9\ngo_memstats_heap_alloc_bytes 5\n", {}).goroutines == 9


def test_a_mapping_names_a_heap_and_outranks_what_is_known() -> None:
    text = 'pool_used_bytes{pool="a,}\\"b"} 4\npool_used_bytes{pool="b"} 5\njemalloc_allocated_bytes 12\n'
    assert parse_prometheus(text, {"pool": "pool_used_bytes"}).heap_bytes == {"pool": 9, "native": 12}
    assert parse_prometheus(text, {"native": 'pool_used_bytes{pool="b"}'}).heap_bytes == {"native": 5}


@pytest.mark.parametrize(
    ("text", "mapping", "said"),
    [
        ("up 1\n", {}, "say --map"),
        ("go_memstats_heap_alloc_bytes NaN\n", {}, "say --map"),
        ("up 1\n", {"x": "x_bytes"}, "x_bytes"),
    ],
)
def test_a_page_without_heaps_is_no_silent_zero(text: str, mapping: dict[str, str], said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        parse_prometheus(text, mapping)


def test_rows_of_the_go_and_the_rust_memory_test() -> None:
    go = parse_harness_row(GO_HEADER, "2026-01-02T03:04:05Z,12.34,50000000,7000000,8000000,12345,9000000,17,21,2")
    assert go == Told(Heap({"go": 7000000}, {"inuse": 8000000, "sys": 9000000}, 12345, goroutines=17), 21, listeners=2)
    rust = parse_harness_row(
        "timestamp,elapsed_sec,rss_bytes,heap_allocated_bytes,heap_resident_bytes,payments",
        "2026-01-02T03:04:05Z,12.34,50000000,7000000,8000000,21",
    )
    assert rust == Told(Heap({"native": 7000000}, {"resident": 8000000}), payments=21)


def test_an_incomplete_row_is_refused() -> None:
    with pytest.raises(UnreadableError, match="2 cells"):
        parse_harness_row(GO_HEADER, "2026-01-02T03:04:05Z,12.3")


@given(st.binary(max_size=300))
def test_nonsense_is_refused_and_nothing_worse(body: bytes) -> None:
    for parse in (parse_pprof_heap, parse_expvar, parse_goroutines):
        with pytest.raises(UnreadableError):
            parse(body)
    with pytest.raises(UnreadableError):
        parse_prometheus(body.decode(errors="replace"), {})


@given(st.integers(0, 2**53), st.text(st.characters(codec="utf-8", exclude_characters='"\\\n\r'), max_size=20))
def test_a_value_survives_whatever_its_labels_hold(value: int, label: str) -> None:
    text = f'a_bytes{{x="{label}"}} {value}\n'
    if len(text.splitlines()) == 1:
        assert parse_prometheus(text, {"a": "a_bytes"}).heap_bytes == {"a": value}


@given(st.text(max_size=100), st.text(max_size=100))
def test_a_row_is_read_or_refused(header: str, row: str) -> None:
    try:
        told = parse_harness_row(header, row)
    except UnreadableError:
        return
    assert not told.heap.heap_bytes or "heap_" in header


SEEDS = (
    (FIXTURES / "pprof_heap.txt").read_bytes()[-3000:],
    (FIXTURES / "expvar.json").read_bytes(),
    b'# TYPE jvm_memory_used_bytes gauge\njvm_memory_used_bytes{area="heap",id="Old"} 6.5e+06 1395066363000\n'
    b"go_memstats_heap_alloc_bytes 42\ngo_goroutines 9\n",
    GO_HEADER.encode() + b"\n2026-01-02T03:04:05Z,12.34,50000000,7000000,8000000,12345,9000000,17,21,2",
)
PIECES = (
    *(b"1e308", b"9" * 400, b"-1", b"NaN", b"Inf", b"\xff", b"\x00", b'"', b"{", b"}", b"\\", b"\n", b","),
    b"[" * 5000,
)


def as_profile(page: bytes) -> Told:
    return Told(parse_pprof_heap(page).heap)


def as_variables(page: bytes) -> Told:
    return Told(parse_expvar(page).heap)


def as_metrics(page: bytes) -> Told:
    return Told(parse_prometheus(page.decode(errors="replace"), {"x": "go_goroutines"}))


def as_rows(page: bytes) -> Told:
    header, _, row = page.decode(errors="replace").partition("\n")
    return parse_harness_row(header, row)


@pytest.mark.fuzz
def test_ten_thousand_damaged_pages_are_read_or_refused_and_can_be_noted() -> None:
    chance, state = random.Random(3), SubjectState("x", pid=1)
    for _ in range(10_000):
        page = bytearray(chance.choice(SEEDS))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(page))
            page[at : at + chance.randint(0, 3)] = chance.choice(PIECES)
        for read in (as_profile, as_variables, as_metrics, as_rows):
            with suppress(UnreadableError):
                note_told(state, read(bytes(page)))
        figures = (*state.heap_bytes.values(), *state.allocator_bytes.values(), state.goroutines or 0)
        assert all(0 <= figure < 2**63 for figure in (*figures, state.load.payments["any"]))


def test_a_long_page_is_read_in_no_time() -> None:
    page = "".join(f'other_metric{{a="{number}"}} {number}\n' for number in range(100_000))
    began = time.monotonic()
    assert parse_prometheus(page + "go_memstats_heap_alloc_bytes 42\n", {}).heap_bytes == {"go": 42}
    hostile = "go_memstats_heap_alloc_bytes{" + 'a="' * 100_000 + "\n" + "go_memstats_heap_alloc_bytes 42\n"
    assert parse_prometheus(hostile, {}).heap_bytes == {"go": 42}
    assert parse_prometheus("go_memstats_heap_alloc_bytes{" + "a" * 60_000 + "\ngo_memstats_alloc_bytes 4\n", {})
    assert time.monotonic() - began < 10
