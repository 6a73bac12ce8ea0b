"""The demonstration shows a leak and no other."""

import pytest
from running_exporter import Start

pytestmark = pytest.mark.e2e


def test_a_leak_is_found_and_its_clean_twin_is_not_accused(start: Start) -> None:
    run = start("demo", serving=False)
    assert run.process.wait(400) == 0
    run.wait_for(r"leak: leak: .*\n")
    run.wait_for(r"clean: (no leak|inconclusive): .*\n")
    run.wait_for(r"Page: exporter-demo/report\.html")
    written = {path.name for path in (run.directory / "exporter-demo").iterdir()}
    assert written == {"leak.csv", "clean.csv", "report.html"}
