"""What this machine has and lacks, feature by feature; the one list is `FEATURES`."""

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from exporter import extras
from exporter.drivers import go_binding, node_binding, rust_binding
from exporter.errors import ConfigError
from exporter.settings.allocator import AllocatorName, allocator_environment, library_directories

Lack = Callable[[], str | None]
_GIB = 1 << 30
_CONTROL_GROUPS = ("/sys/fs/cgroup/cgroup.controllers", "/sys/fs/cgroup/memory")  # of version 2 and of version 1


@dataclass(frozen=True, slots=True)
class Feature:
    """What somebody may want to do; ``lack`` says what that takes and is missing, with how to get it, or None."""

    name: str
    lack: Lack


def _extra(name: str) -> Lack:
    return lambda: extras.command(name) if extras.missing(name) else None


def _programs(*names: str, needs: str) -> Lack:
    def lack() -> str | None:
        absent = [name for name in names if shutil.which(name) is None]
        return f"there is no program {' and no program '.join(absent)}; {needs}" if absent else None

    return lack


def _one_of(*paths: str, needs: str) -> Lack:
    return lambda: None if any(map(os.path.exists, paths)) else f"there is no {' and no '.join(paths)}; {needs}"


def _allocator(name: AllocatorName) -> Lack:
    def lack() -> str | None:
        try:
            allocator_environment(name, os.environ, library_directories())
        except ConfigError as error:
            return str(error)
        return None

    return lack


def _nothing() -> None:
    return None


_POSTGRES_NEEDS = "Debian has it in postgresql, and any PostgreSQL will do that PGHOST names"

FEATURES = (
    Feature("watch, analyze, compare, plot", _nothing),
    Feature("run, network: the local network", _extra("network")),
    Feature("run --driver python", _extra("breez")),
    Feature("run --driver go", _programs("go", "cc", needs=go_binding.NEEDS)),
    Feature("run --driver node", _programs("node", "npm", needs=node_binding.NEEDS)),
    Feature("run --driver rust", _programs("cargo", "cc", "protoc", needs=rust_binding.NEEDS)),
    Feature("run --heap-dump, --pprof; heap", _extra("heap")),
    Feature("run --allocator jemalloc", _allocator("jemalloc")),
    Feature("run --allocator mimalloc", _allocator("mimalloc")),
    Feature("run --storage postgres", _programs("pg_virtualenv", needs=_POSTGRES_NEEDS)),
    Feature("plot --png, --svg", _extra("pictures")),
    Feature("matrix --kubernetes", _extra("kubernetes")),
    Feature("matrix with object storage", _extra("s3")),
    Feature("watch --cgroup", _one_of(*_CONTROL_GROUPS, needs="it takes Linux, with its control groups mounted")),
    Feature("parts of resident memory", _one_of("/proc/self/smaps_rollup", needs="it takes Linux 4.14 or newer")),
    Feature("docker compose up", _programs("docker", needs="it takes Docker with Compose v2, or the like")),
)


def machine() -> str:
    """What this machine is, in a line."""
    system = f"{platform.system()} {platform.release()} on {platform.machine()}"
    memory = f"{psutil.virtual_memory().total / _GIB:.0f} GiB of memory"
    return f"{platform.python_implementation()} {platform.python_version()}, {system}, {os.cpu_count()} CPUs, {memory}"


def findings() -> Iterator[tuple[str, str]]:
    """Each feature with ``ready``, or with what is missing."""
    for feature in FEATURES:
        lack = feature.lack()
        yield feature.name, "ready" if lack is None else f"missing: {lack}"
