"""Probes that count by kind: on a real process, and on recorded tables."""

import os
import socket
import subprocess
import sys

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.record.probes import count_probes, read_counts
from exporter.record.probes.descriptor_kinds import DescriptorKindsProbe, kind_of
from exporter.record.probes.socket_states import SocketStatesProbe, count_states, parse_socket_table
from exporter.record.probes.thread_names import MOST_NAMES, ThreadNamesProbe, count_names

# What Linux 6.1 shows; the inode is the tenth cell.
TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:8235 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0
   1: 0100007F:9B8E 0100007F:8449 01 00000000:00000000 00:00000000 00000000     0        0 4243 2 0 20 4 30 10 -1
   2: 0100007F:9B90 0100007F:8449 08 00000001:00000000 00:00000000 00000000     0        0 4244 1 0 20 4 0 10 -1
   3: 0100007F:9B92 0100007F:8449 06 00000000:00000000 03:00000B1C 00000000     0        0 0 3 0
"""


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("socket:[62528]", "socket"),
        ("pipe:[42496]", "pipe"),
        ("anon_inode:[eventfd]", "eventfd"),
        ("anon_inode:[eventpoll]", "other"),
        ("anon_inode:inotify", "other"),
        ("/tmp/storage.sql-wal (deleted)", "file"),
        ("/dev/null", "file"),
        ("mnt:[4026531840]", "other"),
    ],
)
def test_a_descriptor_is_known_by_its_link(link: str, kind: str) -> None:
    assert kind_of(link) == kind


def test_descriptors_are_counted_by_kind() -> None:
    probe, process = DescriptorKindsProbe(), psutil.Process()
    before = probe.read(process)
    pipe, event = os.pipe(), os.eventfd(0)
    with socket.socket(), socket.socket(), open("/dev/null"):
        after = probe.read(process)
    for descriptor in (*pipe, event):
        os.close(descriptor)
    grown = {kind: after[kind] - before[kind] for kind in after}
    assert grown == {"socket": 2, "file": 1, "pipe": 2, "eventfd": 1, "other": 0}


def test_sockets_are_counted_by_state() -> None:
    states = parse_socket_table(TABLE.splitlines())
    assert count_states([4242, 4243, 4244, 99], states) == {
        "established": 1,
        "close_wait": 1,
        "listen": 1,
        "other": 0,
    }


def test_a_connection_whose_peer_has_gone_waits_to_be_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        process = psutil.Process()
        between = SocketStatesProbe().read(process)
        accepted.close()
        assert client.recv(1) == b""
        after = SocketStatesProbe().read(process)
        client.close()
    assert (between["established"] - after["established"], after["close_wait"] - between["close_wait"]) == (2, 1)


def test_a_reading_of_sockets_is_kept_as_it_is_costly() -> None:
    probe, process = SocketStatesProbe(), psutil.Process()
    before = probe.read(process)
    with socket.create_server(("127.0.0.1", 0)):
        assert probe.read(process) == before
        assert SocketStatesProbe().read(process)["listen"] == before["listen"] + 1


def test_threads_are_counted_by_name() -> None:
    code = "import sys; open('/proc/self/comm', 'w').write('payer-17'); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        assert ThreadNamesProbe().read(psutil.Process(process.pid)) == {"payer-*": 1}
        process.stdin.close()


@given(st.lists(st.text(max_size=15)))
def test_names_are_few_and_no_thread_is_lost(names: list[str]) -> None:
    counts = count_names(names)
    assert sum(counts.values()) == len(names)
    assert len(counts) <= MOST_NAMES + 1


def test_the_most_frequent_names_are_kept() -> None:
    names = [f"once-{letter}" for letter in "abcdefghijklmnop"] + ["tokio-runtime-w"] * 5
    counts = count_names(names)
    assert counts["tokio-runtime-w"] == 5
    assert counts["other"] == 16 - (MOST_NAMES - 1)


def test_a_process_that_is_gone_fails_every_probe_and_raises_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    for pid in (process.pid, None):
        counts = read_counts(count_probes(), pid)
        assert counts.by_probe == {}
        assert set(counts.failures) == {probe.name for probe in count_probes()}
