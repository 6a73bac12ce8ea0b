"""What goes wrong with a run, for real: each ends as documented, in one clear sentence, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_exporter import PAID, Start, assert_all_gone, wait_until

from exporter.record.columns import COLUMNS

pytestmark = pytest.mark.e2e

LONG = ("--duration", "1h", "--interval", "0s", "--mem-interval", "1s")


def test_a_port_in_use_ends_before_anything_is_started(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = start("--listen-address", f"127.0.0.1:{port}", "--csv", "out.csv")
        assert running.finish() == 2
    assert re.search(rf"Error: listen-address 127\.0\.0\.1:{port} can't be used: .* choose another", running.errors)
    assert running.output == ""
    assert not (running.directory / "out.csv").exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--report", "."), "report is '.', which is a directory: name a file"),
        (("--csv", "absent/out.csv"), "csv is 'absent/out.csv', and there is no directory 'absent'; create it first"),
        (
            ("--network", "absent.json"),
            "network 'absent.json' can't be read (No such file or directory): say 'local' or 'regtest'",
        ),
        (("--web-config-file", "absent.yml"), "absent.yml"),
        (("--listen-address", "nonsense"), "listen-address"),
        (("--duration", "0s"), "duration is 0s: run for a second at least"),
        (("--interval", "5"), "write it like 90s"),
    ],
)
def test_a_wrong_setting_is_exit_code_2_and_one_sentence(start: Start, args: tuple[str, ...], said: str) -> None:
    running = start(*args)
    assert running.finish() == 2
    assert said in running.errors
    assert "Traceback" not in running.errors


def test_an_existing_csv_is_left_alone(start: Start) -> None:
    running = start("--version", serving=False)
    running.finish()
    precious = running.directory / "out.csv"
    precious.write_text("precious\n")
    again = start("--csv", str(precious))
    assert again.finish() == 2
    assert "exists: add --csv-append to go on with it, --csv-overwrite to replace it" in again.errors
    assert precious.read_text() == "precious\n"


@pytest.mark.parametrize(
    ("command", "timeout", "said"),
    [
        ("no-such-program", "5m", "driver 'no-such-program' can't be started"),
        (f"{sys.executable} -c 'import sys; sys.exit(3)'", "5m", "before it said hello: exit code 3"),
        (
            f"{sys.executable} -c 'import time; time.sleep(3600)'",
            "2s",
            "sent nothing for 2 s; run it by hand to see why",
        ),
    ],
)
def test_a_driver_that_does_not_come_up_is_exit_code_4(start: Start, command: str, timeout: str, said: str) -> None:
    running = start(*LONG, "--driver-command", command, "--driver-timeout", timeout)
    assert running.finish() == 4
    assert said in running.errors
    assert "Traceback" not in running.errors


def test_a_driver_that_falls_silent_is_exit_code_4_with_report(start: Start) -> None:
    running = start(*LONG, "--driver-timeout", "15s", "--csv", "out.csv")
    running.wait_for(PAID)
    children = running.children()
    os.kill(running.child("exporter.drivers.breez").pid, signal.SIGSTOP)
    assert running.finish() == 4
    assert "driver 'python' sent nothing for 15 s" in running.output
    assert "Verdict: " in running.output
    assert_all_gone(children)


def test_a_network_that_dies_while_starting_is_exit_code_5(start: Start) -> None:
    silent = f"{sys.executable} -c 'import time; time.sleep(3600)'"
    running = start(*LONG, "--driver-command", silent)
    running.wait_for("Local network: ready")
    children = running.children()
    running.child("exporter.network").kill()
    assert running.finish() == 5
    assert "the local network ended" in running.errors
    assert_all_gone(children)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A CSV on a file system of one page, which only root can mount."""
    mounted = tmp_path / "small"
    mounted.mkdir()
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*as_root, "mount", "-t", "tmpfs", "-o", "size=4k,mode=777", "tmpfs", str(mounted)], check=True)
    yield mounted / "out.csv"
    subprocess.run([*as_root, "umount", str(mounted)], check=True)


def test_a_full_disk_costs_rows_and_not_the_run(start: Start, full_disk: Path) -> None:
    running = start(*LONG[:-1], "100ms", "--csv", str(full_disk))

    def lost() -> int:
        found = re.search(r'^memtest_csv_errors_total\{driver="python"\} (\S+)$', running.scrape(), re.MULTILINE)
        assert found
        return int(float(found[1]))

    wait_until(lambda: lost() > 10, "rows that are lost")
    running.wait_for(PAID)
    running.signal(signal.SIGINT)
    assert running.finish() == 130, running.errors
    assert running.errors.count("No space left on device") == 1
    assert "lost: see the log" in running.output
    text = full_disk.read_text()
    assert text.startswith(",".join(COLUMNS))
    assert text.endswith("\n")
    assert {line.count(",") for line in text.splitlines()} == {len(COLUMNS) - 1}


def test_lingering_serves_the_verdict_and_ctrl_c_ends_it(start: Start) -> None:
    running = start("--duration", "10s", "--linger", "1h")
    running.wait_for("Serving the last state for 1h")
    metrics = running.scrape()
    assert 'memtest_verdict{memtest_verdict="inconclusive"} 1.0' in metrics
    assert "memtest_run_finished 1.0" in metrics
    assert 'memtest_up{driver="python"} 0.0' in metrics
    running.signal(signal.SIGINT)
    assert running.finish() == 0


def test_inconclusive_can_be_a_failure(start: Start) -> None:
    assert start("--duration", "10s", "--fail-on", "inconclusive").finish() == 3


def test_without_a_reader_the_run_goes_on(start: Start) -> None:
    running = start("--duration", "10s", "--csv", "out.csv", launcher=("bash", "-c", '"$@" | head -1', "-"))
    assert running.finish() == 0
    assert "Traceback" not in running.errors
