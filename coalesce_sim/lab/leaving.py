"""A browser that leaves while it is being told something, which is no error of anybody's."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnected


class Leaving:
    """Ends the connection of a page that has gone in the middle of a sentence quietly: Streamlit would have a
    traceback of it printed where the lab was started."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except WebSocketDisconnected:
            return
