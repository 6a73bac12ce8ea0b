"""What a run shows, values left out, stays word for word; ``python -m tools.golden`` renews it."""

from pathlib import Path

import pytest

from tools.golden import GOLDEN, of_live_run

pytestmark = pytest.mark.e2e


def test_a_run_shows_what_the_golden_files_say(tmp_path: Path) -> None:
    golden = {path.relative_to(GOLDEN).as_posix(): path.read_text("utf-8") for path in (GOLDEN / "live").iterdir()}
    assert of_live_run(tmp_path) == golden
