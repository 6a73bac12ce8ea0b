"""Heap dumps in pprof's format, as Go's runtime writes them: what its heap holds, by stack."""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.heaps.frames import Frame, short_file
from exporter.heaps.sites import NOTHING, Held, Site
from exporter.settings.files import read_file

if TYPE_CHECKING:
    from exporter.heaps.proto.profile_pb2 import Profile

_MOST_BYTES = 256 * 1024 * 1024  # packed, and unpacked; a profile takes some hundred kilobytes
_MOST_FRAMES = 8
_TYPE_ARGUMENTS = re.compile(r"\[.*\]")


def unpacked(profile: bytes) -> bytes:
    """A profile as it is inside of its compression; raises zlib.error."""
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(profile, _MOST_BYTES)


def read_pprof(path: Path) -> dict[Site, Held]:
    """What Go's heap held, by site; raises OSError, and ValueError for a file that is no profile of a heap."""
    from google.protobuf.message import DecodeError

    from exporter.heaps.proto.profile_pb2 import Profile

    try:
        profile = Profile.FromString(unpacked(read_file(path, _MOST_BYTES)))
        names = [profile.string_table[value.type] for value in profile.sample_type]
        size, blocks = names.index("inuse_space"), names.index("inuse_objects")
        frames = dict(_frames(profile))
        held: dict[Site, Held] = defaultdict(lambda: NOTHING)
        for sample in profile.sample:
            stack = [frame for number in sample.location_id for frame in frames[number]]
            held[Site("go", _without_runtime(stack))] += Held(sample.value[size], sample.value[blocks])
    except (DecodeError, zlib.error, IndexError, KeyError, ValueError):
        raise ValueError("it is no profile of a heap") from None
    return dict(held)


def _frames(profile: "Profile") -> Iterator[tuple[int, list[Frame]]]:
    """The frames of each location, innermost first."""
    texts, functions = profile.string_table, {function.id: function for function in profile.function}
    for location in profile.location:
        found = [(functions[line.function_id], line.line) for line in location.line]
        names = [(texts[function.name], texts[function.filename], line) for function, line in found]
        yield location.id, [Frame(_short_name(name), short_file(file), line) for name, file, line in names]


def _without_runtime(stack: Sequence[Frame]) -> tuple[Frame, ...]:
    """The innermost frames of a stack, those of Go's runtime left out where there are others."""
    others = [frame for frame in stack if not frame.function.startswith("runtime.")]
    return tuple((others or stack)[:_MOST_FRAMES])


def _short_name(function: str) -> str:
    """``example.org/app/wallet.send[go.shape.int]`` as ``wallet.send``."""
    return _TYPE_ARGUMENTS.sub("", function).rpartition("/")[2]
