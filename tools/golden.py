"""Write the golden files, ``tests/fixtures/golden``: what a user sees of recorded runs and of one live run.

    python -m tools.golden

Tests compare what the program says now with these files. Renew them after a change that is meant to be seen, and read
the difference. Everything here goes through the command line and over HTTP, so that no inner module is named.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from io import StringIO
from itertools import takewhile
from pathlib import Path

from exporter import version
from exporter.cli import main as exporter
from tools.recorded_runs import FAKE_DRIVER, RECORDED, ROOT

GOLDEN = ROOT / "tests" / "fixtures" / "golden"

RUNS = (
    *("sdk_reconnects", "sdk_abandoned", "sdk_reconnects_doubling", "sdk_abandoned_doubling"),
    *("fake_leaking", "watched", "go_harness", "rust_harness"),
)
PAIRS = (
    ("sdk_reconnects", "sdk_abandoned"),
    ("sdk_abandoned_doubling", "sdk_reconnects_doubling"),
    ("go_harness", "rust_harness"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A command over recorded runs; ``written`` is the file that it writes and that counts, else its output does."""

    arguments: tuple[str, ...]
    written: str = ""


def _cases() -> Iterator[tuple[str, Case]]:
    files = tuple(f"{run}.csv" for run in RUNS)
    for run, file in zip(RUNS, files, strict=True):
        yield f"analyze/{run}.txt", Case(("analyze", file))
        yield f"plot/{run}.txt", Case(("plot", file), "memtest_report.html")
    yield "analyze/all.json", Case(("analyze", "--json", *files))
    as_files = ("analyze", "--markdown", "--junit", "all.xml", *files)
    yield "analyze/all.md", Case(as_files)
    yield "analyze/all.xml", Case(as_files, "all.xml")
    yield (
        "analyze/all_inconclusive.xml",
        Case(("analyze", "--fail-on", "inconclusive", "--junit", "all.xml", *files), "all.xml"),
    )
    for a, b in PAIRS:
        yield f"compare/{a}-{b}.txt", Case(("compare", f"{a}.csv", f"{b}.csv"))
        yield f"compare/{a}-{b}.json", Case(("compare", "--json", f"{a}.csv", f"{b}.csv"))
        yield f"plot/{a}-{b}.txt", Case(("plot", f"a:{a}.csv", f"b:{b}.csv"), "memtest_report.html")


# By the golden file's name.
CASES = dict(_cases())


def of_recorded(case: Case) -> str:
    """What a command says of recorded runs: a JSON document, a file it wrote, or its output with the exit code."""
    code, output, files = _called(case.arguments)
    written = files.get(case.written, "")
    if "--json" in case.arguments:
        return output
    shown = f"{output}\n{visible_words(written)}" if case.written.endswith(".html") else written or output
    return f"{shown.rstrip()}\n\nexit code {code}\n"


@cache
def _called(arguments: tuple[str, ...]) -> tuple[int | str | None, str, dict[str, str]]:
    """The exit code of a command, its output, and the files that it wrote."""
    output = StringIO()
    with tempfile.TemporaryDirectory() as folder:
        recorded = {path.name: path for path in RECORDED.iterdir()}
        for name, path in recorded.items():
            Path(folder, name).symlink_to(path)
        with chdir(folder), redirect_stdout(output), redirect_stderr(output):
            try:
                exporter(arguments)
            except SystemExit as end:
                made = [path for path in Path(folder).iterdir() if path.name not in recorded]
                return end.code, output.getvalue(), {path.name: path.read_text("utf-8") for path in made}
    raise AssertionError("exporter did not say how it ended")


class _Words(HTMLParser):
    """Collects the text outside of scripts and styles, a line per block or row, and the page's data."""

    _INLINE = frozenset(
        {"a", "b", "bdi", "code", "em", "small", "span", "strong", "sub", "sup", "svg", "path", "circle"}
    )
    _CELLS = frozenset({"td", "th", "dt", "dd"})

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.data = ""
        self._line: list[str] = []
        self._hidden = ""
        self._is_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style"}:
            self._hidden = tag
            self._is_data = ("type", "application/json") in attrs
        elif tag in self._CELLS:
            self._line.append(" | " if self._line else "")
        elif tag not in self._INLINE:
            self._end_line()

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""
        elif tag not in self._INLINE | self._CELLS:
            self._end_line()

    def handle_data(self, data: str) -> None:
        if self._hidden:
            self.data += data if self._is_data else ""
        else:
            self._line.append(data)

    def close(self) -> None:
        super().close()
        self._end_line()

    def _end_line(self) -> None:
        line = " ".join("".join(self._line).split())
        self.lines += [line] if line else []
        self._line = []


def visible_words(page: str) -> str:
    """The text of a report's page, line by line, and below it the paths of the data that its charts draw."""
    words = _Words()
    words.feed(page)
    words.close()
    text = "\n".join(words.lines).replace(version(), "VERSION")
    return f"{text}\n\nData:\n{structure(json.loads(words.data))}"


