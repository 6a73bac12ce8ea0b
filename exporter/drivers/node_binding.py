"""The driver of the SDK's JavaScript binding: a Node.js program, whose SDK npm installs when it is first used."""

import asyncio
import platform
import shutil
from collections.abc import Callable
from pathlib import Path

from exporter.drivers.cache import digest_of, made_once, run_tool
from exporter.errors import ConfigError

SOURCES = Path(__file__).parent / "node"
_OLDEST_NODE = 20
NEEDS = (
    f"it takes Node.js {_OLDEST_NODE} or newer with npm (https://nodejs.org), access to npm's registry, and a C++ "
    "compiler with make and python3 where there is no ready-made better-sqlite3"
)
_NPM_CI = ("npm", "ci", "--omit=optional", "--no-audit", "--no-fund", "--prefix")


async def command(release: str, tell: Callable[[str], None]) -> tuple[str, ...]:
    """Node with the program and the directory of its SDK; ``release`` is empty, ``package.json`` names the SDK's.

    Raises ConfigError if it can't be installed.
    """

    async def install(directory: Path) -> None:
        _require("npm")
        tell("Driver node: installing its SDK, once; this takes a minute or two")
        for package in packages:
            shutil.copy(package, directory)
        await run_tool("npm ci", (*_NPM_CI, str(directory)), NEEDS, directory)

    node = _require("node")
    version = (await run_tool("node --version", (node, "--version"), NEEDS))[0]
    if int(version.lstrip(b"v").partition(b".")[0]) < _OLDEST_NODE:
        raise ConfigError(f"driver 'node' can't be installed: Node.js is {version.decode()}; {NEEDS}")
    packages = [SOURCES / "package.json", SOURCES / "package-lock.json"]
    # Native code fits the Node.js that it was installed for.
    digest = digest_of([platform.machine().encode(), version, *(path.read_bytes() for path in packages)])
    return node, "--expose-gc", str(SOURCES / "main.js"), str(await made_once(f"node-{digest}", install))


def _require(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise ConfigError(f"driver 'node' can't be installed: there is no program '{program}'; {NEEDS}")
    return found


if __name__ == "__main__":
    print(*asyncio.run(command("", print)))
