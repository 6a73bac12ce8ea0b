"""What every Python subject shares: one operation, again and again, at a steady pace.

    python SUBJECT.py --per-second 50         prints `operations N` once a second, until it is ended
    python SUBJECT.py --direct 20000          prints what an operation leaves behind, as JSON, and ends
    python SUBJECT.py --driven                is a driver of `exporter`, of which each payment is an operation

The direct loop runs at full speed. It takes the memory, the heap, the threads and the descriptors after a tenth of the
operations and after all of them, each time with garbage collected. Memory is what the process holds, the heap what the
program was given of it: blocks of Python's allocator, and of the C library's.
"""

import argparse
import ctypes
import gc
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable


def steadily(operation: Callable[[], object]) -> None:
    """Do ``operation`` as the command line asks for it; at most once per slot of time, never catching up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--per-second", type=float, default=50.0)
    parser.add_argument("--direct", type=int)
    parser.add_argument("--driven", action="store_true")
    asked = parser.parse_args()
    if asked.direct:
        print(json.dumps(left_per_operation(operation, asked.direct)))
    elif asked.driven:
        from driven import drive  # it needs the exporter, which a subject that is watched does without

        drive(operation)
    else:
        _pace(operation, 1 / asked.per_second)


def left_per_operation(operation: Callable[[], object], operations: int) -> dict[str, float]:
    """What one operation leaves behind, of each thing that is held: bytes, or a count."""
    first = operations // 10
    for _ in range(first):
        operation()
    _held()  # once before it counts: the first measurement leaves something behind
    before = _held()
    for _ in range(operations - first):
        operation()
    after = _held()
    return {name: (after[name] - before[name]) / (operations - first) for name in after}


def _held() -> dict[str, int]:
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    heap = _python_blocks() + _c_blocks()
    with open("/proc/self/status", encoding="ascii") as status:
        told = dict(line.split(":", 1) for line in status)
    return {
        "bytes": int(told["RssAnon"].split()[0]) * 1024,
        "heap_bytes": heap,
        "threads": int(told["Threads"]),
        "open_fds": len(os.listdir("/proc/self/fd")),
    }


def _python_blocks() -> int:
    with tempfile.TemporaryFile() as file:
        stderr = os.dup(2)
        os.dup2(file.fileno(), 2)
        sys._debugmallocstats()
        os.dup2(stderr, 2)
        os.close(stderr)
        file.seek(0)
        told = file.read().decode()
    return int(re.search(r"# bytes in allocated blocks\s+=\s+([\d,]+)", told)[1].replace(",", ""))


class _Mallinfo2(ctypes.Structure):
    """What `mallinfo2(3)` returns: ``uordblks`` bytes are in use in the arenas, ``hblkhd`` in mappings of their own."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keep",
        )
    )


def _c_blocks() -> int:
    libc = ctypes.CDLL("libc.so.6")
    libc.mallinfo2.restype = _Mallinfo2
    told = libc.mallinfo2()
    return told.uordblks + told.hblkhd


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
