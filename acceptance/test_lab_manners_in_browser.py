"""How the lab behaves towards whoever opens it: it asks nobody else, all can work it, it refuses."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium import webdriver

from acceptance.browsing import forget, requested, resize
from acceptance.lab_page import ALERT, ANSWER, PLAY, Page, Picture
from acceptance.lab_server import Served, lab
from coalesce_sim.files import sealed_text
from coalesce_sim.loading import load
from coalesce_sim.provenance import Origin
from coalesce_sim.report.writing import write_run

TINY = "extends: dur_01\nclock: {days: 1}\nreplications: 2\n"
TOKEN = "a-token-of-these-tests"
TOUR = {
    "": ANSWER,
    "compare": "h1",
    "results": "h1",
    "results?folder=results/newer": ALERT,
    "results?folder=results/run": ANSWER,
    "own": "h1",
}
"""Pages, and what each shows."""

NAMED = {
    "button",
    "checkbox",
    "combobox",
    "image",
    "img",
    "link",
    "radio",
    "searchbox",
    "slider",
    "spinbutton",
    "switch",
    "tab",
    "textbox",
}
"""Roles of what can be worked or looked at, and needs a name."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "tiny.yaml").write_text(TINY)
    (folder / "wrong.yaml").write_text("extends: dur_01\npolicy: {epsilon: 7}\n")
    scenario = load(folder / "tiny.yaml")
    for name in ("run", "newer"):
        write_run(
            Origin("tiny.yaml", (), scenario, 1, 2, figures=False),
            folder / "results" / name,
            jobs=1,
            progress=lambda _: None,
        )
    path = folder / "results" / "newer" / "summary.json"
    facts = json.loads(path.read_text())
    del facts["sha256"]
    facts["provenance"]["coalesce_sim"] = "99.0.0"
    path.write_text(sealed_text(facts))
    with lab(folder, "tiny.yaml") as served:
        yield served


