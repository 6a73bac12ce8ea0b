"""The reference pages say what the program does."""

import re
import subprocess
import sys
from pathlib import Path

from exporter.record.sample import COLUMNS

ROOT = Path(__file__).parents[2]


def test_the_command_line_s_page_is_current() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "tools.cli_reference"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (ROOT / "docs" / "cli.md").read_text() == made.stdout, "make docs"


def test_every_column_of_the_csv_is_described_in_order() -> None:
    page = (ROOT / "docs" / "csv.md").read_text()
    assert tuple(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == COLUMNS
