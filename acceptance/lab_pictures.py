"""Takes the pictures of the lab that the documentation shows: ``python -m acceptance.lab_pictures``.

A person looks at them before they are committed: they are not the same to the byte on every machine.
"""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from acceptance.browsing import opened
from acceptance.lab_server import lab

STATIC = Path(__file__).resolve().parent.parent / "docs" / "_static"
WIDTH, HEIGHT = 1280, 860
_PATIENCE_S = 120


def main() -> None:
    """Take all pictures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as profile,
        lab(Path(folder)) as served,
        opened(Path(profile)) as browser,
    ):
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(served.page("", "scenario=dur_03&replications=40"))
        _shown(browser, ".replay svg")
        _take(browser, "lab_play", "h1")
        _take(browser, "lab_replay", "#replay")
        browser.get(served.page("compare", "scenario=dur_03&replications=40&policies=topsis,cheapest,random"))
        _shown(browser, ".js-plotly-plot")
        _take(browser, "lab_compare", "h1")


def _shown(browser: webdriver.Chrome, selector: str) -> None:
    WebDriverWait(browser, _PATIENCE_S).until(lambda _: browser.find_elements(By.CSS_SELECTOR, selector))


def _take(browser: webdriver.Chrome, name: str, at: str) -> None:
    """A picture of the window with that element at its top."""
    element = browser.find_element(By.CSS_SELECTOR, at)
    browser.execute_script("arguments[0].scrollIntoView({block: 'start', behavior: 'instant'})", element)
    WebDriverWait(browser, _PATIENCE_S).until(lambda _: _stands_still(browser))
    data = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
    (STATIC / f"{name}.png").write_bytes(base64.b64decode(data))


def _stands_still(browser: webdriver.Chrome) -> bool:
    """Whether nothing on the page is still being made."""
    return not browser.find_elements(
        By.CSS_SELECTOR, "[data-testid='stSkeleton'], [data-testid='stStatusWidget']"
    )


if __name__ == "__main__":
    main()
