"""Hooks of MkDocs: the pages beside docs/ belong to the site too, and links between them and docs/ lead there."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
BESIDE = ("README.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages beside docs/; README.md is the first page."""
    for name in BESIDE:
        text = (ROOT / name).read_text("utf-8").replace("](docs/", "](")
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Have links that lead out of docs/ lead to where those pages are in the site."""
    up = "../" * page.file.src_uri.count("/")
    for name in BESIDE:
        markdown = markdown.replace(f"]({up}../{name}", f"]({up}{name}")
    return markdown
