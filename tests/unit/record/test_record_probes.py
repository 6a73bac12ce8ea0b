"""Probes on a real process, and what becomes of those that fail."""

import os
import subprocess
import sys
from typing import ClassVar

import psutil
import pytest

from exporter.record.columns import COLUMNS
from exporter.record.probes import PROBES, count_probes, read_counts, read_probes
from exporter.record.probes.base import in_memory
from exporter.record.probes.open_descriptors import OpenDescriptorsProbe
from exporter.record.probes.resident_parts import parse_resident
from exporter.record.probes.threads import ThreadsProbe
from exporter.watch.program import runs

HOLD = """
import sys, threading
files = [open("/dev/null") for _ in range(int(sys.argv[1]))]
block = bytearray(int(sys.argv[2]))
event = threading.Event()
for _ in range(int(sys.argv[3])):
    threading.Thread(target=event.wait, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"""


def readings_of(files: int, size: int, threads: int) -> dict[str, int | None]:
    """The readings of a fresh process that holds this much."""
    arguments = [str(files), str(size), str(threads)]
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        reading = read_probes(PROBES, process.pid)
        process.stdin.close()
    assert reading.failures == {}
    return dict(reading.values)


def test_each_probe_sees_what_a_process_holds() -> None:
    lean, heavy = readings_of(0, 0, 0), readings_of(7, 64_000_000, 5)
    more = {column: (heavy[column] or 0) - (lean[column] or 0) for column in lean}
    assert more["open_fds"] == 7
    assert more["threads"] == 5
    assert 60_000_000 < more["rss_bytes"] < 70_000_000
    assert 60_000_000 < more["uss_bytes"] < 70_000_000
    assert 60_000_000 < more["rss_anon_bytes"] < 70_000_000
    assert abs(more["rss_file_bytes"]) < 5_000_000
    assert more["rss_shmem_bytes"] == 0
    parts = sum(heavy[column] or 0 for column in ("rss_anon_bytes", "rss_file_bytes", "rss_shmem_bytes"))
    assert parts == pytest.approx(heavy["rss_bytes"], rel=0.02)


@pytest.mark.parametrize(("field", "expected"), [(b"RssAnon", 12_345 * 1024), (b"RssShmem", 0)])
def test_parts_of_resident_memory_are_read_from_status(field: bytes, expected: int) -> None:
    status = b"Name:\tpython\nVmRSS:\t   20000 kB\nRssAnon:\t   12345 kB\nRssFile:\t 7655 kB\nRssShmem:\t 0 kB\n"
    assert parse_resident(status, field) == expected


def test_a_process_without_memory_fails_the_probe_and_is_no_zero() -> None:
    with pytest.raises(ProcessLookupError, match="RssAnon"):
        parse_resident(b"Name:\tpython\nState:\tZ (zombie)\n", b"RssAnon")


def test_every_probe_fills_a_column_of_its_own() -> None:
    columns = [probe.column.name for probe in PROBES]
    assert set(columns) <= set(COLUMNS)
    assert len(set(columns)) == len(columns) == len({probe.name for probe in PROBES})


def test_a_process_that_is_gone_fails_every_probe_and_raises_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    reading = read_probes(PROBES, process.pid)
    assert set(reading.values.values()) == {None}
    assert set(reading.failures) == {probe.name for probe in PROBES}


def test_no_process_fails_every_probe() -> None:
    assert set(read_probes(PROBES, None).values.values()) == {None}


class DeniedProbe(ThreadsProbe):
    name: ClassVar[str] = "denied"

    def read(self, process: psutil.Process) -> int:
        raise psutil.AccessDenied(process.pid)


def test_a_failed_probe_costs_itself_only() -> None:
    reading = read_probes((DeniedProbe(), OpenDescriptorsProbe()), os.getpid())
    assert reading.values["threads"] is None
    assert "denied" in reading.failures
    assert reading.values["open_fds"] is not None


# The first thread ends, by the system call that ends no other, and one that holds memory lives on.
LEADERLESS = """
import ctypes, os, sys, threading
block = bytearray(40_000_000)
def hold():
    while open("/proc/self/stat").read().rpartition(")")[2].split()[0] != "Z": pass
    print("ready", flush=True)
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=hold).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def test_a_process_whose_first_thread_has_ended_is_read_by_the_others() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LEADERLESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
        assert runs(psutil.Process(process.pid))
        reading = read_probes(PROBES, process.pid)
        counts = read_counts(count_probes(), process.pid)
        process.stdin.close()
    assert (reading.failures, counts.failures) == ({}, {})
    assert (reading.values["rss_bytes"] or 0) > 40_000_000
    assert (reading.values["uss_bytes"] or 0) > 40_000_000
    assert (reading.values["open_fds"] or 0) >= 3
    assert counts.by_probe["descriptor_kinds"]["pipe"] >= 2


def test_a_process_that_nobody_has_waited_for_is_no_process_of_zero_bytes() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not runs(psutil.Process(process.pid))
        reading = read_probes(PROBES, process.pid)
        assert set(reading.values.values()) == {None}
        assert reading.failures.keys() == {probe.name for probe in PROBES}
        # Nor does it add zeros, or fail what is read of another.
        assert read_probes(PROBES, os.getpid(), lambda _: [psutil.Process(process.pid)]).failures == {}


@pytest.mark.parametrize("size", [0, -1, 2**63])
def test_a_size_that_no_living_process_has_is_a_failed_reading(size: int) -> None:
    with pytest.raises(OSError, match=f"reads as {size} bytes"):
        in_memory(size)
    assert in_memory(4096) == 4096


@pytest.mark.parametrize(
    ("error", "told"),
    [(psutil.AccessDenied(pid=1), "access to process 1 is denied"), (PermissionError(13, "no"), "[Errno 13] no")],
)
def test_a_failure_is_told_in_words(error: psutil.Error | OSError, told: str) -> None:
    class Denied(ThreadsProbe):
        def read(self, process: psutil.Process) -> int:
            raise error

    assert read_probes([Denied()], os.getpid()).failures == {"threads": told}
