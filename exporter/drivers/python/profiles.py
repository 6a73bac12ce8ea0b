"""Profiles of the Python process that this runs in: what its lines of code hold, and on what they spend CPU time."""

import gc
import os
import sys
import threading
import time
import tracemalloc
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FrameType, FunctionType

from exporter.drivers.python.jemalloc_profile import native_heap
from exporter.drivers.python.pprof import Frame, Profile, ValueType

SAMPLES_PER_SECOND = 100
_MODULE_LEVEL = "<module>"
_TASKS = Path("/proc/self/task")


def heap_profile() -> bytes:
    """What is held of all that was allocated through Python's allocators since tracemalloc was started, by stack; with
    jemalloc's profiler also what native code holds.

    Raises RuntimeError where tracemalloc is off.
    """
    gc.collect()
    snapshot = tracemalloc.take_snapshot()
    profile = Profile(
        [ValueType("inuse_objects", "count"), ValueType("inuse_space", "bytes")],
        ValueType("space", "bytes"),
        1,
        time.time_ns(),
    )
    statistics = snapshot.statistics("traceback")
    # What follows is traced as well, so it makes few objects: each line's frame once.
    lines = {(frame.filename, frame.lineno) for statistic in statistics for frame in statistic.traceback}
    names = FunctionNames(file for file, _ in lines)
    frames = {(file, line): Frame(names.at(file, line), file, line) for file, line in lines}
    for statistic in statistics:
        stack = [frames[frame.filename, frame.lineno] for frame in reversed(statistic.traceback)]
        profile.add(stack, (statistic.count, statistic.size))
    _add_native_sites(profile)
    return profile.encode()


def _add_native_sites(profile: Profile) -> None:
    """Add what native code holds, where the process runs under an allocator that knows."""
    for site in native_heap():
        profile.add(site.frames, (site.objects, site.size))


class FunctionNames:
    """Names of the functions that lines belong to, which tracemalloc doesn't know; from the modules in memory.

    Not from ``gc.get_objects()``: that holds tuples which other threads are still building, and makes them fail.
    """

    def __init__(self, files: Iterable[str]) -> None:
        wanted = frozenset(files)
        self._functions: dict[str, list[tuple[int, int, str]]] = {}  # by file: first line, last line, name
        for outer in _loaded_codes():
            if outer.co_filename in wanted:
                for code in _with_nested(outer):
                    last = max((line for _, _, line in code.co_lines() if line is not None), default=0)
                    place = (code.co_firstlineno, last, code.co_qualname)
                    self._functions.setdefault(code.co_filename, []).append(place)
        for places in self._functions.values():
            places.sort()

    def at(self, file: str, line: int) -> str:
        """The innermost function around a line, after its module's name."""
        places = self._functions.get(file, [])
        module = Path(file).stem
        # Of those that begin before the line, the last one that also ends after it is the innermost.
        for index in range(bisect_right(places, (line, sys.maxsize, "")) - 1, -1, -1):
            first, last, name = places[index]
            if first <= line <= last:
                return f"{module}.{name}"
        return f"{module}.{_MODULE_LEVEL}"


def cpu_profile(seconds: float) -> bytes:
    """On what the process spends CPU time for a while, by Python stack; a thread without one by its name.

    Meant for a thread of its own, which it leaves out. Raises OSError where the system doesn't count a thread's time.
    """
    profile = Profile(
        [ValueType("samples", "count"), ValueType("cpu", "nanoseconds")],
        ValueType("cpu", "nanoseconds"),
        10**9 // SAMPLES_PER_SECOND,
        time.time_ns(),
    )
    began = time.monotonic()
    spent = _spent_nanos()
    while time.monotonic() - began < seconds:
        time.sleep(1 / SAMPLES_PER_SECOND)
        stacks = _python_stacks()
        now = _spent_nanos()
        for thread, nanos in now.items():
            if thread != threading.get_native_id() and nanos > spent.get(thread, 0):
                profile.add(stacks.get(thread) or [_native(thread)], (1, nanos - spent.get(thread, 0)))
        spent = now
    return profile.encode(round((time.monotonic() - began) * 1e9))


def _loaded_codes() -> list[CodeType]:
    """The code of every function and method that is reached from a module, once."""
    found: dict[int, CodeType] = {}
    seen: set[int] = set()
    rest: list[object] = [
        value for module in list(sys.modules.values()) for value in list(getattr(module, "__dict__", {}).values())
    ]
    while rest:
        value = rest.pop()
        if isinstance(value, FunctionType):
            found[id(value.__code__)] = value.__code__
            rest.append(getattr(value, "__wrapped__", None))
        elif isinstance(value, staticmethod | classmethod):
            rest.append(value.__func__)
        elif isinstance(value, property):
            rest += [value.fget, value.fset, value.fdel]
        elif isinstance(value, type) and id(value) not in seen:
            seen.add(id(value))
            rest += list(vars(value).values())
    return list(found.values())


def _with_nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_nested(constant)


def _spent_nanos() -> dict[int, int]:
    """CPU time of each thread so far, by the kernel's number of it."""
    spent = {}
    for thread in os.listdir(_TASKS):
        try:
            text = (_TASKS / thread / "schedstat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            if not _TASKS.joinpath(thread).exists():
                continue  # it has ended
            raise
        spent[int(thread)] = int(text.split()[0])
    return spent


def _python_stacks() -> dict[int, list[Frame]]:
    numbers = {thread.ident: thread.native_id for thread in threading.enumerate()}
    frames = sys._current_frames()
    return {number: _stack_of(frames[ident]) for ident, number in numbers.items() if number and ident in frames}


def _stack_of(frame: FrameType | None) -> list[Frame]:
    stack = []
    while frame is not None:
        code = frame.f_code
        stack.append(Frame(f"{Path(code.co_filename).stem}.{code.co_qualname}", code.co_filename, frame.f_lineno or 0))
        frame = frame.f_back
    return stack


def _native(thread: int) -> Frame:
    try:
        name = (_TASKS / str(thread) / "comm").read_text().rstrip("\n")
    except OSError:
        name = "ended"
    return Frame(f"thread {name}", "", 0)
