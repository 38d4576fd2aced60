"""A real browser without a network, for tests of what is meant to be looked at."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

if not (CHROMIUM and DRIVER) and not os.environ.get("CI"):
    pytest.skip("chromium and chromedriver are not installed", allow_module_level=True)

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def opened(profile: Path) -> Iterator[webdriver.Chrome]:
    """A browser with a profile of its own, which notes all that it asks for and complains of."""
    assert CHROMIUM, "chromium is not installed"
    assert DRIVER, "chromedriver is not installed"
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.set_page_load_timeout(20)
    try:
        yield driver
    finally:
        driver.quit()


def resize(browser: webdriver.Chrome, width: int) -> None:
    """Show pages so wide."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def one(browser: webdriver.Chrome, selector: str) -> WebElement:
    """The first element that fits."""
    return browser.find_element(By.CSS_SELECTOR, selector)


def forget(browser: webdriver.Chrome) -> None:
    """What was noted up to now does not count."""
    for kind in ("browser", "performance"):
        browser.get_log(kind)


def requested(browser: webdriver.Chrome) -> list[str]:
    """The addresses of all requests since the last call, those of connections that stay among them."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        each["params"]["request"]["url"] if "request" in each["params"] else each["params"]["url"]
        for each in messages
        if each["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated")
    ]
