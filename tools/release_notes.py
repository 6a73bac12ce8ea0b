"""Print what the changelog says of a release: ``python -m tools.release_notes 1.2.3``."""

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def releases(changelog: str) -> dict[str, str]:
    """The text on each release by its version, ``Unreleased`` among them, as the changelog orders them."""
    _, *parts = _HEADING.split(changelog)
    return {head.split(" - ")[0]: text.strip() for head, text in zip(parts[::2], parts[1::2], strict=True)}


def main() -> None:
    """Print the notes; without any, say so and end with 1."""
    (version,) = sys.argv[1:]
    notes = releases(CHANGELOG.read_text("utf-8")).get(version)
    if not notes:
        sys.exit(f"CHANGELOG.md says nothing of {version}: rename its section Unreleased to '{version} - YYYY-MM-DD'")
    print(notes)


if __name__ == "__main__":
    main()