def structure(document: object) -> str:
    """The paths of a JSON document, one per line: ``subjects[].memory.rss_bytes``."""
    return "\n".join(sorted({re.sub(r"\[\d+]", "[]", path) for path in leaves(document)})) + "\n"


def leaves(document: object, path: str = "") -> dict[str, object]:
    """The values of a JSON document by their path: ``subjects[0].memory.rss_bytes``."""
    if isinstance(document, dict):
        inner = [(f"{path}.{key}" if path else str(key), value) for key, value in document.items()]
    elif isinstance(document, list):
        inner = [(f"{path}[{number}]", value) for number, value in enumerate(document)]
    else:
        return {path: document}
    return {at: leaf for place, value in inner for at, leaf in leaves(value, place).items()} or {path: None}


_LIVE = (
    *(
        "--duration",
        "6s",
        "--interval",
        "20ms",
        "--mem-interval",
        "1s",
        "--settle-every",
        "5",
        "--settle-min-gap",
        "200ms",
    ),
    *("--reconnect-cycles", "--reconnect-every", "20", "--failing-payments", "0.1", "--payment-type", "both"),
    *("--amount", "100", "--max-failure-ratio", "1", "--linger", "1h", "--run-name", "golden", "--csv", "out.csv"),
    *("--driver-command", f"{sys.executable} {FAKE_DRIVER} --fail-every 9 --leak-bytes-per-payment 65536"),
)
_LIVE_LIMIT_SECONDS = 240


_NUMBER = re.compile(r"[+-]?\d+(?:[.,:]\d+)*")
# Told on a busy machine only.
_BUSY = re.compile(r", N missed their time")


def without_values(text: str) -> str:
    """The words of a report, with N for each number, clock time and date."""
    return _BUSY.sub("", _NUMBER.sub("N", text))


_SAMPLE = re.compile(r"^(?P<name>[^{ ]+)(?:\{(?P<labels>.*)})? \S+$")
_LABEL = re.compile(r'(\w+)="(?:[^"\\]|\\.)*"')


def series(page: str) -> str:
    """The families of a page of metrics with their types and help, and the labels' names of each series, sorted."""
    told = set()
    for line in page.splitlines():
        sample = _SAMPLE.match(line)
        if line.startswith("# "):
            told.add(line)
        elif sample:
            labels = ",".join(_LABEL.findall(sample["labels"] or ""))
            told.add(f"{sample['name']}{{{labels}}}")
        elif line:
            raise ValueError(f"not a line of metrics: {line!r}")
    return "\n".join(sorted(told)) + "\n"


def of_live_run(directory: Path) -> dict[str, str]:
    """What a run of the fake driver shows at its end, with values left out, by the golden file's name."""
    with subprocess.Popen(
        [sys.executable, "-m", "exporter", "--listen-address", "127.0.0.1:0", *_LIVE],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        limit = threading.Timer(_LIVE_LIMIT_SECONDS, process.kill)
        limit.start()
        try:
            return _shown(process.stdout or (), directory)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()
            limit.cancel()


def _shown(output: Iterable[str], directory: Path) -> dict[str, str]:
    """Look at everything that is served under load and again at the end, when the report has been printed."""
    lines = iter(output)
    url = _read_until(r"(http://\S+)/metrics", lines)[1]
    _read_until(r"Payments=[1-9].* at rest", lines)
    shown = _served(url, "under_load")
    title = _read_until(r"Trend report:", lines).string
    report = title + "".join(takewhile(lambda line: not line.startswith("Serving the last state"), lines))
    shown |= _served(url, "at_end")
    shown["live/report.txt"] = without_values(report)
    shown["live/history.txt"] = structure(json.loads(_fetched(f"{url}/api/v1/history")))
    header = (directory / "out.csv").read_text().splitlines()[0]
    shown["live/csv_header.txt"] = header.replace(",", "\n") + "\n"
    return shown


def _read_until(pattern: str, lines: Iterator[str]) -> re.Match[str]:
    read = []
    for line in lines:
        read.append(line)
        found = re.search(pattern, line)
        if found:
            return found
    raise RuntimeError(f"the run ended before {pattern!r}:\n{''.join(read)}")


def _served(url: str, when: str) -> dict[str, str]:
    return {
        f"live/metrics_{when}.txt": series(_fetched(f"{url}/metrics")),
        f"live/run_{when}.txt": structure(json.loads(_fetched(f"{url}/api/v1/run"))),
    }


def _fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=_LIVE_LIMIT_SECONDS) as answer:  # noqa: S310 - http, by the run's own word
        text: str = answer.read().decode()
    return text


def main() -> None:
    shutil.rmtree(GOLDEN, ignore_errors=True)
    shown = {name: of_recorded(case) for name, case in CASES.items()}
    with tempfile.TemporaryDirectory() as folder:
        shown |= of_live_run(Path(folder))
    for name, text in shown.items():
        (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
        (GOLDEN / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
