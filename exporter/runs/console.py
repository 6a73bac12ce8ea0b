"""What a run prints on standard output: its settings, its progress, a line per sample, its end."""

import os
import shutil
import sys
import textwrap
from collections.abc import Mapping
from math import inf
from time import monotonic
from typing import Any, TextIO

import click

from exporter.checked import printable
from exporter.durations import format_clock, format_duration
from exporter.record.sample import Sample
from exporter.record.terms import Phase, Verdict
from exporter.workload.events import LoadEvent

_MIB = 1024 * 1024
_CLEAR_LINE = "\r\x1b[K"
_SETTINGS_PER_LINE = 4
_UNSHOWN_KINDS = frozenset({"settled"})  # its sample has a line of its own
_UNSHOWN_EVENTS = frozenset({("phase", Phase.RUNNING)})  # the start of the load has one too


class Console:
    """Lines on a stream, coloured on a terminal unless ``NO_COLOR`` is set; ``quiet`` leaves the report only."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = stream or sys.stdout
        self._quiet = quiet
        self._terminal = self._stream.isatty()
        self._colour = self._terminal and not os.environ.get("NO_COLOR")
        self._progress_shown = False
        self._first_rss: dict[str, int] = {}
        self._event_shown: dict[str, float] = {}

    def heading(self, version: str, run: str, url: str, settings: Mapping[str, str]) -> None:
        """Print what runs, where it is served, and every setting."""
        self._print(f"exporter {version} · run {printable(run)} · {url}/metrics", bold=True)
        pairs = [f"{name}={value}" for name, value in settings.items()]
        if self._terminal:
            filled = textwrap.wrap("  ".join(pairs), _columns() - 2, break_long_words=False, break_on_hyphens=False)
        else:
            starts = range(0, len(pairs), _SETTINGS_PER_LINE)
            filled = ["  ".join(pairs[start : start + _SETTINGS_PER_LINE]) for start in starts]
        for each in filled:
            self.line("  " + each)

    def line(self, text: str) -> None:
        """Print a line of progress."""
        self._print(printable(text))

    def sample(self, subject: str, sample: Sample, seconds_left: float) -> None:
        """Print a sample, with the growth of resident memory since the subject's first one."""
        self.line(format_sample(subject, sample, self._first_rss.get(subject), seconds_left, brief=self._terminal))
        if sample.rss_bytes is not None and not sample.trimmed:
            self._first_rss.setdefault(subject, sample.rss_bytes)

    def warning(self, text: str) -> None:
        """Print a line that calls for attention."""
        self._print(printable(text), fg="yellow")

    def event(self, event: LoadEvent, subject: str = "") -> None:
        """Print something that happened in the load; of many in one second that are alike, the first."""
        if (event.kind, event.message) in _UNSHOWN_EVENTS or event.kind in _UNSHOWN_KINDS:
            return
        now = monotonic()
        alike = f"{subject}: {event.kind}"
        if now - self._event_shown.get(alike, -inf) >= 1:
            self._event_shown[alike] = now
            text = f"Phase: {event.message}" if event.kind == "phase" else event.message
            text = f"{subject}: {text}" if subject else text
            (self.warning if event.kind.endswith("_failed") else self.line)(text)

    def progress(self, elapsed: float, duration: float, payments: int, verdict: Verdict | None) -> None:
        """Redraw how far a run is; elsewhere than on a terminal the samples say that.

        ``verdict`` is the one so far, None while there is none.
        """
        parts = [
            f"{format_clock(elapsed)} of {format_clock(duration)}",
            f"{payments} payments",
            f"{format_duration(max(round(duration - elapsed), 0))} left",
            f"so far: {verdict or 'no verdict yet'}",
        ]
        self.status(" · ".join(parts))

    def status(self, text: str) -> None:
        """Redraw the line at the bottom of a terminal."""
        if self._terminal and not self._quiet:
            # A line that is wrapped can't be redrawn.
            self._write(_CLEAR_LINE + text[: _columns() - 1], whole_line=False)
            self._progress_shown = True

    def report(self, text: str, verdict: Verdict) -> None:
        """Print the final report, also when quiet; its verdict stands out on a terminal."""
        colour = {Verdict.LEAK: "red", Verdict.NO_LEAK: "green"}.get(verdict, "yellow")
        text = self._wrapped(text)
        if self._colour:
            text = text.replace(f"Verdict: {verdict}", click.style(f"Verdict: {verdict}", fg=colour, bold=True))
        self._write(text + "\n")

    def _print(self, text: str, **style: Any) -> None:
        if not self._quiet:
            shown = self._wrapped(text)
            self._write((click.style(shown, **style) if style and self._colour else shown) + "\n")

    def _wrapped(self, text: str) -> str:
        """The lines of a text as a terminal shows them best: broken between words, and what follows indented."""
        if not self._terminal:
            return text
        return "\n".join(_wrapped_line(line, _columns()) for line in text.split("\n"))

    def _write(self, text: str, *, whole_line: bool = True) -> None:
        if whole_line and self._progress_shown:
            text = _CLEAR_LINE + text
            self._progress_shown = False
        self._stream.write(text)
        self._stream.flush()


def format_sample(
    subject: str, sample: Sample, first_rss: int | None, seconds_left: float, *, brief: bool = False
) -> str:
    """Return a sample as one line: ``[00:01:30] RSS=54.4MiB (+0.1MiB) Heap=… Payments=…``.

    A ``brief`` one leaves out failures where there are none, and the time left, which a terminal shows at its bottom.
    """
    uncounted = sample.payments is None
    growth = ""
    if sample.rss_bytes is not None and first_rss is not None:
        growth = f" ({_mib(sample.rss_bytes - first_rss, sign='+')})"
    parts = [
        f"[{format_clock(sample.elapsed_sec)}]",
        f"{subject}:" if subject else "",
        f"RSS={_mib(sample.rss_bytes)}{growth}",
        f"Heap={_mib(sample.heap_allocated_bytes)}",
        f"Threads={_number(sample.threads)}",
        f"FDs={_number(sample.open_fds)}",
        "" if uncounted else f"Payments={sample.payments}",
        f"Failures={sample.payment_failures}" if sample.payment_failures or not (brief or uncounted) else "",
        f"Reconnects={sample.reconnects}" if sample.reconnects else "",
        "at rest, trimmed" if sample.trimmed else "at rest" if sample.settled else "",
        f"{format_duration(round(seconds_left))} left" if seconds_left >= 1 and not brief else "",
    ]
    return " ".join(part for part in parts if part)


def _columns() -> int:
    return shutil.get_terminal_size().columns


def _wrapped_line(line: str, columns: int) -> str:
    if "  exporter " in line:
        return line  # a command, to be copied as it is
    indent = line[: len(line) - len(line.lstrip())] + "    "
    broken = textwrap.wrap(line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(broken)


def _mib(size: int | None, sign: str = "") -> str:
    return "?" if size is None else f"{size / _MIB:{sign}.1f}MiB"


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)
