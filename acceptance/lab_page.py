"""A page of the lab in a browser, as a reader has it: waited for by what it shows, never by the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from acceptance.browsing import one

PATIENCE_S = 90.0
"""Long enough for a machine that does much else; whoever waits for what is there goes on at once."""

ANSWER = ".lab-answer:not([role])"
EXPLANATION = ".lab-answer[role=status]"
ALERT = "[data-testid=stAlert]"
PROGRESS = "[data-testid=stProgress]"
FIGURES = "[data-testid=stPlotlyChart] .main-svg"
PLAY = ".st-key-play-go button"
EPSILON = "[data-testid=stSlider] input[aria-label*='Exploration rate']"

_STAYS_S = 0.3
_TRIES = 5

_STILL = """
const app = document.querySelector('[data-testid=stApp][data-test-script-state]');
return app !== null && app.dataset.testScriptState === 'notRunning'
  && app.dataset.testConnectionState === 'CONNECTED'
  && document.querySelector('[data-testid=stMain] [data-testid=stProgress]') === null
  && document.querySelector('[data-stale=true]') === null;
"""
_HOST = """
const host = [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
  .map((each) => each.shadowRoot?.querySelector('.replay')).find((each) => each?.querySelector('.now'));
"""

Found = TypeVar("Found")


def plain(text: str) -> str:
    """The text with the spaces that anybody types."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


class Page:
    """What the tab of a browser that is in front shows of the lab."""

    def __init__(self, browser: webdriver.Chrome) -> None:
        self.browser = browser

    def open(self, address: str, shows: str = ANSWER) -> Page:
        """Go there and wait until it is all there; `shows` is what it must show."""
        self.browser.get(address)
        return self.settled(shows)

    def settled(self, shows: str = ANSWER) -> Page:
        """Wait until nothing is played for it and it shows what it must, and stays so: one job ends a moment
        before the next one begins."""
        since: list[float] = []

        def stays() -> bool:
            still = self.browser.execute_script(_STILL) and self.has(shows)
            since[:] = [*since, time.monotonic()] if still else []
            return still and since[-1] - since[0] >= _STAYS_S

        self.until(stays, f"settled with {shows}")
        return self

    def until(self, found: Callable[[], Found], what: str, seconds: float = PATIENCE_S) -> Found:
        """What is found, once it is there."""

        def looked(_: object) -> Found:
            return found()

        wait = WebDriverWait(self.browser, seconds, 0.05, (StaleElementReferenceException,))
        return wait.until(looked, f"never was so: {what}; the page says: {self.text('body')[:800]}")

    def has(self, selector: str) -> bool:
        """Whether there is such a thing."""
        return bool(self.browser.find_elements(By.CSS_SELECTOR, selector))

    def text(self, selector: str) -> str:
        """What all such things say, shown or folded, a line each; empty where there are none."""
        found = self.browser.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map((each) => each.innerText)", selector
        )
        return plain("\n".join(found))

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        ActionChains(self.browser).send_keys(*keys).perform()

    def nudge(self, selector: str, key: str, times: int = 1) -> None:
        """Move a slider by a key, reached by Tab; a page that is drawn anew meanwhile loses keys."""
        for _ in range(times):
            self._nudge_once(selector, key)

    def _nudge_once(self, selector: str, key: str) -> None:
        before = self.one(selector).get_attribute("value")
        for _ in range(_TRIES):
            if not self._focused(selector):
                self.tab_to(selector)
            self.press(key)
            with suppress(TimeoutException):
                self.until(lambda: self.one(selector).get_attribute("value") != before, "a move", 3.0)
                return
        raise AssertionError(f"{selector} does not move by {key!r} from {before}")

    def _focused(self, selector: str) -> bool:
        fits = "return document.activeElement.matches(arguments[0])"
        return bool(self.browser.execute_script(fits, selector))

    def tab_to(self, selector: str, *, back: bool = False, most: int = 160) -> WebElement:
        """Move the focus by Tab until it is there; fails where it never comes there."""
        self.rests()
        passed: list[str] = []
        for _ in range(most):
            actions = ActionChains(self.browser)
            if back:
                actions.key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
            else:
                actions.send_keys(Keys.TAB).perform()
            focus = self.browser.switch_to.active_element
            if self._focused(selector):
                return focus
            passed.append(focus.get_attribute("aria-label") or focus.text or focus.tag_name)
        raise AssertionError(f"Tab came to {selector} within {most} steps never, but to {passed}")

    def play(self) -> None:
        """Press Play once the page rests: while it is being shown anew a click may be lost."""
        self.rests()
        self.one(PLAY).click()

    def rests(self) -> None:
        """Wait until it is shown as a whole."""
        still = "return document.querySelector('[data-test-script-state=notRunning]') !== null"
        self.until(lambda: self.browser.execute_script(still), "a page at rest")

    def figure(self, place: int = 0) -> Any:
        """What a figure is drawn from."""
        return self.browser.execute_script(
            "const drawn = document.querySelectorAll('.js-plotly-plot')[arguments[0]]; return drawn && "
            "drawn.data && drawn.data.map(({x, y}) => JSON.stringify([x, y]))",
            place,
        )

    def commands(self) -> str:
        """All code that it shows, folded or not."""
        told = "return [...document.querySelectorAll('[data-testid=stCode]')].map((each) => each.textContent)"
        return "\n".join(self.browser.execute_script(told))

    def into_view(self, element: WebElement) -> WebElement:
        """Scroll there."""
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        return element

    def one(self, selector: str) -> WebElement:
        """The first that fits, once it is there."""
        return self.until(lambda: self.has(selector) and one(self.browser, selector), selector)  # type: ignore[return-value]


class Picture:
    """The market replayed, on the page Play."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.until(lambda: self._js("return Boolean(host)"), "a picture of the replay")

    def _js(self, script: str, *given: Any) -> Any:
        return self.page.browser.execute_script(_HOST + script, *given)

    def find(self, selector: str) -> WebElement:
        """Something within the picture."""
        found: WebElement = self._js("return host.querySelector(arguments[0])", selector)
        return found

    @property
    def now_s(self) -> float:
        """The moment that is shown, in seconds of the run."""
        return float(self._js("return host.querySelector('input[type=range]').value"))

    @property
    def says(self) -> str:
        """The sentence on that moment."""
        return plain(self._js("return host.querySelector('.now').textContent"))

    @property
    def drawn(self) -> str:
        """All that is drawn on the stage."""
        drawn: str = self._js("return host.querySelector('.stage canvas').toDataURL()")
        return drawn

    @property
    def rows(self) -> list[str]:
        """What a screen reader is told of each worker."""
        rows = "return [...host.querySelectorAll('.stage .worker')].map((each) => each.ariaLabel)"
        told: list[str] = self._js(rows)
        return told

    def row(self, place: int) -> WebElement:
        """One of these rows."""
        found: WebElement = self._js("return host.querySelectorAll('.stage .worker')[arguments[0]]", place)
        return found

    def frames(self, many: int) -> None:
        """Wait until the browser has drawn so many times."""
        self.page.browser.execute_async_script(
            "let left = arguments[0]; const done = arguments[1]; "
            "const next = () => (left-- > 0 ? requestAnimationFrame(next) : done()); next()",
            many,
        )
