"""Record the runs that the golden files are made of, ``tests/fixtures/recorded``: ``python -m tools.recorded_runs``.

Files that are there stay as they are: that they can still be read, and mean the same, is what the golden files show.
A recorded run takes up to four minutes. Those in the formats of the Go and the Rust memory test are made up.
"""

import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
RECORDED = ROOT / "tests" / "fixtures" / "recorded"
FAKE_DRIVER = ROOT / "tests" / "fixtures" / "fake_driver.py"

_PACE = ("--interval", "100ms", "--mem-interval", "4s")
_SETTLING = ("--settle-every", "5", "--settle-min-gap", "4s")
_DOUBLING = ("--protocol", "doubling")
_CLEAN = ("--reconnect-every", "5", "--reconnect-cycles")
_ABANDONING = ("--reconnect-every", "5", "--abandon-instances")
_LEAKING_DRIVER = f"{sys.executable} {FAKE_DRIVER} --leak-bytes-per-payment 4096 --fail-every 50"
_LEAKING_PROGRAM = """\
import time
kept = []
for number in range(1, 100_000):
    kept.append(bytearray(8192))
    print("made", number)
    time.sleep(0.05)
"""

# What makes each file, by its name: arguments of ``exporter``.
COMMANDS = {
    "sdk_reconnects": ("--duration", "240s", *_PACE, *_SETTLING, *_CLEAN),
    "sdk_abandoned": ("--duration", "240s", *_PACE, *_SETTLING, *_ABANDONING),
    "sdk_reconnects_doubling": ("--duration", "240s", *_PACE, *_DOUBLING, *_CLEAN),
    "sdk_abandoned_doubling": ("--duration", "150s", *_PACE, *_DOUBLING, *_ABANDONING),
    "fake_leaking": (
        *("--duration", "200s", "--interval", "50ms", "--mem-interval", "4s", "--settle-min-gap", "4s"),
        *("--driver-command", _LEAKING_DRIVER),
    ),
    "watched": (
        *("watch", "--duration", "80s", "--mem-interval", "2s", "--payments-from", r"made (\d+)"),
        *("--", sys.executable, "-u", "-c", _LEAKING_PROGRAM),
    ),
}

_STARTED = datetime(2025, 11, 1, 10, tzinfo=UTC)
_STEP_SECONDS = 30
_MIB = 1 << 20
_KIB = 1 << 10


def main() -> None:
    RECORDED.mkdir(parents=True, exist_ok=True)
    for name, arguments in COMMANDS.items():
        if not _path(name).exists():
            _record(_path(name), arguments)
    for name, text in (("go_harness", go_harness()), ("rust_harness", rust_harness())):
        if not _path(name).exists():
            _path(name).write_text(text)


def go_harness(minutes: int = 60) -> str:
    """A run that leaks 200 KiB/min in the heap and out of it, with a garbage collector's sawtooth."""
    noise = random.Random(1)  # noqa: S311 - made-up noise
    columns = "timestamp,elapsed_sec,rss_bytes,heap_alloc_bytes,heap_inuse_bytes,heap_objects,heap_sys_bytes"
    rows = [f"{columns},goroutines,payments,listeners"]
    for number in range(minutes * 60 // _STEP_SECONDS + 1):
        second = number * _STEP_SECONDS
        leaked = 200 * _KIB * second // 60
        heap = 6 * _MIB + leaked + number % 4 * 256 * _KIB + noise.randrange(32 * _KIB)
        rss = 60 * _MIB + leaked + noise.randrange(256 * _KIB)
        rows.append(
            f"{_clock(second)},{second}.00,{rss},{heap},{heap + _MIB},{heap // 64},{heap + 2 * _MIB},12,{second // 5},2"
        )
    return "\n".join(rows) + "\n"


def rust_harness(minutes: int = 60) -> str:
    """A clean run: 8 MiB of warm-up in the first minutes, then level."""
    noise = random.Random(2)  # noqa: S311 - made-up noise
    rows = ["timestamp,elapsed_sec,rss_bytes,heap_allocated_bytes,heap_resident_bytes,payments"]
    for number in range(minutes * 60 // _STEP_SECONDS + 1):
        second = number * _STEP_SECONDS
        warm = 8 * _MIB * min(second, 300) // 300
        heap = 9 * _MIB + warm + noise.randrange(16 * _KIB)
        rss = 48 * _MIB + warm + noise.randrange(64 * _KIB)
        rows.append(f"{_clock(second)},{second}.00,{rss},{heap},{heap + 3 * _MIB},{second // 5}")
    return "\n".join(rows) + "\n"


def _clock(second: int) -> str:
    return (_STARTED + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _path(name: str) -> Path:
    return RECORDED / f"{name}.csv"


def _record(path: Path, arguments: tuple[str, ...]) -> None:
    command = () if arguments[0].startswith("-") else arguments[:1]
    output = ("--listen-address", "127.0.0.1:0", "--fail-on", "never", "--csv", str(path))
    subprocess.run(
        [sys.executable, "-m", "exporter", *command, *output, *arguments[len(command) :]], cwd=ROOT, check=True
    )


if __name__ == "__main__":
    main()
