"""The page that Streamlit sends before all else, made ours: its name and look, and whom it may ask."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from coalesce_sim.lab.look.head import head

_POLICY = (
    b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src 'self' blob:; "
    b"style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    b"frame-ancestors 'self'; form-action 'self'; base-uri 'self'"
)
"""What the browser enforces: nothing comes from anywhere else, and nothing goes there."""

_TITLE = (b"<title>Streamlit</title>", b"<title>coalesce_sim lab</title>")
_FIRST_SCRIPT = b"<script>"
_ASKS = (
    "<script>window.__streamlit = "
    "{BACKEND_BASE_URL: location.origin, MAIN_PAGE_BASE_URL: location.origin};</script>"
)
"""Else a page below the first one tries whether the server is below it, and complains that it is not."""

_NOT_PAGES = ("/_stcore/", "/static/", "/media/", "/component/")


class Shell:
    """Changes the HTML of pages, and tells the browser what it may ask for; all else goes through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._head = (_ASKS + head()).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_NOT_PAGES):
            await self._app(scope, receive, send)
            return
        headers = [pair for pair in scope["headers"] if pair[0] not in _ABOUT_THE_BODY]
        await self._app({**scope, "headers": headers}, receive, _Changed(send, self._head))


_ABOUT_THE_BODY = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
"""What would have the page come compressed, in part or not at all."""


class _Changed:
    """Sends a response on, once its body is whole."""

    def __init__(self, send: Send, head: bytes) -> None:
        self._send, self._head = send, head
        self._start: MutableMapping[str, Any] = {}
        self._body = b""

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        body, headers = self._body, list(self._start["headers"])
        if any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers):
            body = body.replace(*_TITLE).replace(_FIRST_SCRIPT, self._head + _FIRST_SCRIPT, 1)
            kept = [pair for pair in headers if pair[0] not in (b"content-length", b"etag", b"last-modified")]
            length = (b"content-length", str(len(body)).encode())
            headers = [*kept, length, (b"content-security-policy", _POLICY)]
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})
