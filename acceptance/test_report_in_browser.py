"""The HTML report as its readers meet it: in a browser, without a network."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from acceptance.browsing import forget, one, requested, resize
from coalesce_sim.metrics import describe
from coalesce_sim.report.html.writing import write_report
from coalesce_sim.sweeps.running import sweep

OUTSOURCED = describe("outsourcing_rate")
HOSTILE = "</script><script>window.hacked = true; alert(1)</script><img src=x onerror='window.hacked = true'>"
SWEEP = {
    "name": "small",
    "title": "What exploration is worth",
    "base": "dur_03",
    "set": {"clock.days": 1},
    "factors": {
        "policy.epsilon": [0, 0.1, 0.3],
        "skills.threshold": {"alternatives": {"low": 0.5, HOSTILE: 0.7}},
    },
    "replications": 4,
}
OUR_OWN = ("file:", "data:", "blob:")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a small sweep, played for it."""
    folder = tmp_path_factory.mktemp("sweep")
    sweep(SWEEP, out=folder, jobs=1)
    return write_report(folder, metrics=("cost_reduction", "outsourcing_rate"), title=HOSTILE).path


@pytest.fixture
def page(browser: webdriver.Chrome, report: Path) -> Iterator[webdriver.Chrome]:
    """The report, just opened at 1200 × 900 and drawn; logs begin with it."""
    resize(browser, 1200)
    browser.get("about:blank")
    forget(browser)
    browser.get(report.as_uri())
    WebDriverWait(browser, 15).until(lambda _: browser.find_elements(By.CSS_SELECTOR, ".plot > svg"))
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def column(browser: webdriver.Chrome, index: int) -> list[float]:
    """The numbers in a column of the table of design points, from the top."""
    cells = browser.find_elements(By.CSS_SELECTOR, f"#results table tbody td:nth-child({index + 1})")
    rows = browser.find_elements(By.CSS_SELECTOR, "#results .table-box:first-of-type tbody tr")
    return [float(cell.text.split(" ")[0].replace("−", "-")) for cell in cells[: len(rows)]]


def test_curves_are_drawn_a_line_and_a_band_for_each_level(page: webdriver.Chrome):
    drawn = {
        kind: len(page.find_elements(By.CSS_SELECTOR, f".plot .{kind}")) for kind in ("line", "band", "point")
    }
    assert drawn == {"line": 2, "band": 2, "point": 6}
    assert "Cost reduction" in one(page, "figcaption").text


def test_a_curve_goes_through_its_values(page: webdriver.Chrome):
    """Places within the drawing follow the values in proportion, down the page as they fall."""
    values = page.execute_script("return JSON.parse(document.getElementById('charts').textContent)[0]")
    means = [values["figures"][0]["mean"][k] for k in range(6) if values["codes"][1][k] == 0]
    points = page.find_elements(By.CSS_SELECTOR, ".plot .point")[:3]
    heights = [float(each.get_attribute("cy") or "nan") for each in points]
    pixels_a_point = (heights[0] - heights[1]) / (means[1] - means[0])
    assert heights[0] - heights[2] == pytest.approx(pixels_a_point * (means[2] - means[0]), abs=0.5)
    assert (heights[1] < heights[0]) == (means[1] > means[0])


def test_no_request_leaves_the_page_and_the_console_stays_empty(page: webdriver.Chrome):
    for summary in page.find_elements(By.TAG_NAME, "summary"):
        summary.click()
    Select(one(page, ".controls select")).select_by_visible_text(OUTSOURCED.label)
    addresses = requested(page)
    assert addresses, "the log of the network is empty: it would not show a request"
    assert [each for each in addresses if not each.startswith(OUR_OWN)] == []
    assert page.get_log("browser") == []


def test_a_request_would_have_been_seen(browser: webdriver.Chrome, tmp_path: Path):
    (tmp_path / "other.html").write_text("<!DOCTYPE html><img src='http://127.0.0.1:9/picture.png'>")
    browser.get((tmp_path / "other.html").as_uri())
    assert "http://127.0.0.1:9/picture.png" in requested(browser)


