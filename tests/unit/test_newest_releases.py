"""What is said when a registry serves a newer SDK than a driver takes."""

import pytest

from tools.newest_releases import taken


@pytest.mark.parametrize("index", range(5))
def test_a_newer_release_is_said_with_the_file_to_change(index: int) -> None:
    each = taken()[index]
    complaint = each.complaint("99.0.0")
    assert complaint is not None
    assert complaint.startswith(f"{each.package} 99.0.0 is out, and ")
    assert each.file.name in complaint


def test_a_release_that_is_taken_is_not() -> None:
    python, *others = taken()
    assert python.complaint("0.27.2") is None
    assert [each.complaint(each.release) for each in others] == [None] * 4
