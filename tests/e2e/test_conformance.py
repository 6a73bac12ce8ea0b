"""Two clients, whole and with their defaults, on the local network: what they do is what docs/network.md says."""

from pathlib import Path
from typing import Any

import pytest

from tools import conformance

pytestmark = [pytest.mark.e2e, pytest.mark.system]


def test_every_operation_ends_as_the_page_says(tmp_path: Path) -> None:
    outcomes = conformance.run(tmp_path)
    assert [each for each in outcomes if each.outcome in ("hangs", "differs")] == []
    assert conformance.documented() == conformance.table(outcomes), "run `make conformance`"


@pytest.mark.parametrize("faults", [{}, {"latency_seconds": 0.005, "error_rate": 0.02}], ids=["without", "with faults"])
def test_no_sat_is_lost(tmp_path: Path, faults: dict[str, Any]) -> None:
    conformance.install(tmp_path)
    counted = conformance.count_money(tmp_path, {"faults": faults} if faults else {})
    assert counted["heldSats"] + counted["feeSats"] == counted["fundedSats"]
    assert counted["failed"] < counted["tried"] / 2
