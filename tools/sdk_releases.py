"""The hashes of the SDK's releases: ``python -m tools.sdk_releases`` writes those that the index serves now.

A release that is there already gets what was added to it since, such as a wheel for a newer Python. A hash that
changes or goes is a reason to ask: look at the difference before it is committed.
"""

import subprocess
import sys

from exporter.drivers.python_binding import PACKAGE, RELEASES

_PIP = (sys.executable, "-m", "pip", "index", "versions", PACKAGE)
_UV = (sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes")


def main() -> None:
    """Write one file for each release, in the form that pip installs from."""
    told = subprocess.run(_PIP, capture_output=True, text=True, check=True).stdout
    for release in told.partition("Available versions: ")[2].partition("\n")[0].split(", "):
        wanted = f"{PACKAGE}=={release}\n"
        # Of every system and Python, not of this one.
        compiled = subprocess.run(
            (*_UV, "--universal", "--python-version", "3.11", "-"),
            input=wanted,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        (RELEASES / f"{release}.txt").write_text(compiled.stdout)


if __name__ == "__main__":
    main()
