"""The agent in a Python program that is watched: every second or so it tells the observer of its heaps.

It runs in programs that nobody here wrote, under any Python from 3.6 on. It imports nothing that isn't loaded anyway
but ``_ctypes``, it holds nothing open, and what goes wrong costs readings only:

- Its thread is none of ``threading``'s and takes no signal; those are the program's.
- C is called with the GIL held, for some ten microseconds: no thread of the program can close or take a descriptor
  meanwhile, and at a fork the thread is nowhere in C.
- It rests for 200 times as long as a reading took, if that is longer than its pace.
- It is in the first interpreter of a process only: no other can end while it has a thread.
"""

import _thread
import gc
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Python's `ctypes`, `signal` and `warnings` would load more than these.
_ctypes: "Any" = __import__("_ctypes")
_signal: "Any" = __import__("_signal")
_warnings: "Any" = __import__("_warnings")

_SHARE_OF_TIME = 200
_AT_FIRST_SECONDS = 0.5  # a program that ends sooner pays for nothing but a thread
_OWN_AND_AGENT = 2  # threads
_FORK_WAITS_SECONDS = 1.0
_STACK_BYTES = 1 << 18
_STATISTICS_BYTES = 1 << 15  # pymalloc's take 6 KB
_IN_USE = b"# bytes in allocated blocks"
# What takes the place of glibc's malloc has one of these.
_OTHER_ALLOCATORS = ("mallctl", "mi_process_info", "tc_malloc")
# malloc.h of glibc 2.33 and later
_MALLINFO2 = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
# bits/socket.h and bits/socket_type.h
_AF_UNIX, _SOCK_STREAM, _SOCK_CLOEXEC, _SOCK_NONBLOCK, _MSG_NOSIGNAL = 1, 1, 0o2000000, 0o4000, 0x4000

_library: "Any" = _ctypes.dlopen(None, 0)


def start(directory: str) -> None:
    """Tell of this process, and of those that it forks, to the socket in ``directory``."""
    if _is_first_interpreter():
        _load_what_ends_threads()
        _Agent(directory).start()


def _is_first_interpreter() -> bool:
    """Whether this is the only interpreter yet: it is asked as one starts, and those after it come before it."""
    pointer = _type("P")
    newest = _function("PyInterpreterState_Head", pointer)()
    return not _function("PyInterpreterState_Next", pointer)(pointer(newest))


def _load_what_ends_threads() -> None:
    """A thread that wakes while Python ends needs a library, which the program may have put out of reach by then."""
    try:
        _ctypes.dlopen("libgcc_s.so.1", 0)
    except OSError:
        return  # then pthread_exit needs another one, or none


def _mallinfo2_structure() -> "Any":
    """The structure that mallinfo2 returns.

    Python 3.14 and later lay it out by ``ctypes``, which is loaded for it before the program is at work, and then
    forgotten.
    """
    known = set(sys.modules)
    try:
        fields = [(name, _type("L")) for name in _MALLINFO2]
        return type("Mallinfo2", (_ctypes.Structure,), {"_fields_": fields})
    finally:
        for name in set(sys.modules) - known:
            del sys.modules[name]


class _Agent:
    """Tells, from a thread of its own; ``directory`` holds the socket, and the pace in seconds."""

    def __init__(self, directory: str) -> None:
        with open(os.path.join(directory, "pace")) as file:
            self._pace = float(file.read())
        self._socket = os.path.join(directory, "socket")
        # As they are now, whatever the program puts in their place.
        self._start_thread, self._new_lock = _thread.start_new_thread, _thread.allocate_lock
        self._sleep, self._clock = time.sleep, time.perf_counter
        self._busy, self._held = self._new_lock(), False
        self._structure = _mallinfo2_structure()
        if hasattr(os, "register_at_fork"):
            # Of a fork beside a thread Python 3.12 and later warn, as if the program had started one.
            self._ignored = ("ignore", _ForkBesideAgent(), DeprecationWarning, None, 0)
            os.register_at_fork(
                before=_quiet(self._before_fork),
                after_in_parent=_quiet(self._after_fork),
                after_in_child=_quiet(self._in_child),
            )

    def start(self) -> None:
        # A thread is born with the signals blocked that its parent has blocked; 32 and 33 are glibc's own.
        before = _signal.pthread_sigmask(_signal.SIG_SETMASK, {*range(1, _signal.NSIG)} - {32, 33})
        stack = _thread.stack_size(_STACK_BYTES)  # address space, which may be limited
        try:
            self._start_thread(_quiet(self._work), ())
        finally:
            _thread.stack_size(stack)
            _signal.pthread_sigmask(_signal.SIG_SETMASK, before)

    def _work(self) -> None:
        self._sleep(min(self._pace, _AT_FIRST_SECONDS))
        with self._busy:
            process = _Process(self._socket, self._structure)
        while True:
            began = self._clock()
            with self._busy:
                heaps = process.heaps()
                rest = max(self._pace, _SHARE_OF_TIME * (self._clock() - began))
                process.tell(f'{{{heaps},"pause_seconds":{rest:.3f}}}\n')
            self._sleep(rest)

    def _before_fork(self) -> None:
        # The child would have the descriptor that the thread is about to close.
        self._held = self._busy.acquire(True, _FORK_WAITS_SECONDS)
        # Before all filters of the program's, which may have been put into their place since.
        filters = getattr(sys.modules.get("warnings"), "filters", _warnings.filters)
        if not filters or filters[0] is not self._ignored:
            filters.insert(0, self._ignored)

    def _after_fork(self) -> None:
        if self._held:
            self._held = False
            self._busy.release()

    def _in_child(self) -> None:
        self._busy, self._held = self._new_lock(), False
        self.start()


