"""The driver of the SDK's Python binding: on the release installed here, or another in an environment of its own."""

import re
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

from exporter.drivers.cache import digest_of, made_once, run_tool
from exporter.errors import ConfigError
from exporter.processes.child import python_command

PACKAGE = "breez-sdk-spark"
_MODULE = ("-m", "exporter.drivers.breez")
_ROOT = Path(__file__).parents[2]
# What PyPI has of each release, as requirements of pip with their hashes; `make releases` adds new ones.
RELEASES = Path(__file__).with_name("releases")


async def command(release: str, tell: Callable[[str], None]) -> tuple[str, ...]:
    """The command of the driver with a release of the SDK, or with the one beside this package if ``release`` is empty.

    Raises ConfigError if the release can't be installed.
    """
    if not release:
        return python_command(*_MODULE)
    if not re.fullmatch(r"\d[\w.+!-]*", release):
        raise ConfigError(f"driver python@{release}: {release!r} is no release; name one, as in python@0.22.3")

    hashes = RELEASES / f"{release}.txt"
    known = hashes.is_file()

    async def install(directory: Path) -> None:
        checked = "verified by its hash" if known else "unverified: its hash is not known here"
        tell(f"Driver python@{release}: installing {PACKAGE} {release}, once, {checked}")
        advice = "check that the release exists, that pip works here, and that its index serves what was released"
        venv = (sys.executable, "-m", "venv", str(directory))
        await run_tool("venv", venv, "install Python's venv module", directory)
        pip = (str(directory / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        wanted = ("--require-hashes", "-r", str(hashes)) if known else (f"{PACKAGE}=={release}",)
        await run_tool("pip", (*pip, *wanted), advice, directory)
        (_site_packages(directory) / "memtest.pth").write_text("\n".join(_own_paths()) + "\n")

    # What was installed unverified does not stay so when the hash has become known.
    verified = hashes.read_bytes() if known else b""
    key = digest_of([sys.executable.encode(), verified, *(path.encode() for path in _own_paths())])
    directory = await made_once(f"python-{release}-{key}", install)
    return python_command(*_MODULE, interpreter=str(directory / "bin" / "python"))


def _own_paths() -> list[str]:
    """Where this package and what it needs are; the environment looks there last, so its own SDK comes first."""
    return list(dict.fromkeys([str(_ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]))


def _site_packages(directory: Path) -> Path:
    found = sysconfig.get_path("purelib", "venv", {"base": str(directory), "platbase": str(directory)})
    return Path(found)
