"""The official client, whole and with its defaults, on the local network: what it does is what docs/network.md says."""

from pathlib import Path

import pytest

from tools import conformance

pytestmark = [pytest.mark.e2e, pytest.mark.system]


def test_every_operation_ends_as_the_page_says(tmp_path: Path) -> None:
    outcomes = conformance.run(tmp_path)
    assert [each for each in outcomes if each.outcome in ("hangs", "differs")] == []
    assert conformance.documented() == conformance.table(outcomes), "run `make conformance`"
