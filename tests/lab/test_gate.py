"""Who may come in where others than this machine can reach the lab."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from coalesce_sim.lab.gate import Gate

TOKEN = "a-token-of-the-lab"


async def page(_):
    return PlainTextResponse("the market")


async def talk(websocket):
    await websocket.accept()
    await websocket.send_text("the market")
    await websocket.close()


@pytest.fixture
def browser():
    routes = [Route("/{path:path}", page, methods=["GET", "PUT"]), WebSocketRoute("/stream", talk)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Gate, token=TOKEN)]))


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
    assert browser.get("/", headers={"cookie": f'x=1; coalesce_lab={TOKEN}x; "'}).status_code == 403
