"""Who may talk to a lab that asks for no token: its own pages, and not those that other programs serve."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

_REFUSED = b"This lab answers its own pages only.\n"


class Neighbours:
    """Refuses what a page of another host or port asks for, such as one on another port of this machine: of
    those the browser says in ``Origin`` where they come from, and lets them try."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or _is_own(dict(scope["headers"])):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSED})


def _is_own(headers: dict[bytes, bytes]) -> bool:
    origin = headers.get(b"origin")
    return origin is None or origin.partition(b"://")[2] == headers.get(b"host")