def test_the_page_may_not_ask_the_network(page: webdriver.Chrome):
    refused = "fetch('http://127.0.0.1:9/').then(() => arguments[0]('asked'), (e) => arguments[0](e.name))"
    violations = (
        "const done = arguments[0]; document.addEventListener('securitypolicyviolation', "
        "(event) => done(event.effectiveDirective)); fetch('http://127.0.0.1:9/').catch(() => {});"
    )
    assert page.execute_async_script(refused) == "TypeError"
    assert page.execute_async_script(violations) == "connect-src"


def test_a_point_tells_its_value(page: webdriver.Chrome):
    point = one(page, ".plot .point")
    page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", point)
    ActionChains(page).move_to_element(point).perform()
    label = WebDriverWait(page, 5).until(lambda _: one(page, ".tip").text)
    drawn = page.execute_script(
        "return JSON.parse(document.getElementById('charts').textContent)[0].figures[0].mean[0]"
    )
    told = re.search(r"([−\d.,]+) %", label.replace("\u00a0", " "))
    assert told is not None
    assert float(told[1].replace("−", "-")) == pytest.approx(drawn, rel=1e-3)
    assert "95 % interval" in label
    assert "n = 4" in label


def test_another_metric_and_another_axis_can_be_chosen(page: webdriver.Chrome):
    Select(one(page, ".controls select")).select_by_visible_text(OUTSOURCED.label)
    assert OUTSOURCED.axis in one(page, ".plot .ytitle").text
    Select(page.find_elements(By.CSS_SELECTOR, ".controls select")[1]).select_by_visible_text(
        "skill threshold"
    )
    names = [each.text for each in page.find_elements(By.CSS_SELECTOR, ".plot .legend span")]
    assert names == ["0", "0.1", "0.3"]
    assert "against skill threshold" in one(page, "figcaption").text


def test_a_click_on_a_head_sorts_and_another_reverses(page: webdriver.Chrome):
    heads = page.find_elements(By.CSS_SELECTOR, "#results .table-box:first-of-type th")
    cost = 2
    assert heads[cost].get_attribute("aria-sort") == "descending"
    came = column(page, cost)
    # Sorted by the means themselves; each is printed to as many digits as are known of it.
    assert all(one >= other - 0.5 for one, other in pairwise(came))
    assert len(set(came)) > 1
    button = heads[cost].find_element(By.TAG_NAME, "button")
    button.click()
    assert column(page, cost) == came[::-1]
    assert heads[cost].get_attribute("aria-sort") == "ascending"
    button.send_keys(Keys.ENTER)
    assert column(page, cost) == came
    heads[0].find_element(By.TAG_NAME, "button").click()
    assert column(page, 0) == [0, 0, 0.1, 0.1, 0.3, 0.3]
    assert heads[cost].get_attribute("aria-sort") == "none"


@pytest.mark.parametrize("width", [1400, 1366, 400])
def test_nothing_but_tables_scrolls_sideways(page: webdriver.Chrome, width: int):
    resize(page, width)
    page.refresh()
    WebDriverWait(page, 15).until(lambda _: page.find_elements(By.CSS_SELECTOR, ".plot > svg"))
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    wide = page.execute_script(
        "return [...document.querySelectorAll('body *')].filter((each) => !each.closest('.table-box, pre, "
        "select') && each.getBoundingClientRect().right > arguments[0] + 1).map((each) => each.outerHTML)",
        width,
    )
    assert wide == []
    cut = page.execute_script(
        "return [...document.querySelectorAll('.table-box')].filter((each) => each.scrollWidth > "
        "each.clientWidth).map((each) => each.ariaLabel)"
    )
    assert width == 400 or cut == []


def test_it_prints_on_pages_with_the_curves_and_without_controls(page: webdriver.Chrome):
    printed = page.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    content = base64.b64decode(printed["data"])
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) > 1
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    shown = {name: one(page, name).is_displayed() for name in (".controls", ".plot svg", "nav", "h1")}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert shown == {".controls": False, ".plot svg": True, "nav": False, "h1": True}


def test_hostile_texts_are_shown_as_they_are(page: webdriver.Chrome):
    assert one(page, "h1").text == HOSTILE
    assert page.title == HOSTILE
    assert page.execute_script("return window.hacked") is None
    assert HOSTILE in one(page, "#results").text
    legend = "".join(each.text for each in page.find_elements(By.CSS_SELECTOR, ".plot .legend"))
    assert "<script>" in legend
    assert page.find_elements(By.CSS_SELECTOR, "img[src='x']") == []
