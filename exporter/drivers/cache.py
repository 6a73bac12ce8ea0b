"""What drivers are built into: a directory of the user's, where a second run finds it."""

import contextlib
import hashlib
import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from exporter.errors import ConfigError
from exporter.leftovers import held_directory
from exporter.processes.child import Child


def cache_directory() -> Path:
    """``memtest-exporter`` in the user's cache, as the XDG base directory specification has it."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "memtest-exporter"


def digest_of(parts: Iterable[bytes]) -> str:
    """A short name for what something is made from."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


async def made_once(name: str, make: Callable[[Path], Awaitable[None]]) -> Path:
    """The directory ``name`` of the cache; where it is missing, ``make`` fills it, wholly or not at all.

    Two runs may make it at the same time: the first that is done wins. Raises ConfigError if it can't be made.
    """
    wanted = cache_directory() / name
    if wanted.is_dir():
        return wanted
    with contextlib.ExitStack() as stack:
        try:
            wanted.parent.mkdir(parents=True, exist_ok=True)
            unfinished = stack.enter_context(held_directory("unfinished-", wanted.parent)) / name
            unfinished.mkdir()
        except OSError as error:
            raise ConfigError(f"{wanted.parent} can't be written: {error.strerror}; set XDG_CACHE_HOME") from error
        await make(unfinished)
        _put(unfinished, wanted)
    return wanted


def _put(made: Path, wanted: Path) -> None:
    try:
        made.rename(wanted)
    except OSError:
        # Another run was faster, and what it made is the same.
        if not wanted.is_dir():
            raise


async def run_tool(name: str, argv: Iterable[str], advice: str, directory: Path | None = None) -> list[bytes]:
    """Run a program that makes a driver, and return the lines that it prints; what it complains of goes to the log.

    Its temporary files go beside the ``directory`` that it fills, and with what is unfinished. Raises ConfigError,
    ending with ``advice``, if it can't be started or fails.
    """
    printed: list[bytes] = []
    environment = {"TMPDIR": str(directory.parent)} if directory else {}
    try:
        child = await Child.start(list(argv), name=name, on_line=printed.append, environment=environment)
    except OSError as error:
        raise ConfigError(f"{name} can't be started: {error.strerror}; {advice}") from error
    try:
        end = await child.wait()
    finally:
        child.kill()
    if end.code != 0:
        words = f" ({child.last_words.strip()})" if child.last_words else ""
        raise ConfigError(f"{name} failed with {end.text}{words}; {advice}")
    return printed
