"""The token: asked for before anything is answered, where others than this machine can reach the lab."""

from __future__ import annotations

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

_COOKIE = "coalesce_lab_"
_REFUSED = b"This lab asks for a token: open the address that it printed when it began, with ?token=.\n"


class Gate:
    """Stands before all there is: pages, their connection, uploads.

    Who comes with ``?token=`` gets a cookie, so that it need not stand in every address. It holds a digest,
    whatever characters the token has, and is called by it: labs on several ports of one machine share their
    cookies. Tokens are compared in constant time.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token.encode()
        digest = hashlib.sha256(self._token).hexdigest()
        self._cookie, self._kept = _COOKIE + digest[:8], digest[8:].encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif hmac.compare_digest(_in_address(scope), self._token):
            await self._app(scope, receive, self._with_cookie(send))
        elif hmac.compare_digest(_in_cookie(scope, self._cookie), self._kept):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSED})

    def _with_cookie(self, send: Send) -> Send:
        cookie = b"%s=%s; Path=/; HttpOnly; SameSite=Strict" % (self._cookie.encode(), self._kept)

        async def sending(message: dict[str, object]) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                headers = [*message.get("headers", ()), (b"set-cookie", cookie)]  # type: ignore[misc]
                message = {**message, "headers": headers}
            await send(message)

        return sending  # type: ignore[return-value]


def _in_address(scope: Scope) -> bytes:
    query: bytes = scope.get("query_string", b"")
    return parse_qs(query.decode("latin-1")).get("token", [""])[-1].encode("utf-8", "replace")


def _in_cookie(scope: Scope, called: str) -> bytes:
    for name, value in scope.get("headers", ()):
        if name == b"cookie":
            try:
                cookies = SimpleCookie(value.decode("latin-1"))
            except CookieError:
                continue
            if called in cookies:
                return cookies[called].value.encode("utf-8", "replace")
    return b""
