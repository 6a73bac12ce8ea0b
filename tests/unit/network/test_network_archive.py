"""History on disk: filters and pages, against a plain list."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.network.ledger.archive import Archive, Filter, TransferRow

ALICE, BOB, CAROL = b"alice", b"bob", b"carol"
parties = st.sampled_from([ALICE, BOB, CAROL])
kinds = st.sampled_from([0, 2, 3, 4, 5])


def row(seq: int, sender: bytes, receiver: bytes, kind: int = 2, status: int = 5) -> TransferRow:
    return TransferRow(seq, f"id-{seq}", kind, status, sender, receiver, 10, float(seq), float(seq), 0.0, "", ("leaf",))


@pytest.fixture
def archive() -> Iterator[Archive]:
    archive = Archive()
    yield archive
    archive.close()


@given(
    st.lists(st.tuples(parties, parties, kinds), max_size=30),
    parties,
    st.sets(kinds),
    st.booleans(),
    st.integers(0, 35),
    st.integers(1, 35),
)
def test_pages_are_slices_of_the_matching_transfers(
    transfers: list[tuple[bytes, bytes, int]],
    who: bytes,
    types: set[int],
    ascending: bool,
    offset: int,
    limit: int,
) -> None:
    archive = Archive()
    rows = [row(seq, *transfer) for seq, transfer in enumerate(transfers, 1)]
    for each in rows:
        archive.add_transfer(each)
    wanted = Filter(participant=who, types=types, ascending=ascending)
    matching = [r for r in rows if who in (r.sender, r.receiver) and (not types or r.type in types)]
    ordered = matching if ascending else matching[::-1]
    assert archive.list_transfers(wanted, limit, offset) == ordered[offset : offset + limit]
    archive.close()


def test_filters_narrow_by_role_id_status_and_time(archive: Archive) -> None:
    for each in (row(1, ALICE, BOB), row(2, BOB, ALICE, status=7), row(3, ALICE, CAROL)):
        archive.add_transfer(each)

    def ids(wanted: Filter) -> list[str]:
        return [found.id for found in archive.list_transfers(wanted, 10, 0)]

    assert ids(Filter(participant=ALICE, as_receiver=False)) == ["id-3", "id-1"]
    assert ids(Filter(participant=ALICE, as_sender=False)) == ["id-2"]
    assert ids(Filter(participant=BOB, ids=["id-3", "id-1"])) == ["id-1"]
    assert ids(Filter(statuses=[7])) == ["id-2"]
    assert ids(Filter(created_after=1.0, created_before=3.0)) == ["id-2"]


def test_a_status_is_found_as_it_was_last_set(archive: Archive) -> None:
    archive.add_transfer(row(1, ALICE, BOB, status=1))
    archive.set_status("id-1", 7, 9.0)
    (found,) = archive.list_transfers(Filter(ids=["id-1"]), 1, 0)
    assert (found.status, found.updated) == (7, 9.0)
    assert archive.has_transfer("id-1")
    assert not archive.has_transfer("id-2")


def test_keeps_nodes_by_id(archive: Archive) -> None:
    archive.put_node("a", "tree", b"1")
    archive.put_node("a", "tree", b"2")
    archive.put_node("c", "other", b"3")
    assert dict(archive.nodes(["a", "b"])) == {"a": b"2"}
    archive.drop_tree("tree")
    assert dict(archive.nodes(["a", "c"])) == {"c": b"3"}


def nameless_files() -> set[str]:
    """Files that this process has open and that are in no directory any more, with their sizes in MiB."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one that lists them is closed by now
            if descriptor.readlink().name.endswith(" (deleted)"):
                found.add(f"{descriptor.readlink()}: {descriptor.stat().st_size >> 20}")
    return found


def test_what_is_kept_is_on_disk_in_a_file_that_nothing_can_leave_behind(archive: Archive) -> None:
    before = nameless_files()
    for number in range(8):
        archive.put_node(f"node-{number}", "tree", bytes(1 << 20))
    (made,) = nameless_files() - before
    assert int(made.rpartition(": ")[2]) >= 4
