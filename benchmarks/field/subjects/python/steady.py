"""What every Python subject shares: one operation, again and again, at a steady pace.

    python SUBJECT.py --per-second 50         prints `operations N` once a second, until it is ended
    python SUBJECT.py --direct 20000          prints what an operation leaves behind, as JSON, and ends

The direct loop runs at full speed. It takes the memory, the threads and the descriptors after a tenth of the operations
and after all of them, each time with garbage collected.
"""

import argparse
import ctypes
import gc
import json
import os
import time
from collections.abc import Callable


def steadily(operation: Callable[[], object]) -> None:
    """Do ``operation`` as the command line asks for it; at most once per slot of time, never catching up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--per-second", type=float, default=50.0)
    parser.add_argument("--direct", type=int)
    asked = parser.parse_args()
    if asked.direct:
        print(json.dumps(left_per_operation(operation, asked.direct)))
    else:
        _pace(operation, 1 / asked.per_second)


def left_per_operation(operation: Callable[[], object], operations: int) -> dict[str, float]:
    """What one operation leaves behind, of each thing that is held: bytes, or a count."""
    first = operations // 10
    for _ in range(first):
        operation()
    before = _held()
    for _ in range(operations - first):
        operation()
    after = _held()
    return {name: (after[name] - before[name]) / (operations - first) for name in after}


def _held() -> dict[str, int]:
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    with open("/proc/self/status", encoding="ascii") as status:
        told = dict(line.split(":", 1) for line in status)
    return {
        "bytes": int(told["RssAnon"].split()[0]) * 1024,
        "threads": int(told["Threads"]),
        "open_fds": len(os.listdir("/proc/self/fd")),
    }


def _pace(operation: Callable[[], object], seconds: float) -> None:
    done, told, due = 0, time.monotonic(), time.monotonic()
    while True:
        operation()
        done += 1
        now = time.monotonic()
        if now - told >= 1:
            print(f"operations {done}", flush=True)
            told = now
        due = max(due + seconds, now)
        time.sleep(max(0.0, due - now))
