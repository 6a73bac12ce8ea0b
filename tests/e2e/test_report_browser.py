"""The report's page in a real Chromium: what is drawn, what can be done with it, and what it must not do."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from accessibility import axe_violations
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, expect, sync_playwright
from report_pages import ARGUMENTS, CHROMIUM, Seen, data_of, inked, opened, plot_of, plots, wait_for, write_run

from exporter.analysis.series import read_csv
from exporter.cli.plot import command
from exporter.record.state import Histogram
from exporter.report.page import write_report
from exporter.report.runs import ReportRun

pytestmark = pytest.mark.e2e

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \"'`${1}&amp; v0.5.2 😀"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def leaking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "leaking.csv", leak_kib_per_min=400)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "clean.csv", seed=2)


@pytest.fixture(scope="module")
def single(leaking: Path) -> Path:
    """One run, as the run itself writes it: with settings and latency."""
    latency = Histogram()
    for seconds in [0.07] * 90 + [0.4] * 10:
        latency.observe(seconds)
    path = leaking.with_name("single.html")
    settings = {"duration": "30m", "payment-type": "spark"}
    write_report(
        path, [ReportRun("leaking", read_csv(leaking), settings=settings, latency_seconds={"spark": latency})], "One"
    )
    return path


@pytest.fixture(scope="module")
def several(leaking: Path, clean: Path) -> Path:
    path = leaking.with_name("several.html")
    result = CliRunner().invoke(command, ["--compare", f"v0.5.2:{leaking}", f"clean twin:{clean}", "-o", str(path)])
    assert result.exception is None or result.exit_code == 0
    return path


def assert_well_behaved(seen: Seen, path: Path) -> None:
    assert seen.console == []
    assert seen.dialogs == []
    assert seen.requests == [path.as_uri()]


@pytest.mark.parametrize("name", ["single", "several"])
def test_every_chart_has_the_points_of_its_data(name: str, browser: Browser, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(name)
    with opened(browser, path) as (page, seen):
        page.uncheck("input[name=fits]", force=True)
        charts = data_of(page)["charts"]
        linked = {chart["key"]: chart for chart in charts if chart["axis"] == "time"}
        drawn = {plot["key"]: plot for plot in plots(page)}
        assert drawn.keys() == linked.keys()
        for key, chart in linked.items():
            values = [[value for value in line["y"] if value is not None] for line in chart["lines"]]
            assert drawn[key]["series"] == values
            assert all(len(line) > 1 for line in values)
        assert all(inked(page, chart["key"]) > 300 for chart in charts)
        assert_well_behaved(seen, path)


def test_the_drawn_points_are_those_of_the_csv(browser: Browser, single: Path, leaking: Path) -> None:
    with leaking.open() as stream:
        rows = list(csv.DictReader(stream))
    with opened(browser, single) as (page, _):
        line = next(chart for chart in data_of(page)["charts"] if chart["key"] == "rss_bytes")["lines"][0]
        assert line["y"] == [int(row["rss_bytes"]) for row in rows]
        assert line["t"] == [int(row["elapsed_sec"]) for row in rows]


def test_the_verdict_comes_first(browser: Browser, single: Path, several: Path) -> None:
    with opened(browser, single) as (page, _):
        expect(page.locator("h2").first).to_contain_text("Leak: ")
        expect(page.locator("h2").first).to_be_in_viewport()
        page.locator(".settings summary").click()
        expect(page.locator(".settings")).to_contain_text("payment-type")
    with opened(browser, several) as (page, _):
        expect(page.locator("h2").first).to_contain_text("“v0.5.2” grows")
        expect(page.locator(".lead")).to_have_text("The difference is in the native heap.")
        expect(page.locator(".badge")).to_have_text(["leak", "no leak"])


@pytest.mark.parametrize("name", ["single", "several"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_in_dark_and_in_light(
    name: str, width: int, browser: Browser, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(name)
    with opened(browser, path, width=width) as (page, seen):
        page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
        assert axe_violations(page) == []
        page.click("#theme")
        assert page.evaluate("document.documentElement.dataset.theme") == "light"
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert seen.console == []


def test_dark_is_the_default_and_the_charts_follow_the_switch(browser: Browser, single: Path) -> None:
    def background(page: Page) -> str:
        colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return colour

    def stroke(page: Page) -> str:
        colour: str = page.evaluate("uPlot.sync('charts').plots[0].series[1].stroke()")
        return colour

    with opened(browser, single) as (page, _):
        dark = background(page), stroke(page)
        page.click("#theme")
        light = background(page), stroke(page)
        assert dark[0] != light[0]
        assert dark[1] != light[1]
        page.click("#theme")
        assert (background(page), stroke(page)) == dark


def test_zoom_and_hover_are_linked(browser: Browser, several: Path) -> None:
    with opened(browser, several) as (page, _):
        box = page.locator("#chart-rss_bytes .u-over").bounding_box()
        assert box is not None
        middle = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] * 0.25, middle)
        assert all(plot["cursor"] > 0 for plot in plots(page))
        whole = plot_of(page, "rss_bytes")["range"]
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=4)
        page.mouse.up()
        wait_for(page, "uPlot.sync('charts').plots.every((plot) => plot.scales.x.max < 1000)")
        ranges = {tuple(plot["range"]) for plot in plots(page)}
        assert len(ranges) == 1
        low, high = ranges.pop()
        assert low == pytest.approx(450, abs=20)
        assert high == pytest.approx(900, abs=20)
        page.click("[data-zoom=right]")
        wait_for(page, "uPlot.sync('charts').plots.every((plot) => plot.scales.x.max > 1000)")
        page.click("[data-zoom=all]")
        wait_for(page, "uPlot.sync('charts').plots.every((plot) => plot.scales.x.min === 0)")
        assert plot_of(page, "rss_bytes")["range"] == whole


@pytest.mark.parametrize("name", ["single", "several"])
def test_no_row_of_the_parts_is_out_of_sight(name: str, browser: Browser, request: pytest.FixtureRequest) -> None:
    with opened(browser, request.getfixturevalue(name)) as (page, _):
        tables = page.locator("[aria-labelledby=growth-title] .scroll")
        assert tables.count() > 0
        assert all(table.evaluate("(e) => e.scrollHeight <= e.clientHeight") for table in tables.all())


def test_a_run_can_be_hidden(browser: Browser, several: Path) -> None:
    with opened(browser, several) as (page, _):
        page.uncheck("input[name=fits]", force=True)
        before = plot_of(page, "rss_bytes")["series"]
        page.uncheck("input[name=run][value='0']")
        assert plot_of(page, "rss_bytes")["series"] == before[1:]
        page.uncheck("input[name=run][value='1']")
        expect(page.locator("#chart-rss_bytes .empty")).to_be_visible()
        page.check("input[name=run][value='0']")
        assert plot_of(page, "rss_bytes")["series"] == before[:1]


def test_runs_can_be_aligned_at_their_start_and_drawn_by_payments(browser: Browser, several: Path) -> None:
    with opened(browser, several) as (page, seen):
        page.check("[value=aligned]", force=True)
        assert [line[0] for line in plot_of(page, "rss_bytes")["series"][::3]] == [0, 0]
        page.check("[value=payments]", force=True)
        low, high = plot_of(page, "rss_bytes")["range"]
        assert low == pytest.approx(0, abs=1)
        assert high == pytest.approx(360, abs=1)
        assert seen.console == []


def test_floors_fit_and_marks_can_be_switched_off(browser: Browser, single: Path) -> None:
    with opened(browser, single) as (page, _):
        assert len(plot_of(page, "rss_bytes")["series"]) == 3
        expect(page.locator("#phases")).to_contain_text("running")
        page.uncheck("[name=marks]")
        expect(page.locator("#phases")).to_be_hidden()
        page.uncheck("[name=fits]")
        assert len(plot_of(page, "rss_bytes")["series"]) == 1


def test_a_chart_is_read_and_zoomed_by_keys(browser: Browser, single: Path) -> None:
    with opened(browser, single) as (page, _):
        page.locator("#chart-rss_bytes .plot").focus()
        page.keyboard.press("End")
        expect(page.locator("#announcement")).to_contain_text("at 29 min")
        expect(page.locator("#announcement")).to_contain_text("leaking 71")
        page.keyboard.press("+")
        wait_for(page, "uPlot.sync('charts').plots.every((plot) => plot.scales.x.min > 800)")
        page.keyboard.press("Escape")
        wait_for(page, "uPlot.sync('charts').plots.every((plot) => plot.scales.x.min === 0)")


def test_the_data_of_a_chart_can_be_downloaded(browser: Browser, several: Path, tmp_path: Path) -> None:
    with opened(browser, several) as (page, _):
        with page.expect_download() as waiting:
            page.click("[data-download=rss_bytes]")
        waiting.value.save_as(tmp_path / "rss.csv")
        charts = data_of(page)["charts"]
    with (tmp_path / "rss.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    lines = next(chart for chart in charts if chart["key"] == "rss_bytes")["lines"]
    assert [int(row["rss_bytes"]) for row in rows] == [value for line in lines for value in line["y"]]
    assert {row["run"] for row in rows} == {"v0.5.2", "clean twin"}
    assert rows[-1]["payments"] == "360"


def test_labels_and_titles_are_text_and_nothing_else(
    browser: Browser, leaking: Path, clean: Path, tmp_path: Path
) -> None:
    path = tmp_path / "hostile.html"
    runs = [ReportRun(HOSTILE, read_csv(leaking), settings={HOSTILE: HOSTILE}), ReportRun("x" * 300, read_csv(clean))]
    write_report(path, runs, HOSTILE)
    with opened(browser, path) as (page, seen):
        expect(page.locator("h1")).to_have_text(HOSTILE)
        assert page.title() == HOSTILE
        expect(page.locator(".run bdi").first).to_have_text(HOSTILE)
        expect(page.locator("#chart-rss_bytes .legend .name").first).to_have_text(HOSTILE)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert_well_behaved(seen, path)


def test_paper_is_white_and_has_no_controls(browser: Browser, single: Path) -> None:
    with opened(browser, single) as (page, _):
        page.emulate_media(media="print")
        wait_for(page, "document.documentElement.dataset.theme === 'light'")
        expect(page.locator("#toolbar")).to_be_hidden()
        expect(page.locator(".settings dl")).to_be_visible()
        page.emulate_media(media="screen")
        wait_for(page, "document.documentElement.dataset.theme === 'dark'")
        expect(page.locator("#toolbar")).to_be_visible()


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_a_run_of_hardly_any_sample_has_a_page(rows: int, browser: Browser, leaking: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.csv"
    short.write_text("".join(leaking.read_text().splitlines(keepends=True)[: rows + 1]))
    path = tmp_path / "short.html"
    write_report(path, [ReportRun("short", read_csv(short))], "Short")
    with opened(browser, path) as (page, seen):
        expect(page.locator("h2").first).to_contain_text("Inconclusive")
        assert len(plots(page)) == len([chart for chart in data_of(page)["charts"] if chart["axis"] == "time"])
        assert rows == 0 or plot_of(page, "rss_bytes")["series"][0] != []
        assert axe_violations(page) == []
        assert_well_behaved(seen, path)


def test_twenty_runs_fit_on_a_page(browser: Browser, leaking: Path, tmp_path: Path) -> None:
    series = read_csv(leaking)
    path = tmp_path / "twenty.html"
    write_report(path, [ReportRun(f"run {number}", series) for number in range(20)], "Twenty")
    with opened(browser, path) as (page, seen):
        assert len(plot_of(page, "rss_bytes")["series"]) == 20
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert_well_behaved(seen, path)
