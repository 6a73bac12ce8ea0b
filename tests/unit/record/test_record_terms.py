"""The glossary has every state's word, and names nothing that there is not."""

import re
from pathlib import Path

import pytest

from exporter.record.columns import BY_NAME
from exporter.record.terms import Phase, Verdict

PAGE = (Path(__file__).parents[3] / "docs" / "glossary.md").read_text("utf-8")


@pytest.mark.parametrize("state", [*Phase, *Verdict])
def test_every_state_is_in_the_glossary(state: Phase | Verdict) -> None:
    assert f"`{state}`" in PAGE


def test_every_column_of_the_glossary_is_one() -> None:
    named = set(re.findall(r"`(\w+_bytes|\w+_phase|settled|trimmed|phase|reconnects|\w+_instances)`", PAGE))
    assert len(named) > 5
    assert named <= BY_NAME.keys() | {"memtest_phase"}
