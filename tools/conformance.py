"""Tries the official client's operations on a local network and writes the table in docs/network.md.

`make conformance` runs it; tests/e2e/test_conformance_official.py compares the table with what it finds then.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROGRAM = ROOT / "tests" / "conformance"
PAGE = ROOT / "docs" / "network.md"
_BEGIN, _END = "<!-- conformance: made by `make conformance` -->\n", "<!-- end of conformance -->\n"
_LIMIT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation ended, and what was said of it."""

    operation: str
    outcome: str
    said: str


def run(directory: Path) -> list[Outcome]:
    """Try every operation; the client is installed into the directory.

    Raises:
        subprocess.CalledProcessError: npm or the program failed.
    """
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PROGRAM / name, directory)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund", "--prefix", directory], check=True)  # noqa: S607
    with _network() as network:
        file, certificate = directory / "network.json", directory / "ca.pem"
        file.write_text(json.dumps(network))
        certificate.write_text(network["ca_cert_pem"])
        tried = subprocess.run(
            ["node", PROGRAM / "main.js", directory, file],  # noqa: S607
            env={**os.environ, "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(certificate)},
            stdout=subprocess.PIPE,
            timeout=_LIMIT_SECONDS,
            check=True,
        )
    lines = map(json.loads, tried.stdout.splitlines())
    return [Outcome(line["operation"], line["outcome"], line["said"]) for line in lines]


@contextmanager
def _network() -> Iterator[dict[str, Any]]:
    argv = [sys.executable, "-P", "-m", "exporter.network", "--settings-from-stdin"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"{}\n")
        process.stdin.flush()
        yield json.loads(process.stdout.readline())
        process.stdin.close()


def table(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as a table, one operation a row."""
    rows = (f"| {_names(each.operation)} | {_said(each)} |\n" for each in outcomes)
    return "| operation | `@buildonspark/spark-sdk` " + _version() + " |\n|---|---|\n" + "".join(rows)


def documented() -> str:
    """The table as the page has it."""
    return PAGE.read_text().partition(_BEGIN)[2].partition(_END)[0]


def _names(operation: str) -> str:
    return ", ".join(f"`{name}`" if " " not in name else name for name in operation.split(", "))


def _said(each: Outcome) -> str:
    return f"{each.outcome}: {each.said}" if each.said else each.outcome


def _version() -> str:
    package = json.loads((PROGRAM / "package.json").read_text())
    return str(package["dependencies"]["@buildonspark/spark-sdk"])


def main() -> None:
    """Write the table into the page."""
    with tempfile.TemporaryDirectory() as directory:
        made = table(run(Path(directory)))
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    PAGE.write_text(before + _BEGIN + made + _END + rest.partition(_END)[2])
    print(made)


if __name__ == "__main__":
    main()
