"""What a run shows, values left out, stays word for word; ``python -m tools.golden`` renews it."""

import pytest

from tools.golden import GOLDEN, of_live_run

pytestmark = pytest.mark.e2e

NAMES = sorted(path.relative_to(GOLDEN).as_posix() for path in (GOLDEN / "live").iterdir())


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return of_live_run(tmp_path_factory.mktemp("live"))


@pytest.mark.parametrize("name", NAMES)
def test_a_run_shows_what_the_golden_file_says(name: str, shown: dict[str, str]) -> None:
    assert shown[name] == (GOLDEN / name).read_text("utf-8")


def test_everything_that_a_run_shows_has_a_golden_file(shown: dict[str, str]) -> None:
    assert sorted(shown) == NAMES
