"""What the console prints, and that a reader who leaves does not end the run."""

import io
import re
from datetime import UTC, datetime

import pytest

from exporter.record.sample import Sample
from exporter.record.terms import Verdict
from exporter.runs.console import Console, format_sample
from exporter.workload.events import LoadEvent

MIB = 1024 * 1024
SAMPLE = Sample(
    timestamp=datetime(2026, 1, 2, tzinfo=UTC),
    elapsed_sec=90.4,
    rss_bytes=54 * MIB,
    heap_allocated_bytes=9 * MIB,
    uss_bytes=None,
    heap_python_bytes=None,
    heap_native_bytes=None,
    heap_mmap_bytes=None,
    threads=12,
    open_fds=14,
    payments=18,
    payment_failures=0,
    listeners=2,
    instances=2,
    reconnects=0,
    phase="running",
    settled=0,
)


def but(sample: Sample, **cells: int | None) -> Sample:
    """The same sample with other cells."""
    return Sample(**{**sample.cells, **cells})


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_sample_is_a_line() -> None:
    assert format_sample("", SAMPLE, 53 * MIB, 29.6) == (
        "[00:01:30] RSS=54.0MiB (+1.0MiB) Heap=9.0MiB Threads=12 FDs=14 Payments=18 Failures=0 30s left"
    )


def test_on_a_terminal_of_80_columns_a_sample_and_the_settings_fill_whole_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stream = Terminal()
    console = Console(stream)
    console.heading("1.0", "nightly", "http://127.0.0.1:10366", {f"setting-number-{n}": "false" for n in range(9)})
    console.sample("", SAMPLE, 29.6)
    console.sample("", but(SAMPLE, payments=12_345), 29.6)
    _, *settings, first, later = stream.getvalue().splitlines()
    assert [line.count("=") for line in settings] == [3, 3, 3]
    assert all(line.startswith("  setting") for line in settings)
    assert first == "[00:01:30] RSS=54.0MiB Heap=9.0MiB Threads=12 FDs=14 Payments=18"
    assert later.endswith("Payments=12345")


def test_failures_are_shown_on_a_terminal_too() -> None:
    assert format_sample("", but(SAMPLE, payment_failures=3), None, 29.6, brief=True).endswith("Failures=3")


def test_a_figure_that_is_not_there_is_a_question_mark() -> None:
    bare = but(SAMPLE, rss_bytes=None, heap_allocated_bytes=None, threads=None, open_fds=None)
    assert format_sample("", bare, 53 * MIB, 0) == ("[00:01:30] RSS=? Heap=? Threads=? FDs=? Payments=18 Failures=0")


def test_what_is_special_of_a_sample_is_said() -> None:
    line = format_sample("go", but(SAMPLE, settled=1, reconnects=3), None, 0)
    assert line.startswith("[00:01:30] go: RSS=54.0MiB Heap")
    assert line.endswith("Reconnects=3 at rest")
    assert format_sample("go", but(SAMPLE, settled=1, trimmed=1), None, 0).endswith("at rest, trimmed")


def test_growth_counts_from_the_first_sample_of_each_subject() -> None:
    stream = io.StringIO()
    console = Console(stream)
    # What is left of it with the allocator trimmed is no level to grow from.
    console.sample("a", but(SAMPLE, rss_bytes=40 * MIB, trimmed=1), 0)
    for subject, rss in (("a", 50), ("b", 80), ("a", 52), ("b", 79)):
        console.sample(subject, but(SAMPLE, rss_bytes=rss * MIB), 0)
    assert re.findall(r"\((.*?)\)", stream.getvalue()) == ["+2.0MiB", "-1.0MiB"]


def test_quiet_prints_the_report_only() -> None:
    stream = io.StringIO()
    console = Console(stream, quiet=True)
    console.heading("1", "r", "http://x", {"duration": "1h"})
    console.sample("", SAMPLE, 0)
    console.warning("w")
    console.event(LoadEvent("payment_failed", "x"))
    console.progress(1, 2, 3, None)
    console.report("the report", Verdict.LEAK)
    assert stream.getvalue() == "the report\n"


def test_the_heading_names_run_address_and_every_setting() -> None:
    stream = io.StringIO()
    Console(stream).heading("0.1.0", "r", "http://127.0.0.1:1", {f"s{number}": str(number) for number in range(9)})
    text = stream.getvalue()
    assert "exporter 0.1.0 · run r · http://127.0.0.1:1/metrics" in text
    assert all(f"s{number}={number}" in text for number in range(9))


def test_no_colour_off_a_terminal() -> None:
    stream = io.StringIO()
    console = Console(stream)
    console.warning("careful")
    console.progress(1, 2, 3, None)
    console.report("Verdict: leak", Verdict.LEAK)
    assert stream.getvalue() == "careful\nVerdict: leak\n"


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_on_a_terminal_unless_unwanted(monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    stream = Terminal()
    Console(stream).report("Verdict: leak", Verdict.LEAK)
    assert ("\x1b[31m" in stream.getvalue()) is coloured


def test_a_line_replaces_the_progress_on_a_terminal() -> None:
    stream = Terminal()
    console = Console(stream)
    console.progress(30, 120, 5, Verdict.INCONCLUSIVE)
    console.line("next")
    assert "00:00:30 of 00:02:00 · 5 payments · 1m30s left · so far: inconclusive" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[Knext\n")


@pytest.mark.parametrize(
    ("columns", "verdict", "seen"),
    [("90", None, "so far: no verdict yet"), ("80", Verdict.NO_LEAK, "so far: no leak"), ("40", None, "1234567 pay")],
)
def test_the_progress_is_one_line_of_the_terminal(
    columns: str, verdict: Verdict | None, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    stream = Terminal()
    Console(stream).progress(86399, 999999, 1234567, verdict)
    line = stream.getvalue().removeprefix("\r\x1b[K")
    assert len(line) < int(columns)
    assert seen in line


def test_lines_are_broken_between_words_on_a_terminal_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    line = format_sample("", SAMPLE, 53 * MIB, 29.6)
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        Console(stream).line(line)
        Console(stream).report(f"Report\n  {line}", Verdict.LEAK)
    assert file.getvalue() == f"{line}\nReport\n  {line}\n"
    assert max(map(len, terminal.getvalue().splitlines())) <= 40
    assert terminal.getvalue().split() == file.getvalue().split()
    assert "\n      " in terminal.getvalue()


def test_a_command_is_never_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    command = "    exporter run --duration 10m --interval 0s --csv out.csv --heap-dump leak"
    Console(stream).report(command, Verdict.LEAK)
    assert stream.getvalue() == f"{command}\n"


def test_a_flood_of_failures_is_one_line_a_second() -> None:
    stream = io.StringIO()
    console = Console(stream)
    for number in range(1000):
        console.event(LoadEvent("payment_failed", f"number {number}"))
    assert stream.getvalue().splitlines()[0] == "number 0"
    assert len(stream.getvalue().splitlines()) < 10
