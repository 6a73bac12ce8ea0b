"""Where the stack's files are, and the programs that check them."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "grafana" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))


def program(name: str) -> str:
    """Return the path of a program that ``make tools`` provides; fails the test without it."""
    unpacked = ROOT / ".tools" / "usr" / "bin" / name
    found = shutil.which(name) or (str(unpacked) if unpacked.exists() else None)
    assert found, f"{name} is missing: make tools"
    return found
