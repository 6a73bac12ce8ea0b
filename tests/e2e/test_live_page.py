"""The live page in a real Chromium."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from accessibility import axe_violations
from driving import Driven, driven_run
from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect, sync_playwright

pytestmark = pytest.mark.e2e

CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 300_000
# No call home, so that every request that is seen is the page's.
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def driven() -> Iterator[Driven]:
    with driven_run() as driven:
        yield driven


class Watched:
    """A page, with everything that it asked for and complained about."""

    def __init__(self, context: BrowserContext, driven: Driven) -> None:
        context.set_default_timeout(PATIENCE_MS)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        context.on("request", lambda request: self.requests.append(request.url))
        self.page = context.new_page()
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(driven.url)

    def points(self, chart: str) -> int:
        return int(self.page.locator(f"#chart-{chart}").get_attribute("data-points") or 0)

    def wait_for_points(self, chart: str, more_than: int) -> None:
        script = "([chart, n]) => Number(document.getElementById(`chart-${chart}`).dataset.points ?? 0) > n"
        self.page.wait_for_function(script, arg=[chart, more_than])


@pytest.fixture
def watched(browser: Browser, driven: Driven) -> Iterator[Watched]:
    context = browser.new_context()
    watched = Watched(context, driven)
    yield watched
    assert watched.complaints == []
    assert [url for url in watched.requests if not url.startswith(driven.url + "/")] == []
    assert watched.requests
    context.close()


@pytest.fixture
def page(watched: Watched) -> Page:
    expect(watched.page.locator("#link")).to_have_attribute("data-state", "live")
    return watched.page


@pytest.mark.parametrize("chart", ["rss", "heap", "payments"])
def test_chart_has_points_and_they_grow(watched: Watched, chart: str) -> None:
    watched.wait_for_points(chart, 1)
    watched.wait_for_points(chart, watched.points(chart) + 2)


def test_chart_is_drawn(watched: Watched) -> None:
    watched.wait_for_points("rss", 2)
    painted = """() => {
        const canvas = document.querySelector("#chart-rss canvas");
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        const colours = new Set();
        for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] > 200) colours.add(pixels.slice(i, i + 3).join());
        return colours.size;
    }"""
    assert watched.page.evaluate(painted) > 2


def tile(page: Page, name: str) -> Locator:
    return page.locator(".tile").filter(has=page.locator("dt", has_text=re.compile(f"^{name}$")))


def resident_mib(page: Page) -> float:
    return float((tile(page, "Resident memory").locator(".value").text_content() or "0").split()[0])


def test_memory_that_grows_is_seen_to_grow(page: Page, driven: Driven) -> None:
    before = resident_mib(page)
    driven.tell(ballast_mib=60)
    page.wait_for_function(
        "(least) => parseFloat(document.querySelector('.tile .value').textContent) > least", arg=before + 50
    )
    label = page.locator("#chart-rss .plot").get_attribute("aria-label") or ""
    assert "Resident memory at" in label


def test_payments_and_failures_follow(page: Page, driven: Driven) -> None:
    driven.tell(payments=1234, failures=2)
    expect(tile(page, "Payments").locator(".value")).to_have_text("1,234")
    expect(tile(page, "Failures").locator(".value")).to_have_text("2")
    expect(tile(page, "Latency, median")).to_contain_text("ms")


def test_verdict_changes_with_its_reason(page: Page, driven: Driven) -> None:
    expect(page.locator("#verdict-text")).to_have_text("No verdict yet")
    for verdict, shown in (("inconclusive", "Inconclusive"), ("no leak", "No leak"), ("leak", "Leak")):
        driven.tell(verdict=verdict, reason=f"Because of {verdict}.")
        expect(page.locator("#verdict-text")).to_have_text(shown)
        expect(page.locator("#verdict-reason")).to_have_text(f"Because of {verdict}.")
        expect(page).to_have_title(f"{shown} · driven")


def test_says_what_runs_and_how_long_still(page: Page) -> None:
    expect(page.locator("h1")).to_have_text("driven")
    expect(page.locator("#what")).to_have_text("breez-sdk-spark 0.27.2")
    expect(page.locator("#phase")).to_have_text("Under load")
    expect(page.locator("#left")).to_have_text(re.compile(r"^9 min \d+ s left$"))
    expect(page.locator("#since")).to_contain_text("under load since")


def test_end_of_the_run_and_of_the_exporter(browser: Browser, driven: Driven) -> None:
    watched = Watched(browser.new_context(), driven)
    expect(watched.page.locator("#link")).to_have_text("live")
    driven.tell(finished=True, phase="stopped")
    expect(watched.page.locator("#phase")).to_have_text("Finished")
    driven.kill()
    expect(watched.page.locator("#link")).to_have_text("exporter has ended")
    assert [text for text in watched.complaints if "ERR_CONNECTION_REFUSED" not in text] == []
    watched.page.context.close()


def test_connection_that_is_lost_is_said_to_be(browser: Browser, driven: Driven) -> None:
    watched = Watched(browser.new_context(), driven)
    expect(watched.page.locator("#link")).to_have_text("live")
    driven.kill()
    expect(watched.page.locator("#link")).to_contain_text("connection lost")
    watched.page.context.close()


def test_names_are_text_and_never_markup(page: Page, driven: Driven) -> None:
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    driven.tell(name=hostile, verdict="leak", reason=hostile)
    expect(page.locator("h1")).to_have_text(hostile)
    expect(page.locator("#verdict-reason")).to_have_text(f"{hostile}.")


def test_chart_is_read_with_arrow_keys(watched: Watched, page: Page) -> None:
    watched.wait_for_points("rss", 3)
    page.locator("#chart-rss .plot").focus()
    page.keyboard.press("Home")
    first = page.locator("#announcement").text_content()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#announcement")).not_to_have_text(first or "")
    expect(page.locator("#announcement")).to_contain_text("Resident")


def test_linked_cursors_come_and_go_together(watched: Watched, page: Page) -> None:
    for chart in ("rss", "heap"):
        watched.wait_for_points(chart, 3)
    page.locator("#chart-rss .plot").focus()
    page.keyboard.press("End")
    page.keyboard.press("PageUp")
    placed = "uPlot.sync('charts').plots.map((plot) => plot.cursor.left >= 0)"
    assert page.evaluate(placed) == [True, True, True]
    page.keyboard.press("Escape")
    assert page.evaluate(placed) == [False, False, False]


def test_everything_is_reached_by_tab(page: Page) -> None:
    reached = []
    for _ in range(9):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(e => e.id || e.className || e.textContent)(document.activeElement)"))
    assert reached[0] == "skip"
    assert reached.index("from-zero") < reached.index("plot")
    assert reached.count("plot") == 3
    assert reached[-3:] == ["Metrics", "Run as JSON", "History as JSON"]


def test_axes_from_zero_on_request(watched: Watched, page: Page) -> None:
    watched.wait_for_points("rss", 2)
    page.get_by_label("Axes from zero").check()
    expect(page.locator("#chart-rss canvas")).to_be_visible()
    watched.wait_for_points("rss", watched.points("rss"))


def test_table_says_the_same(watched: Watched, page: Page) -> None:
    watched.wait_for_points("rss", 2)
    page.get_by_text("The same as a table").click()
    expect(page.locator("#table tr").first).to_contain_text("MiB")


def test_parts_have_names_for_screen_readers(page: Page) -> None:
    expect(page.get_by_role("progressbar", name="Under load")).to_be_attached()
    expect(page.get_by_role("heading", level=1)).to_have_text("driven")
    for name in ("Verdict and progress", "Over time", "Details"):
        expect(page.get_by_role("region", name=name)).to_be_attached()
    assert page.locator("html").get_attribute("lang") == "en"
    levels = [int(tag[1]) for tag in page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => h.tagName)")]
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_is_wider_than_a_phone(browser: Browser, driven: Driven, width: int) -> None:
    watched = Watched(browser.new_context(viewport={"width": width, "height": 800}), driven)
    watched.wait_for_points("heap", 1)
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    watched.page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(browser: Browser, driven: Driven, scheme: str, width: int) -> None:
    size: ViewportSize = {"width": width, "height": 800}
    context = browser.new_context(viewport=size, color_scheme="dark" if scheme == "dark" else "light")
    watched = Watched(context, driven)
    watched.wait_for_points("rss", 1)
    watched.page.get_by_text("The same as a table").click()
    assert axe_violations(watched.page) == []
    context.close()


CONTRAST = """([front, back]) => {
    const style = getComputedStyle(document.documentElement);
    const luminance = (name) => {
        const hex = style.getPropertyValue(`--${name}`).trim().slice(1);
        const full = hex.length === 3 ? [...hex].map((c) => c + c).join("") : hex;
        const [r, g, b] = full.match(/../g).map((pair) => parseInt(pair, 16) / 255)
            .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const [a, b] = [luminance(front), luminance(back)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
}"""
TEXT_PAIRS = [
    ("text", "page"), ("text", "card"), ("quiet", "card"), ("quiet", "page"), ("accent", "page"), ("fail", "card"),
    ("good", "good-back"), ("bad", "bad-back"), ("unsure", "unsure-back"), ("text", "bad-back"),
]  # fmt: skip
LINES = ["rss", "heap", "settled", "pay"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough_in_both_schemes(browser: Browser, driven: Driven, scheme: str) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = Watched(context, driven).page
    weak = {pair: ratio for pair in TEXT_PAIRS if (ratio := page.evaluate(CONTRAST, list(pair))) < 4.5}
    faint = {line: ratio for line in LINES if (ratio := page.evaluate(CONTRAST, [line, "card"])) < 3}
    assert (weak, faint) == ({}, {})
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 16, 23)"
    assert dark == (scheme == "dark")
    context.close()
