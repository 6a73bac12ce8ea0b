"""The documentation site builds without a warning, with every page in its navigation."""

from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a warning fails it."""
    directory = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        config = load_config(str(ROOT / "mkdocs.yml"), site_dir=str(directory))
        config.plugins.run_event("startup", command="build", dirty=False)
        build(config)
    return directory


def test_every_page_is_there(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    built = [site / (page.parent if page.stem == "index" else page.with_suffix("")) / "index.html" for page in pages]
    assert [str(page) for page in built if not page.exists()] == []
    assert "<title>exporter</title>" in (site / "index.html").read_text()


def test_links_between_the_pages_and_those_beside_them_lead_there(site: Path) -> None:
    assert 'href="../SECURITY/"' in (site / "security" / "index.html").read_text()
    assert 'href="verdict/"' in (site / "index.html").read_text()


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    text = (site / "index.html").read_text()
    assert "fonts.googleapis.com" not in text
    assert 'src="http' not in text
