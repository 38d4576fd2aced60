"""The page Your own as somebody with a log meets it: in a browser, from the upload to the routing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from acceptance.browsing import forget, requested, resize
from acceptance.exports import draw, write
from acceptance.lab_server import Served, lab

HOSTILE = "<img src=x onerror='window.hacked = true'>"
PATIENCE_S = 90


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with lab(tmp_path_factory.mktemp("lab")) as served:
        yield served
    assert [each for each in served.told if "interrupted by SIGINT" not in each] == []


@pytest.fixture
def page(browser: webdriver.Chrome, served: Served) -> Iterator[webdriver.Chrome]:
    """The page, just opened."""
    resize(browser, 1200)
    browser.get("about:blank")
    forget(browser)
    browser.get(served.page("own"))
    heading(browser, "1 Log")
    yield browser
    complaints = [each for each in browser.get_log("browser") if each["level"] == "SEVERE"]
    assert [each["message"] for each in complaints if "/own/_stcore/" not in each["message"]] == []


def heading(page: webdriver.Chrome, text: str) -> None:
    """Wait until a heading is there."""
    WebDriverWait(page, PATIENCE_S).until(
        lambda _: text in [each.text for each in page.find_elements(By.CSS_SELECTOR, "h2, h3")]
    )


def button(page: webdriver.Chrome, label: str) -> WebElement:
    """The button of that label, once it is there."""
    xpath = f"//button[normalize-space()='{label}' and not(@disabled)]"
    shown = WebDriverWait(page, PATIENCE_S).until(
        lambda _: [each for each in page.find_elements(By.XPATH, xpath) if each.is_displayed()]
    )
    found = shown[0]
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    return found


def upload(page: webdriver.Chrome, path: Path) -> None:
    """Choose a file as the log."""
    chooser = "input[type=file]"
    WebDriverWait(page, PATIENCE_S).until(lambda _: page.find_elements(By.CSS_SELECTOR, chooser))
    page.find_element(By.CSS_SELECTOR, chooser).send_keys(str(path))


def text(page: webdriver.Chrome) -> str:
    return page.find_element(By.TAG_NAME, "body").text


def test_a_log_is_uploaded_imported_calibrated_and_advised_on(
    page: webdriver.Chrome, served: Served, tmp_path: Path
):
    log = tmp_path / f"{HOSTILE[:4]}spend.csv"
    write("litellm", draw(400, 1), tmp_path / "spend.csv")
    rows = (tmp_path / "spend.csv").read_text().splitlines()
    log.write_text("\n".join([*rows, rows[1].replace("2026-", "soon-")]) + "\n")
    upload(page, log)
    heading(page, "2 Import")
    button(page, "Import").click()
    heading(page, "What was left out, and why")
    assert "401 rows read, 400 kept, 1 left out" in text(page)
    button(page, "Calibrate").click()
    heading(page, "How far the market is from the log")
    button(page, "Advise")
    replications = page.find_element(By.CSS_SELECTOR, "input[aria-label=Replications]")
    replications.send_keys(Keys.CONTROL, "a")
    replications.send_keys("2", Keys.ENTER)
    button(page, "Advise").click()
    heading(page, "Who should do what")
    (folder,) = (served.folder / "results" / "lab" / "advice").iterdir()
    assert {"advice.json", "litellm.yaml", "routing.json", "jobs.csv", "who.png"} <= {
        each.name for each in folder.iterdir()
    }
    page.refresh()
    heading(page, "Who should do what")  # and every step before it
    assert "401 rows read, 400 kept, 1 left out" in text(page)
    link = page.find_element(By.XPATH, "//a[normalize-space()='Play this market']").get_attribute("href")
    assert link is not None
    assert link.startswith(f"{served.host}?scenario=results%2Flab%2Fcalibrations%2F")
    assert page.execute_script("return window.hacked") is None
    asked = requested(page)
    own = (served.host, served.host.replace("http", "ws"), "data:", "blob:", "about:")
    assert [each for each in asked if not each.startswith(own)] == []
    button(page, "Delete what was uploaded").click()
    WebDriverWait(page, PATIENCE_S).until(lambda _: "Upload a log" in text(page))
    assert [
        each for each in (served.folder / "results" / "lab" / "uploads").iterdir() if any(each.iterdir())
    ] == []


def test_a_file_that_is_no_log_is_told_and_another_can_be_tried(page: webdriver.Chrome, tmp_path: Path):
    (tmp_path / "no.csv").write_bytes(b"\xff\xfe\x00\x01")
    upload(page, tmp_path / "no.csv")
    WebDriverWait(page, PATIENCE_S).until(
        lambda _: "no.csv: row 1: is UTF-16; save it as UTF-8" in text(page)
    )
    button(page, "Another log").click()
    WebDriverWait(page, PATIENCE_S).until(lambda _: "Upload a log" in text(page))
    assert "no.csv" not in text(page)
    (tmp_path / "large.csv").touch()
    with (tmp_path / "large.csv").open("r+b") as file:
        file.truncate(201 * 2**20)
    upload(page, tmp_path / "large.csv")
    WebDriverWait(page, PATIENCE_S).until(lambda _: "must be 200.0MB or smaller" in text(page))
