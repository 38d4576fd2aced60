"""Who may come in where others than this machine can reach the lab."""

import pytest
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from coalesce_sim.lab.gate import Gate
from tests.lab.doors import behind

TOKEN = "a-token-of-the-lab"


def guarded(token):
    return behind(Middleware(Gate, token=token))


@pytest.fixture
def browser():
    return TestClient(guarded(TOKEN))


@pytest.mark.parametrize(
    "path", ["/", "/upload", "/?token=", "/?token=wrong", f"/?Token={TOKEN}", "/?token=%FF"]
)
def test_nothing_is_shown_without_the_token(browser, path):
    answer = browser.get(path)
    assert answer.status_code == 403
    assert "market" not in answer.text
    assert "asks for a token" in answer.text
    assert browser.put(path).status_code == 403


def test_the_token_is_kept_so_that_pages_and_their_connection_need_not_name_it(browser):
    assert browser.get(f"/?token={TOKEN}").text == "the market"
    assert browser.get("/results").text == "the market"
    with browser.websocket_connect("/stream") as connection:
        assert connection.receive_text() == "the market"


def test_a_connection_without_the_token_is_closed(browser):
    with pytest.raises(WebSocketDisconnect), browser.websocket_connect("/stream"):
        pass


def test_a_cookie_that_is_none_is_no_token(browser):
    browser.get(f"/?token={TOKEN}")
    ((name, value),) = browser.cookies.items()
    browser.cookies.clear()
    for cookie in (f"{name}={value}x", f"{name}=", f"{name}={TOKEN}", f"{name}x={value}", f'x=1; {name}="'):
        assert browser.get("/", headers={"cookie": cookie}).status_code == 403
    assert browser.get("/", headers={"cookie": f"x=1; {name}={value}"}).status_code == 200


@pytest.mark.parametrize(
    "token", ["with; Path=/elsewhere, and more", 'with "quotes"\r\nX-Header: 1', "sésame, ouvre-toi"]
)
def test_a_token_may_have_any_characters(token):
    browser = TestClient(guarded(token))
    assert browser.get("/", params={"token": token}).text == "the market"
    assert browser.get("/results").text == "the market"


def test_a_browser_that_has_two_labs_of_one_machine_open_stays_in_both():
    labs = [TestClient(guarded(token)) for token in (TOKEN, TOKEN[::-1])]
    labs[1].cookies = labs[0].cookies  # as a browser has it, which does not tell ports apart
    labs[0].get("/", params={"token": TOKEN})
    labs[1].get("/", params={"token": TOKEN[::-1]})
    assert [each.get("/results").status_code for each in labs] == [200, 200]
