"""What a Python driver does to be profiled; imported only when a run asks for a profile, so that others pay nothing."""

import asyncio
import shutil
import tracemalloc
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.checked import Json
from exporter.drivers.python.profiles import cpu_profile, heap_profile

if TYPE_CHECKING:
    import memray

LONGEST_CPU_PROFILE_SECONDS = 600.0


class ProfileError(Exception):
    """A profile can't be taken."""


class Profiler:
    """Traces allocations from its construction on, as the driver's options say, and answers the profile commands.

    ``traced_frames`` is how many frames tracemalloc keeps of each allocation, 0 for none; ``heap_dump`` is the file
    that memray writes to as it goes, empty for none.
    """

    def __init__(self, options: Mapping[str, Json]) -> None:
        self._tracker: memray.Tracker | None = None
        self._dump = Path(options.get("heap_dump") or ".")
        self.commands: Mapping[str, Callable[[Mapping[str, Json]], Awaitable[None]]] = {
            "profile": self._profile,
            "heap_dump": self._heap_dump,
            "end_heap_dump": self._end_heap_dump,
        }
        if options.get("traced_frames"):
            tracemalloc.start(options["traced_frames"])
        if options.get("heap_dump"):
            self._tracker = _start_memray(self._dump)

    def close(self) -> None:
        """End what memray writes, so that its file is whole."""
        if self._tracker is not None:
            self._tracker.__exit__(None, None, None)
            self._tracker = None

    async def _profile(self, args: Mapping[str, Json]) -> None:
        """Write a profile of some ``kind`` to ``path``: ``heap``, or ``cpu`` of the next ``seconds``."""
        if args["kind"] == "heap":
            if not tracemalloc.is_tracing():
                raise ProfileError("allocations are not traced: option traced_frames is 0")
            profile = await asyncio.to_thread(heap_profile)
        elif args["kind"] == "cpu":
            profile = await asyncio.to_thread(cpu_profile, min(args["seconds"], LONGEST_CPU_PROFILE_SECONDS))
        else:
            raise ProfileError(f"there is no profile of kind {args['kind']!r}")
        Path(args["path"]).write_bytes(profile)

    async def _heap_dump(self, args: Mapping[str, Json]) -> None:
        """Copy to ``path`` what memray has written so far: what comes before a moment is a dump of that moment."""
        if self._tracker is None:
            raise ProfileError("nothing is dumped: option heap_dump names no file, or the dump has ended")
        await asyncio.to_thread(shutil.copyfile, self._dump, args["path"])

    async def _end_heap_dump(self, _: Mapping[str, Json]) -> None:
        self.close()


def _start_memray(path: Path) -> "memray.Tracker":
    import memray

    tracker = memray.Tracker(
        destination=memray.FileDestination(path, overwrite=True, compress_on_exit=False),
        native_traces=True,
        trace_python_allocators=True,
    )
    tracker.__enter__()
    return tracker
