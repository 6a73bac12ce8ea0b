"""What a report costs: time, memory and size of the page against their limits, and how it opens and pans in Chromium.

python benchmarks/report.py [--rows 1000000]
"""

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from exporter.record.columns import COLUMNS

MIB = 1 << 20
PLOT = ("-c", "from exporter.cli import main; main()", "plot")
CHROMIUM = "/usr/bin/chromium"
PANS = 60
# Pans by a hundredth, frame by frame, and returns the milliseconds that each frame took.
PAN = """async (count) => {
    const frames = [];
    const plot = document.querySelector(".plot");
    for (let index = 0; index < 4; index += 1) document.querySelector("[data-zoom=in]").click();
    let last = performance.now();
    for (let index = 0; index < count; index += 1) {
        plot.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", shiftKey: true, bubbles: true }));
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        frames.push((performance.now() - last) / 2);
        last = performance.now();
    }
    return frames;
}"""


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of CPU, bytes at most in RAM, bytes of the page."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    page_bytes: int


def write_run(path: Path, rows: int, seed: int) -> None:
    """A run at a sample a second in which everything moves: nothing can be left out for being constant."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(rows)
    moving = rng.normal(0, 50_000, (rows, 8)).astype(np.int64)
    payments = seconds // 5
    with path.open("w") as stream:
        stream.write(",".join(COLUMNS) + "\n")
        empty = "," * (len(COLUMNS) - 17)
        for second in range(rows):
            a, b, c, d, e, f, g, h = moving[second].tolist()
            paid = payments[second]
            stamp = f"2025-11-01T{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}.000Z"
            saw = second % 97 * 12_000
            stream.write(
                f"{stamp},{second}.{a % 1000:03d},{60 * MIB + a + saw},{16 * MIB + b + saw},{40 * MIB + c},"
                f"{9 * MIB + d},{7 * MIB + e},{2 * MIB + f},{12 + g % 3},{24 + h % 5},"
                f"{paid},{paid // 90},2,2,{paid // 100},running,{int(second % 100 == 99)}{empty}\n"
            )


def plot(files: list[Path], page: Path) -> Cost:
    """Run the command in a process of its own."""
    started = time.monotonic()
    child = os.posix_spawn(sys.executable, [sys.executable, *PLOT, *map(str, files), "-o", str(page)], dict(os.environ))
    _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - started
    if status:
        raise SystemExit(f"exporter plot ended with status {status}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, page.stat().st_size)


def browse(page: Path) -> tuple[float, float, float]:
    """Seconds until the charts are there, and median and 95th percentile of the frames while panning, in ms."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        started = time.monotonic()
        tab.goto(page.as_uri())
        tab.locator(".uplot canvas").first.wait_for()
        opened = time.monotonic() - started
        frames = np.array(tab.evaluate(PAN, PANS))
        browser.close()
    return opened, float(np.median(frames)), float(np.percentile(frames, 95))


def report(name: str, cost: Cost, seconds: float, peak_mb: float | None, page_mb: float) -> None:
    """Print a cost, each figure with its share of the limit."""
    print(f"{name}")
    print(f"  time  {cost.seconds:6.2f} s    {cost.seconds / seconds:5.0%} of {seconds:g} s")
    print(f"  CPU   {cost.cpu_seconds:6.2f} s    {cost.cpu_seconds / seconds:5.0%}")
    peak = cost.peak_bytes / 1e6
    share = f"{peak / peak_mb:5.0%} of {peak_mb:g} MB" if peak_mb else ""
    print(f"  peak  {peak:6.0f} MB   {share}")
    print(f"  page  {cost.page_bytes / 1e6:6.2f} MB   {cost.page_bytes / 1e6 / page_mb:5.0%} of {page_mb:g} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        large, page = folder / "large.csv", folder / "large.html"
        write_run(large, rows, seed=1)
        report(f"{rows:,} rows, {large.stat().st_size / 1e6:.0f} MB of CSV", plot([large], page), 5, 500, 5)
        opened, median, slow = browse(page)
        print(f"  Chromium: open {opened:.2f} s, a frame of panning {median:.0f} ms (95 %: {slow:.0f} ms)")
        hours = [folder / f"hour{number}.csv" for number in range(4)]
        for number, path in enumerate(hours):
            write_run(path, 3600, seed=number)
        report("four runs of an hour at 1 s", plot(hours, folder / "four.html"), 2, None, 5)
        opened, median, slow = browse(folder / "four.html")
        print(f"  Chromium: open {opened:.2f} s, a frame of panning {median:.0f} ms (95 %: {slow:.0f} ms)")


if __name__ == "__main__":
    main()
