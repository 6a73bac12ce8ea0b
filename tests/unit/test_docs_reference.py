"""The reference pages say what the program does."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.processes
@pytest.mark.parametrize("page", ["cli", "csv", "metrics"])
def test_a_reference_page_is_current(page: str) -> None:
    made = subprocess.run(
        [sys.executable, "-m", f"tools.{page}_reference"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (ROOT / "docs" / f"{page}.md").read_text() == made.stdout, "make docs"
