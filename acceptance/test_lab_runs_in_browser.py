"""Long runs of the lab, as those who wait for them meet them: progress, Stop, a page that is closed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from acceptance.browsing import resize
from acceptance.lab_page import EPSILON, PROGRESS, Page
from acceptance.lab_server import Served, lab

GONE_IN_S = 60.0
"""So long at most are runs played that nobody looks at any longer."""

BEGINS_IN_S = 240.0
"""With the compiled core to be compiled first, on a machine that does much else."""

STOPPED_IN_S = 30.0
LONG = "scenario=market_day&set=clock.days%3D20&replications=4"
"""What nobody plays to its end within a test; `seed` tells two of them apart."""

STOP = ".st-key-run-stop button"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "tiny.yaml").write_text("extends: dur_01\nclock: {days: 1}\nreplications: 2\n")
    with lab(folder, "tiny.yaml") as served:
        yield served


def share(page: Page) -> float:
    """How much is done of what is played, in percent, as the page says."""
    found = re.search(r"Playing 4 replications of market_day: (\d+)%", page.text(PROGRESS))
    return -1.0 if found is None else float(found[1])


def begun(page: Page) -> None:
    page.until(lambda: share(page) >= 1, "a run under way", BEGINS_IN_S)


def stop(page: Page) -> None:
    """Press Stop, and read what became of the run."""
    page.one(STOP).click()
    page.until(lambda: "This was stopped; nothing of it is kept." in page.text("body"), "what became of it")


def ended(pids: set[int], served: Served, seconds: float) -> float:
    """How long it took until none of these processes was left."""
    began = time.monotonic()
    while left := pids & served.processes:
        assert time.monotonic() - began < seconds, f"still there after {seconds} s: {left}"
        time.sleep(0.1)
    return time.monotonic() - began


def kept(served: Served) -> list[Path]:
    """The files of long runs that are kept."""
    found = (served.folder / "results" / "lab").rglob("market_day*/*")
    return [each for each in found if each.is_file() and each.name != ".lock"]


def test_the_bar_moves_within_a_replication_and_stop_ends_the_processes(
    browser: webdriver.Chrome, served: Served
):
    page = Page(browser).open(served.address)
    page.until(lambda: not served.playing, "a lab at rest")
    browser.get(served.page("", f"{LONG}&seed=1"))
    begun(page)
    playing = served.playing
    assert playing, "a run of several replications has processes of its own"
    first = share(page)
    later = page.until(lambda: share(page) > first and share(page), "a bar that moves")
    assert 0 < later < 25, "the first of four replications is not over"
    stop(page)
    ended(playing, served, STOPPED_IN_S)
    assert not page.has(PROGRESS)
    assert kept(served) == []


def test_a_closed_page_ends_its_run_and_one_that_is_loaded_again_does_not(
    browser: webdriver.Chrome, served: Served
):
    page, before = Page(browser), browser.current_window_handle
    browser.get(served.page("", f"{LONG}&seed=1"))
    begun(page)
    stop(page)
    page.until(lambda: not served.playing, "a lab at rest")
    browser.switch_to.new_window("tab")
    resize(browser, 1400)
    browser.get(served.page("", f"{LONG}&seed=2"))
    begun(page)
    closed = served.playing
    browser.close()
    at = time.monotonic()
    browser.switch_to.window(before)

    page.nudge(EPSILON, Keys.ARROW_RIGHT)
    page.until(lambda: "Changed since it was played" in page.text("body"), "a change")
    page.play()
    begun(page)
    stays = served.playing - closed
    assert stays
    done = share(page)
    browser.refresh()
    page.until(lambda: share(page) >= done, "the run that was under way before the reload")
    assert stays <= served.processes, "it was not begun anew"

    ended(closed, served, GONE_IN_S - (time.monotonic() - at))
    print(f"a run ended {time.monotonic() - at:.0f} s after its page")
    assert stays <= served.processes, "another page's run goes on"
    assert share(page) >= done
    stop(page)
    ended(stays, served, STOPPED_IN_S)
    assert kept(served) == []


def test_two_pages_show_each_its_own(browser: webdriver.Chrome, served: Served):
    page, before = Page(browser), browser.current_window_handle
    answers = {}
    page.open(served.page("", "scenario=tiny.yaml"))
    browser.switch_to.new_window("tab")
    resize(browser, 1400)
    page.open(served.page("", "scenario=tiny.yaml&seed=7"))
    for seed, handle in ((7, browser.current_window_handle), (1, before)):
        browser.switch_to.window(handle)
        page.settled()
        assert f"tiny.yaml --seed {seed} --replications 2" in page.commands()
        answers[seed] = page.text(".lab-answer")
        if handle != before:
            browser.close()
    browser.switch_to.window(before)
    assert answers[1] != answers[7]
