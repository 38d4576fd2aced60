"""Pages of other programs on the machine get nothing from a lab that asks for no token."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from coalesce_sim.lab.neighbours import Neighbours

OTHERS = ["http://127.0.0.1:3000", "http://localhost:8501", "https://example.org", "null", "http://[broken"]


async def page(_):
    return PlainTextResponse("the market")


async def talk(websocket):
    await websocket.accept()
    await websocket.send_text("the market")
    await websocket.close()


@pytest.fixture
def browser():
    routes = [Route("/{path:path}", page, methods=["GET", "PUT"]), WebSocketRoute("/stream", talk)]
    app = Starlette(routes=routes, middleware=[Middleware(Neighbours)])
    return TestClient(app, base_url="http://127.0.0.1:8501")


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
