"""Runbook: what each alert means and what to do, where the alerts' links lead when no other page is named."""

import re
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard, text
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.text import TextMode

from tools.dashboards.frame import TAG, finished

UID = "memtest-runbook"
PAGE = Path(__file__).parents[2] / "docs" / "runbook.md"


def build() -> models.Dashboard:
    built = (
        dashboard.Dashboard("Runbook")
        .uid(UID)
        .description("What each alert means, how to look, and what to do.")
        .tags([TAG])
        .readonly()
    )
    for title, section in sections(PAGE.read_text()):
        built = built.with_panel(
            text.Panel()
            .title(title)
            .description(f"The runbook's section on {title}.")
            .span(12)
            .height(9)
            .mode(TextMode.MARKDOWN)
            .content(section)
        )
    return finished(built)


def sections(page: str) -> list[tuple[str, str]]:
    """Title and text of each section of the page."""
    found = re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return [(title, body.strip()) for title, body in found]
