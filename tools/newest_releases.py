"""Whether the SDKs that the drivers take are the newest ones: ``python -m tools.newest_releases``.

Asks the registries by their own clients. Ends with 1 if one serves a newer release than is taken here, and with 2 if
one can't be asked. It is no part of the tests: what others release must not fail them.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
_DRIVERS = ROOT / "exporter" / "drivers"
_LIMIT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Taken:
    """A package that is taken here: by which file, in which release or range, and how its registry names the newest."""

    package: str
    file: Path
    release: str
    asked: Sequence[str]
    newest_in: Callable[[str], str]

    def complaint(self, newest: str) -> str | None:
        """What to say if the registry's newest release is not the one that is taken."""
        covered = (
            newest in Requirement(f"x{self.release}").specifier
            if self.release[0] in "<>=!~"
            else newest == self.release
        )
        if covered:
            return None
        where = self.file.relative_to(ROOT)
        return f"{self.package} {newest} is out, and {where} takes {self.release}: try it, and raise it there"


def taken() -> list[Taken]:
    """The SDKs of the drivers and the clients of the conformance tests, as their files name them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    python = Requirement(project["optional-dependencies"]["breez"][0])
    pip = (sys.executable, "-m", "pip", "index", "versions", python.name)
    found = [Taken(python.name, ROOT / "pyproject.toml", str(python.specifier), pip, _of_pip)]
    for package, folder in (
        ("@breeztech/breez-sdk-spark", _DRIVERS / "node"),
        ("@buildonspark/spark-sdk", ROOT / "tests" / "conformance"),
        ("@buildonspark/issuer-sdk", ROOT / "tests" / "conformance"),
    ):
        file = folder / "package.json"
        release = json.loads(file.read_text())["dependencies"][package]
        found.append(Taken(package, file, release, ("npm", "view", package, "version"), str.strip))
    go_mod = _DRIVERS / "go" / "go.mod"
    ((module, version),) = re.findall(r"^require (\S+) v(\S+)$", go_mod.read_text(), re.MULTILINE)
    go = ("go", "list", "-m", "-f", "{{.Version}}", f"{module}@latest")
    found.append(Taken(module, go_mod, version, go, lambda said: said.strip().removeprefix("v")))
    return found


def _of_pip(said: str) -> str:
    found = re.search(r"\((\S+)\)", said)
    if found is None:
        raise ValueError(f"pip names no release in {said[:80]!r}")
    return found[1]


def main() -> int:
    """Print a sentence for each package; return the exit code."""
    worst = 0
    for each in taken():
        try:
            done = subprocess.run(
                each.asked, capture_output=True, text=True, check=True, timeout=_LIMIT_SECONDS, cwd=each.file.parent
            )
            newest = each.newest_in(done.stdout)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            print(f"the registry of {each.package} can't be asked: {said.strip().splitlines()[-1].strip()}")
            worst = 2
            continue
        complaint = each.complaint(newest)
        print(complaint or f"{each.package} {newest} is the newest")
        worst = max(worst, 1 if complaint else 0)
    return worst


if __name__ == "__main__":
    sys.exit(main())