def in_colours(browser: webdriver.Chrome, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def test_no_request_leaves_the_machine_and_the_console_stays_empty(browser: webdriver.Chrome, served: Served):
    page = Page(browser)
    browser.get("about:blank")
    forget(browser)
    backgrounds = set()
    for scheme in ("light", "dark"):
        in_colours(browser, scheme)
        for name, shows in TOUR.items():
            page.open(served.page(name), shows)
        page.open(served.address)
        Picture(page)
        backgrounds.add(
            browser.execute_script(
                "return getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
            )
        )
    in_colours(browser, "light")
    addresses, complaints = requested(browser), browser.get_log("browser")
    stream = served.host.replace("http:", "ws:")
    assert any(each.startswith(stream) for each in addresses), "the log would not show a connection"
    ours = (served.host, stream, "data:", "blob:")
    assert [each for each in addresses if not each.startswith(ours) and each != "about:blank"] == []
    assert complaints == []
    assert len(backgrounds) == 2, "light and dark look the same"


def test_a_request_elsewhere_would_be_seen_and_is_refused_from_the_page(
    browser: webdriver.Chrome, served: Served, tmp_path: Path
):
    (tmp_path / "other.html").write_text("<!DOCTYPE html><img src='http://127.0.0.1:9/picture.png'>")
    browser.get((tmp_path / "other.html").as_uri())
    assert "http://127.0.0.1:9/picture.png" in requested(browser)
    Page(browser).open(served.page("own"), "h1")
    refused = (
        "const done = arguments[0]; document.addEventListener('securitypolicyviolation', "
        "(event) => done(event.effectiveDirective)); fetch('http://127.0.0.1:9/').then("
        "() => done('asked'), () => {});"
    )
    assert browser.execute_async_script(refused) == "connect-src"
    forget(browser)


@pytest.mark.parametrize("name", TOUR)
def test_nothing_scrolls_sideways_at_400_pixels(browser: webdriver.Chrome, served: Served, name: str):
    page = Page(browser)
    resize(browser, 400)
    try:
        page.open(served.page(name), TOUR[name])
        wide = browser.execute_script(
            "const main = document.querySelector('[data-testid=stMain]');"
            "return [document.documentElement.scrollWidth, main.scrollWidth - main.clientWidth]"
        )
        assert wide[0] <= 400
        assert wide[1] <= 0
    finally:
        resize(browser, 1400)


def test_the_controls_can_be_reached_at_400_pixels(browser: webdriver.Chrome, served: Served):
    page = Page(browser)
    resize(browser, 400)
    try:
        page.open(served.address)
        page.one("[data-testid=stExpandSidebarButton]").click()
        button = page.one(PLAY)
        page.until(
            lambda: browser.execute_script(
                "const box = arguments[0].getBoundingClientRect();"
                "return box.left >= 0 && box.right <= 400 && box.width > 100 && arguments[0].contains("
                "document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2))",
                button,
            ),
            "the button Play in sight",
        )
    finally:
        resize(browser, 1400)


@pytest.mark.parametrize("name", TOUR)
def test_everything_that_can_be_worked_has_a_name(browser: webdriver.Chrome, served: Served, name: str):
    Page(browser).open(served.page(name), TOUR[name])
    browser.execute_cdp_cmd("Accessibility.enable", {})
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    browser.execute_cdp_cmd("Accessibility.disable", {})
    worked = [each for each in nodes if not each["ignored"] and each["role"]["value"].lower() in NAMED]
    assert len(worked) > 3
    nameless = [
        browser.execute_cdp_cmd("DOM.describeNode", {"backendNodeId": each["backendDOMNodeId"]})["node"]
        for each in worked
        if not each.get("name", {}).get("value", "").strip()
    ]
    # Plotly measures letters in a drawing of its own, which is out of sight.
    nameless = [each for each in nameless if "js-plotly-tester" not in each["attributes"]]
    assert [(each["nodeName"], each["attributes"]) for each in nameless] == []


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A lab that others than this machine could reach, but for this test."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "tiny.yaml").write_text(TINY)
    with lab(folder, "tiny.yaml", "--host", "0.0.0.0", "--token", TOKEN) as served:
        yield served


def answered(served: Served, path: str, **headers: str) -> tuple[int, str]:
    """What the lab answers, asked through this machine's own address."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(served.address).port or 0, timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, "" if answer.status == 101 else answer.read().decode()
    finally:
        connection.close()


TALK = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def test_nothing_is_shown_without_the_token(guarded: Served):
    assert guarded.address.endswith(f"?token={TOKEN}")
    for path in (
        "/",
        "/results",
        "/_stcore/health",
        "/_stcore/host-config",
        "/static/index.html",
        "/?token=x",
    ):
        status, text = answered(guarded, path)
        assert status == 403
        assert text.startswith("This lab asks for a token")
    assert answered(guarded, "/_stcore/stream", **TALK)[0] == 403
    assert answered(guarded, f"/_stcore/stream?token={TOKEN}", **TALK)[0] == 101
    assert answered(guarded, f"/?token={TOKEN}")[0] == 200


def test_with_the_token_all_is_shown_on_every_page(browser: webdriver.Chrome, guarded: Served):
    page, here = Page(browser), f"http://127.0.0.1:{urlsplit(guarded.address).port}/"
    browser.get(here)
    assert "asks for a token" in page.text("body")
    page.open(f"{here}?token={TOKEN}")
    assert Picture(page).rows
    page.open(f"{here}compare", "h1")
    page.open(here)
    assert Picture(page).rows


def sentence(page: Page, wanted: str) -> None:
    """It is told, once, and nothing of how Python puts it."""
    page.until(lambda: wanted in page.text(ALERT), wanted)
    told = page.text(ALERT).strip().splitlines()
    assert len(told) == 1, told
    assert not re.search(r"Traceback|File \"|Error\b", page.text("body"))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?scenario=wrong.yaml", "policy.epsilon"),
        ("?scenario=tiny.yaml&set=policy.epsilon%3D7", "policy.epsilon"),
        ("?scenario=missing.yaml", "missing.yaml"),
        ("?scenario=..%2Fother.yaml", "neither bundled nor a YAML file below the folder"),
        ("?scenario=tiny.yaml&seed=minus", "seed: must be a whole number"),
        ("?scenario=tiny.yaml&set=policy%3D%7Bclass%3A+%22os%3Asystem%22%7D", "names code"),
        ("results?folder=results/newer", "newer than this one"),
        ("results?folder=..", "is not below the folder that the lab was started in"),
    ],
)
def test_bad_input_is_told_in_a_sentence(browser: webdriver.Chrome, served: Served, query: str, wanted: str):
    sentence(Page(browser).open(served.page(query), ALERT), wanted)


def test_a_scenario_that_is_broken_while_it_is_open_is_told_and_can_be_mended(
    browser: webdriver.Chrome, served: Served
):
    path = served.folder / "mine.yaml"
    path.write_text(TINY)
    page = Page(browser).open(served.page("", "scenario=mine.yaml"))
    path.write_text("extends: [")
    browser.refresh()
    page.settled(ALERT)
    sentence(page, "mine.yaml")
    path.write_text(TINY)
    browser.refresh()
    page.settled(ANSWER)
    assert not page.has(ALERT)
