"""Pages of other programs on the machine get nothing from a lab that asks for no token."""

import pytest
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from coalesce_sim.lab.neighbours import Neighbours
from tests.lab.doors import behind

OTHERS = ["http://127.0.0.1:3000", "http://localhost:8501", "https://example.org", "null", "http://[broken"]


@pytest.fixture
def browser():
    return TestClient(behind(Middleware(Neighbours)), base_url="http://127.0.0.1:8501")


def test_its_own_pages_are_answered(browser):
    own = {"origin": "http://127.0.0.1:8501"}
    assert browser.get("/").text == "the market"
    assert browser.put("/upload", headers=own).text == "the market"
    with browser.websocket_connect("ws://127.0.0.1:8501/stream", headers=own) as connection:
        assert connection.receive_text() == "the market"


@pytest.mark.parametrize("origin", OTHERS)
def test_those_of_others_are_not(browser, origin):
    answer = browser.put("/upload", headers={"origin": origin})
    assert answer.status_code == 403
    assert "market" not in answer.text
    with (
        pytest.raises(WebSocketDisconnect),
        browser.websocket_connect("ws://127.0.0.1:8501/stream", headers={"origin": origin}),
    ):
        pass