class _Process:
    """The process that this runs in, as C sees it."""

    def __init__(self, socket: str, structure: "Any") -> None:
        self._blocks, self._collections = sys.getallocatedblocks, gc.get_stats
        self._pointer, self._size = _type("P"), _type("L")
        mallinfo2 = _function("mallinfo2", structure)
        self._malloc = None if any(map(_function, _OTHER_ALLOCATORS)) else mallinfo2
        self._print_statistics = _function("_PyObject_DebugMallocStats")
        self._open_text, self._close_text = _function("fmemopen", self._pointer), _function("fclose")
        self._text = (_type("c") * _STATISTICS_BYTES)()
        self._new, self._connect, self._send, self._close = map(_function, ("socket", "connect", "send", "close"))
        self._address = _AF_UNIX.to_bytes(2, sys.byteorder) + os.fsencode(socket) + b"\0"  # struct sockaddr_un

    def heaps(self) -> str:
        """The fields of a heap message of the driver protocol, as JSON without the braces."""
        heaps, held, unreadable = {}, {}, []
        in_use = self._pymalloc()
        if in_use is not None:
            heaps["python"] = in_use
        elif self._blocks():  # something on top of pymalloc hides its statistics, or this Python has another allocator
            unreadable.append("python")
        if self._malloc is None:
            unreadable.append("native")
        else:
            info = self._malloc()
            heaps["native"], heaps["mmap"] = info.uordblks, info.hblkhd
            held = {"arena": info.arena, "free": info.fordblks, "top": info.keepcost}
        collections = sum(generation["collections"] for generation in self._collections())
        told = {
            "heap_bytes": heaps,
            "allocator_bytes": held,
            "unreadable_heaps": unreadable,
            "collections": collections,
        }
        return str(told)[1:-1].replace("'", '"')

    def tell(self, message: str) -> None:
        """Send a message, or drop it: nothing is waited for."""
        data = message.encode()
        descriptor = self._new(_AF_UNIX, _SOCK_STREAM | _SOCK_CLOEXEC | _SOCK_NONBLOCK, 0)
        if descriptor >= 0:
            if not self._connect(descriptor, self._address, len(self._address)):
                self._send(descriptor, data, self._size(len(data)), _MSG_NOSIGNAL)
            self._close(descriptor)

    def _pymalloc(self) -> "int | None":
        """Bytes in pymalloc's blocks, None without its statistics."""
        opened = self._print_statistics and self._open_text(self._text, self._size(_STATISTICS_BYTES), b"w")
        if not opened:
            return None
        stream = self._pointer(opened)
        self._print_statistics(stream)
        self._close_text(stream)
        _, found, after = self._text.value.partition(_IN_USE)
        return int(after.partition(b"\n")[0].strip(b" =").replace(b",", b"")) if found else None


def _function(name: str, result: "Any" = None) -> "Any":
    """A function of C, called with the GIL held; None where there is none."""
    flags = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_PYTHONAPI
    kind = type(name, (_ctypes.CFuncPtr,), {"_flags_": flags, "_restype_": result or _type("i")})
    try:
        return kind(_ctypes.dlsym(_library, name))
    except OSError:
        return None


def _type(code: str) -> "Any":
    """A type of C, by its letter in Python's `struct`."""
    return type(code, (_ctypes._SimpleCData,), {"_type_": code})


class _ForkBesideAgent:
    """Stands for the text of that warning, where the thread is the agent's."""

    def match(self, text: str) -> bool:
        return "multi-threaded, use of fork" in text and len(os.listdir("/proc/self/task")) == _OWN_AND_AGENT


def _quiet(action: "Callable[[], None]") -> "Callable[[], None]":
    def quietly() -> None:
        try:
            action()
        except Exception:
            return  # the process is the program's, and there is nobody to tell

    return quietly
