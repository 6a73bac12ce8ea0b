"""Runs with a known shape, as CSV files, and their pages in a real browser."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, expect

from exporter.record.columns import COLUMNS

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]
MIB = 1 << 20
LIMIT_SECONDS = 300


def write_run(
    path: Path, minutes: float = 30, every: float = 5.0, leak_kib_per_min: float = 0.0, seed: int = 1
) -> Path:
    """A run under a steady load of a payment every five seconds, with a reconnect every 50 of them."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(0, minutes * 60 + every / 2, every)
    payments = np.floor(seconds / 5)
    reconnects = np.floor(payments / 50)
    leaked = leak_kib_per_min * seconds / 60 * 1024
    warm = 6 * MIB * (1 - np.exp(-seconds / 120))
    columns: dict[str, Any] = {
        "timestamp": ["2025-11-01T10:00:00.000Z"] * len(seconds),
        "elapsed_sec": seconds,
        "rss_bytes": 54 * MIB + warm + leaked + rng.normal(0, 40_000, len(seconds)),
        "heap_allocated_bytes": 16 * MIB + warm / 4 + leaked + rng.normal(0, 20_000, len(seconds)),
        "heap_python_bytes": 9 * MIB + rng.normal(0, 10_000, len(seconds)),
        "heap_native_bytes": 7 * MIB + warm / 4 + leaked + rng.normal(0, 10_000, len(seconds)),
        "threads": np.full(len(seconds), 12),
        "open_fds": 24 + (reconnects * 2 if leak_kib_per_min else 0 * reconnects),
        "payments": payments,
        "payment_failures": np.floor(payments / 90),
        "listeners": np.full(len(seconds), 2),
        "instances": np.full(len(seconds), 2),
        "reconnects": reconnects,
        "phase": ["running"] * (len(seconds) - 1) + ["stopping"],
        "settled": np.arange(len(seconds)) % 10 == 9,
    }
    rows = [
        ",".join(_cell(columns[name][index]) if name in columns else "" for name in COLUMNS)
        for index in range(len(seconds))
    ]
    path.write_text("\n".join((",".join(COLUMNS), *rows)) + "\n")
    return path


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.0f}"


@dataclass
class Seen:
    """What a page did that it must not do."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@contextmanager
def opened(browser: Browser, path: Path, width: int = 1280, height: int = 900) -> Iterator[tuple[Page, Seen]]:
    """The page as a user opens it, from the file."""
    expect.set_options(timeout=LIMIT_SECONDS * 1000)
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(LIMIT_SECONDS * 1000)
    seen = Seen()
    page.on("console", lambda message: seen.console.append(message.text))
    page.on("pageerror", lambda error: seen.console.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))

    def dismiss(dialog: Any) -> None:
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.goto(path.as_uri())
    try:
        yield page, seen
    finally:
        page.close()


def wait_for(page: Page, condition: str) -> None:
    """Wait until an expression is true in the page; its policy forbids the script that Playwright would wait with."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"never true: {condition}"
        page.wait_for_timeout(20)


def data_of(page: Page) -> dict[str, Any]:
    """The data that the page holds."""
    found: dict[str, Any] = json.loads(page.locator("#data").text_content() or "")
    return found


def plots(page: Page) -> list[dict[str, Any]]:
    """What each linked chart shows: its key, its x range, its x values and its series' values without gaps."""
    found: list[dict[str, Any]] = page.evaluate(
        """() => uPlot.sync("report").plots.map((plot) => ({
            key: plot.root.closest("figure").dataset.chart,
            range: [plot.scales.x.min, plot.scales.x.max],
            cursor: plot.cursor.left,
            x: Array.from(plot.data[0]),
            series: plot.data.slice(1).map((values) => Array.from(values).filter((value) => value != null)),
        }))"""
    )
    return found


def plot_of(page: Page, key: str) -> dict[str, Any]:
    return next(plot for plot in plots(page) if plot["key"] == key)


def inked(page: Page, key: str) -> int:
    """How many pixels of a chart's canvas are drawn on."""
    count: int = page.evaluate(
        """(key) => {
            const canvas = document.querySelector(`#chart-${key} canvas`);
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let count = 0;
            for (let place = 3; place < data.length; place += 4) count += data[place] > 200;
            return count;
        }""",
        key,
    )
    return count
