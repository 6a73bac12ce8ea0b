"""The driver of the SDK's Go binding: a Go program, built from its sources here when it is first used."""

import asyncio
import platform
import shutil
from collections.abc import Callable
from pathlib import Path

from exporter.drivers.cache import digest_of, made_once, run_tool
from exporter.errors import ConfigError

SOURCES = Path(__file__).parent / "go"
_PROGRAM = "memtest-go-driver"
NEEDS = "it takes Go 1.22 or newer (https://go.dev/dl), a C compiler, and access to Go's module proxy"


async def command(release: str, tell: Callable[[str], None]) -> tuple[str, ...]:
    """The program's path; ``release`` is empty, ``go.mod`` names the SDK's. Raises ConfigError if it can't be built."""

    async def build(directory: Path) -> None:
        if shutil.which("go") is None:
            raise ConfigError(f"driver 'go' can't be built: there is no program 'go'; {NEEDS}")
        tell("Driver go: building it, once; this takes a minute or two")
        argv = ("go", "build", "-C", str(SOURCES), "-trimpath", "-buildvcs=false", "-o", str(directory / _PROGRAM), ".")
        await run_tool("go build", argv, NEEDS, directory)

    return (str(await made_once(f"go-{_version()}", build) / _PROGRAM),)


def _version() -> str:
    sources = sorted(path for path in SOURCES.iterdir() if path.suffix in (".go", ".mod", ".sum"))
    return digest_of([platform.machine().encode(), *(path.read_bytes() for path in sources)])


if __name__ == "__main__":
    print(*asyncio.run(command("", print)))
