"""A server behind what guards a lab, for tests of that."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute


async def _page(_):
    return PlainTextResponse("the market")


async def _talk(websocket):
    await websocket.accept()
    await websocket.send_text("the market")
    await websocket.close()


def behind(guard: Middleware) -> Starlette:
    """Says "the market" to whoever comes to a page, and to whoever connects to ``/stream``."""
    routes = [Route("/{path:path}", _page, methods=["GET", "PUT"]), WebSocketRoute("/stream", _talk)]
    return Starlette(routes=routes, middleware=[guard])
