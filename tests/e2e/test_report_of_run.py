"""A real run writes its page at the end."""

import pytest
from playwright.sync_api import expect, sync_playwright
from report_pages import ARGUMENTS, CHROMIUM, data_of, opened, wait_for
from running_exporter import Start

pytestmark = pytest.mark.e2e


def test_a_run_ends_with_its_page(start: Start) -> None:
    running = start(
        "--duration", "15s", "--interval", "0s", "--mem-interval", "1s", "--csv", "out.csv", "--report", "out.html",
        "--run-name", "soak of today",
    )  # fmt: skip
    assert running.finish() == 0, running.output + running.errors
    assert "Page: out.html" in running.output
    path = running.directory / "out.html"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with opened(browser, path) as (page, seen):
            expect(page.locator("h1")).to_have_text("soak of today")
            expect(page.locator(".verdict")).to_contain_text("Inconclusive")
            expect(page.locator(".settings")).to_contain_text("breez-sdk-spark")
            wait_for(page, "uPlot.sync('charts').plots.length > 3")
            latency = next(chart for chart in data_of(page)["charts"] if chart["key"] == "latency")
            assert latency["lines"][0]["name"].startswith("spark: p50 ")
            assert latency["lines"][0]["y"][-1] == 1
            assert seen.console == []
            assert seen.requests == [path.as_uri()]
        browser.close()
