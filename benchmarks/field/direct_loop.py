"""The direct loop: what one operation of a subject leaves behind, measured from within at full speed."""

import json
import subprocess
from pathlib import Path

from . import environments
from .cases import Subject

_LONGEST_SEC = 300


def print_left(subjects: list[Subject], directory: Path, operations: int) -> None:
    """Print for each subject what an operation leaves behind, beside what the table of cases says."""
    for subject in subjects:
        command = [*environments.make(subject, directory / "environments"), "--direct", str(operations)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_SEC, check=True)
        left = json.loads(ended.stdout)
        told = ", ".join(f"{value:,.4g} {name}" for name, value in left.items())
        print(f"{subject.name}: {told}; the table says {subject.left_per_operation:g} of {subject.series}", flush=True)
