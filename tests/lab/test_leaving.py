"""What becomes of a page's connection when its browser leaves in the middle of it."""

import asyncio

import pytest
from starlette.websockets import WebSocket

from coalesce_sim.lab.leaving import Leaving


def connected(app, *, leaves: bool):
    """The app spoken to by a browser that is gone once it is told something."""

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        if leaves and message["type"] == "websocket.send":
            raise OSError("gone")

    asyncio.run(Leaving(app)({"type": "websocket", "headers": [], "path": "/"}, receive, send))


async def talks_on(scope, receive, send):
    websocket = WebSocket(scope, receive, send)
    await websocket.accept()
    try:
        await websocket.send_text("the market")
    except Exception:  # what a task of its own would have met, as in Streamlit
        websocket.application_state = websocket.application_state.DISCONNECTED
    await websocket.receive_bytes()


async def fails(*_):
    raise ValueError("wrong")


def test_who_leaves_is_no_error():
    connected(talks_on, leaves=True)


def test_an_error_stays_one():
    with pytest.raises(ValueError, match="wrong"):
        connected(fails, leaves=False)
