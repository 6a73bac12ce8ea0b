"""The allocator that a subject runs under: which library to preload, where it comes from, and how it is set."""

import os
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exporter.errors import ConfigError

AllocatorName = Literal["glibc", "jemalloc", "mimalloc"]

# What threads keep for their next allocations counts as in use: some 400 KiB, of which tens come and go.
_CACHE_OF_THREADS = "glibc.malloc.tcache_count"
# A sample for every 128 KiB, on average.
_JEMALLOC_PROFILES = "prof:true,lg_prof_sample:17"


@dataclass(frozen=True, slots=True)
class _Library:
    file: str
    package: str  # of Debian


_LIBRARIES = {
    "jemalloc": _Library("libjemalloc.so.2", "libjemalloc2"),
    "mimalloc": _Library("libmimalloc.so.2", "libmimalloc2.0"),
}


def library_directories() -> tuple[Path, ...]:
    """Where the system keeps its shared libraries."""
    architecture = sysconfig.get_config_var("MULTIARCH") or f"{os.uname().machine}-linux-gnu"
    roots = (Path("/usr/local/lib"), Path("/usr/lib"), Path("/lib"))
    return (*(root / architecture for root in roots), *roots, Path("/usr/lib64"), Path("/lib64"))


def allocator_environment(
    allocator: AllocatorName, environ: Mapping[str, str], directories: Iterable[Path], *, profiled: bool = False
) -> dict[str, str]:
    """What to add to a subject's environment so that it runs under ``allocator``.

    Under glibc's, threads keep nothing of what they free, unless ``environ`` says how much they do. With ``profiled``,
    jemalloc samples allocations from the start.

    Raises ConfigError naming the package where the library is missing.
    """
    if allocator == "glibc":
        before = environ.get("GLIBC_TUNABLES", "")
        return {} if _CACHE_OF_THREADS in before else {"GLIBC_TUNABLES": f"{before}:{_CACHE_OF_THREADS}=0".lstrip(":")}
    library = _LIBRARIES[allocator]
    if sys.platform != "linux":
        raise ConfigError(f"allocator is {allocator!r}: preloading works on Linux only; leave the option out")
    found = next((path for directory in directories if (path := directory / library.file).exists()), None)
    if found is None:
        raise ConfigError(
            f"allocator is {allocator!r}, but {library.file} is not installed: apt-get install {library.package}"
        )
    before = environ.get("LD_PRELOAD", "")
    environment = {"LD_PRELOAD": f"{found} {before}".strip()}
    if profiled and allocator == "jemalloc":
        settings = [environ["MALLOC_CONF"]] if environ.get("MALLOC_CONF") else []
        environment["MALLOC_CONF"] = ",".join([*settings, _JEMALLOC_PROFILES])
    return environment
