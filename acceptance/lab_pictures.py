"""Takes the pictures of the lab that the documentation shows: ``python -m acceptance.lab_pictures``.

A person looks at them before they are committed: they are not the same to the byte on every machine.
"""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path

from acceptance.browsing import opened
from acceptance.lab_page import Page, Picture
from acceptance.lab_server import lab

STATIC = Path(__file__).resolve().parent.parent / "docs" / "_static"
WIDTH, HEIGHT = 1400, 1000
DIFFERENCES = "replications=40&scenario=dur_03&policy=topsis&policy=cheapest&policy=random"


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
        page = Page(browser)
        page.open(served.page("", "scenario=dur_03&replications=40"))
        Picture(page)
        _take(page, "lab_play", "h1")
        page.open(served.page("", "scenario=market_day&replications=10"))
        Picture(page)
        _take(page, "lab_replay", "#replay")
        page.open(served.page("compare", DIFFERENCES))
        _take(page, "lab_compare", ".lab-answer")


def _take(page: Page, name: str, at: str) -> None:
    """A picture of the window with that element at its top."""
    page.browser.execute_script(
        "arguments[0].scrollIntoView({block: 'start', behavior: 'instant'})", page.one(at)
    )
    page.settled()
    data = page.browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
    (STATIC / f"{name}.png").write_bytes(base64.b64decode(data))


if __name__ == "__main__":
    main()
