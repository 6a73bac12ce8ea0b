"""The glossary has every state's word, and names nothing that there is not."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from exporter.analysis.series import FOREIGN_COLUMNS
from exporter.record.sample import Sample
from exporter.record.terms import Phase, Verdict

PAGE = (Path(__file__).parents[3] / "docs" / "glossary.md").read_text("utf-8")
COLUMNS = {field.name for field in fields(Sample)} | set(FOREIGN_COLUMNS)


@pytest.mark.parametrize("state", [*Phase, *Verdict])
def test_every_state_is_in_the_glossary(state: Phase | Verdict) -> None:
    assert f"`{state}`" in PAGE


def test_every_column_of_the_glossary_is_one() -> None:
    named = set(re.findall(r"`(\w+_bytes|\w+_phase|settled|trimmed|phase|reconnects|\w+_instances)`", PAGE))
    assert len(named) > 5
    assert named <= COLUMNS | {"memtest_phase"}
