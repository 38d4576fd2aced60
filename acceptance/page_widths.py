"""Whether the documentation's pages fit a laptop and a phone: ``python -m acceptance.page_widths SITE``.

What is wide, a table or a terminal's output, is to scroll in its own box, and the page never sideways. Names
each page that does, with how wide it is; exit code 1 if any does.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

WIDTHS_PX = (1366, 400)
_MEASURE = "return [document.documentElement.scrollWidth, window.innerWidth]"


def too_wide(site: Path, width_px: int) -> Iterator[str]:
    """The pages of a site that scroll sideways in a window of a width."""
    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-background-networking"):
        options.add_argument(flag)
    screen = {"width": width_px, "height": 800, "pixelRatio": 1.0}
    options.add_experimental_option("mobileEmulation", {"deviceMetrics": screen})
    options.binary_location = shutil.which("chromium") or ""
    with webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver"))) as browser:
        for page in sorted(site.rglob("*.html")):
            browser.get(page.resolve().as_uri())
            needed_px, given_px = browser.execute_script(_MEASURE)
            if needed_px > given_px:
                yield f"{page.relative_to(site)}: {needed_px} px wide in a window of {given_px} px"


def main() -> None:
    """Measure all pages of the site that is named."""
    site = Path(sys.argv[1])
    wide = [page for width_px in WIDTHS_PX for page in too_wide(site, width_px)]
    print("\n".join(wide) or f"all pages fit {' and '.join(map(str, WIDTHS_PX))} px")
    sys.exit(bool(wide))


if __name__ == "__main__":
    main()
