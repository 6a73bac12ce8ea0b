"""The driver of the SDK itself, in Rust: a program, built from its sources here when it is first used."""

import asyncio
import json
import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from exporter.drivers.cache import digest_of, made_once, run_tool
from exporter.errors import ConfigError

SOURCES = Path(__file__).parent / "rust"
# A copy of the SDK's repository, built instead of the tag that Cargo.toml names.
SDK_SOURCE = "MEMTEST_SPARK_SDK_SOURCE"
_SDK_CRATE = Path("crates", "breez-sdk", "core")
_DEPENDENCY = re.compile(r'git = "[^"]+", tag = "([^"]+)"')
_PROGRAM = "memtest-rust-driver"
NEEDS = (
    "it takes Rust 1.88 or newer (https://rustup.rs), a C compiler, protoc, and access to crates.io and to GitHub; "
    f"a copy of github.com/breez/spark-sdk can be named by {SDK_SOURCE}"
)


async def command(release: str, tell: Callable[[str], None]) -> tuple[str, ...]:
    """The program's path; ``release`` is empty, ``Cargo.toml`` names the SDK's.

    Raises ConfigError if it can't be built.
    """
    sdk = _sdk_source()

    async def build(directory: Path) -> None:
        if shutil.which("cargo") is None:
            raise ConfigError(f"driver 'rust' can't be built: there is no program 'cargo'; {NEEDS}")
        tell("Driver rust: building it, once; this takes ten minutes or more")
        # A copy: cargo writes into the package that it builds.
        package = shutil.copytree(SOURCES, directory / "package", ignore=shutil.ignore_patterns("target"))
        manifest = package / "Cargo.toml"
        version = _choose_sdk(manifest, sdk)
        options = ("--release", "--manifest-path", str(manifest), "--target-dir", str(package / "target"))
        cargo = ("cargo", "build", "--config", f'env.SDK_VERSION="{version}"', *options)
        await run_tool("cargo build", cargo, NEEDS, directory)
        (package / "target" / "release" / _PROGRAM).rename(directory / _PROGRAM)
        shutil.rmtree(package)

    parts = [path.read_bytes() for path in _files(sdk)]
    made = await made_once(f"rust-{digest_of([platform.machine().encode(), str(sdk).encode(), *parts])}", build)
    return (str(made / _PROGRAM),)


def _sdk_source() -> Path | None:
    """The copy of the SDK's source that the environment names, if it does; raises ConfigError if it is none."""
    named = os.environ.get(SDK_SOURCE)
    if not named:
        return None
    source = Path(named).resolve()
    if not (source / _SDK_CRATE / "Cargo.toml").is_file():
        raise ConfigError(f"{SDK_SOURCE} is {named!r}: there is no {_SDK_CRATE} in it; name a copy of breez/spark-sdk")
    return source


def _choose_sdk(manifest: Path, sdk: Path | None) -> str:
    """Have the package depend on a copy of the SDK instead of the tag; what the SDK's version is then."""
    text = manifest.read_text()
    tag = _DEPENDENCY.search(text)
    assert tag is not None
    if sdk is None:
        return tag[1]
    manifest.write_text(_DEPENDENCY.sub(lambda _: f"path = {json.dumps(str(sdk / _SDK_CRATE))}", text))
    return "local"


def _files(sdk: Path | None) -> Iterator[Path]:
    """All that the program is made from, but for what cargo fetches."""
    for directory in (SOURCES, *([sdk / "crates"] if sdk else [])):
        files = (path for path in directory.rglob("*") if path.is_file())
        yield from sorted(path for path in files if "target" not in path.relative_to(directory).parts)
    if sdk is not None:
        yield sdk / "Cargo.toml"


if __name__ == "__main__":
    print(*asyncio.run(command("", print)))
