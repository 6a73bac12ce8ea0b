"""The pages keep to one word for each thing, and to sentences that read at once."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
# What to write instead; the words of the glossary are among them.
INSTEAD = {
    r"\btells?\b[^.,;:|`]{1,50}\bfrom\b": "distinguishes … from",
    r"\bsays? so\b": "states, reports, warns",
    r"\btells? of\b": "reports",
    r"\b(?:is|are) said\b": "is stated, is reported",
    r"\bnot at once\b": "a moment later",
    r"\bRAM usage\b|\bmemory (?:usage|consumption|footprint)\b": "resident memory, or a heap",
    r"\bdata ?points?\b|\bmeasurement points?\b": "sample",
    r"\bworkload\b(?!/|`)": "load",
    r"\btest subject\b|\bsystem under test\b": "subject",
    r"\bmemory dumps?\b": "heap dump",
    r"\bzombie|\borphaned instances?\b|\bleaked instances?\b": "abandoned instance",
}
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def prose_of(page: Path) -> str:
    return " ".join(_CODE.sub("`", page.read_text("utf-8")).split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_words_are_the_glossarys(page: Path) -> None:
    prose = prose_of(page)
    found = {
        prose[max(match.start() - 30, 0) : match.end() + 20]: f"write: {instead}"
        for pattern, instead in INSTEAD.items()
        for match in re.finditer(pattern, prose, re.IGNORECASE)
    }
    assert found == {}


def test_every_word_of_the_glossary_is_used_elsewhere() -> None:
    rows = re.findall(r"^\| (\*\*.+?) \|", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    words = [word for row in rows for word in re.findall(r"\*\*(.+?)\*\*", row)]
    assert len(words) > 25
    elsewhere = " ".join(" ".join(page.read_text().split()) for page in PAGES if page.stem != "glossary").lower()
    assert [word for word in words if not re.search(word.replace(" ", "[ _]"), elsewhere)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_begins_with_its_title(page: Path) -> None:
    assert re.match(r"# \S.*\n\n\S", page.read_text("utf-8"))
