"""Reads heap dumps of whichever driver: memray's of Python, pprof's of Go, snapshots of V8."""

from pathlib import Path
from typing import Literal

from exporter.errors import ConfigError
from exporter.heaps.memray_dump import read_memray
from exporter.heaps.pprof_dump import read_pprof
from exporter.heaps.sites import Held, Site
from exporter.heaps.v8_snapshot import read_v8

DumpFormat = Literal["memray", "pprof", "v8"]
_GZIP = b"\x1f\x8b"
_READERS = {"memray": read_memray, "pprof": read_pprof, "v8": read_v8}


def read_dump(path: Path) -> dict[Site, Held]:
    """What a process held at a dump, by site; raises ConfigError for a file that is no dump."""
    try:
        return _READERS[format_of(path)](path)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def format_of(path: Path) -> DumpFormat:
    """In which format a dump is, by how it begins; raises OSError."""
    with path.open("rb") as file:
        begin = file.read(len(_GZIP))
    return "pprof" if begin == _GZIP else "v8" if begin.startswith(b"{") else "memray"


def unreadable(path: Path, error: OSError | ValueError) -> ConfigError:
    """The refusal of a file that is no dump."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return ConfigError(f"{path} can't be read as a heap dump: {reason}; name a file of --heap-dump")
