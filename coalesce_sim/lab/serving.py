"""The server of the lab: where it listens, who may come in, and Streamlit within it."""

from __future__ import annotations

import errno
import importlib
import ipaddress
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from coalesce_sim.errors import CoalesceError
from coalesce_sim.extras import require
from coalesce_sim.lab.laboratory import KEPT, Lab, open_lab
from coalesce_sim.lab.look.theme import OPTIONS as LOOK
from coalesce_sim.lab.setting import first
from coalesce_sim.lab.workshop.run import Run
from coalesce_sim.lab.workshop.workshop import Workshop

HERE = "127.0.0.1"
UPLOAD_MIB = 200

NOBODY = ""
"""The page of what is played before a page has asked for it."""

_PING_S = 10
"""How often a page is asked whether it is still there; one that does not answer in as long has gone."""

_OPTIONS: dict[str, Any] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "global.developmentMode": False,
    "logger.level": "error",
    "logger.hideWelcomeMessage": True,
    "runner.magicEnabled": False,
    "server.baseUrlPath": "",
    "server.corsAllowedOrigins": [],
    "server.disconnectedSessionTTL": 30,
    "server.enableAgentApi": False,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": UPLOAD_MIB,
    **LOOK,
}
"""Those that guard it stand here though they are the defaults: a file of options for other programs of
Streamlit, in the user's home or the folder that the lab is started in, may have turned them off."""


class CannotServe(CoalesceError, OSError):
    """Raised where the lab cannot listen; the sentence says what to do."""


def is_this_machine(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(
    *,
    source: str | None,
    results: Path | None,
    host: str,
    port: int,
    token: str | None,
    ready: Callable[[str], None],
) -> None:
    """Serve the lab of the working directory until the process is told to end.

    `ready` is told the address, once it answers. Where others than this machine can reach it, it asks for
    `token`, a new one if none is given. Raises `CannotServe` for a port or a host that cannot be had, and
    `MissingExtra`.
    """
    require("streamlit", extra="lab")
    require("plotly", extra="lab")
    listening = _listening(host, port)
    port = listening.getsockname()[1]
    if token is None and not is_this_machine(host):
        token = secrets.token_urlsafe(24)
    start = Path.cwd()
    _configure(host, port)
    with _opened(start, source, results) as lab:
        if results is None:
            _prepare(lab)
        else:
            lab.workshop.warm()
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        ready(address if token is None else f"{address}?{urlencode({'token': token})}")
        _run(listening, token)


@contextmanager
def _opened(start: Path, source: str | None, results: Path | None) -> Iterator[Lab]:
    keep = start / KEPT
    workshop = Workshop(keep, _looked_at)
    lab = Lab(start, keep, workshop, source, results)
    open_lab(lab)
    try:
        yield lab
    finally:
        workshop.close()


def _prepare(lab: Lab) -> None:
    """Begin to play what the first page will ask for, which ends by itself where no page comes, and load what
    that page rests on: whoever opens it need not wait for that."""
    setting = first(lab.source)
    lab.workshop.ask(Run(setting.origin, setting.key), NOBODY)
    importlib.import_module("coalesce_sim.lab.pages.play.page")
    from coalesce_sim.lab.controls.memory import worked_out

    worked_out(setting)


def _looked_at(page: str) -> bool:
    """Whether a browser shows the page, by its connection."""
    from streamlit.runtime import Runtime

    return page != NOBODY and Runtime.exists() and Runtime.instance().is_active_session(page)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens there, or the sentence why there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            message = f"port {port} is in use, perhaps by another lab; give another one with --port"
        else:
            message = f"cannot listen on {host!r}, port {port}: {getattr(error, 'strerror', None) or error}"
        raise CannotServe(message) from error
    return listening


def _configure(host: str, port: int) -> None:
    from streamlit import config, net_util

    hosts = {} if host in ("0.0.0.0", "::") else {"server.allowedHosts": sorted({host, HERE, "localhost"})}
    options = {**_OPTIONS, **hosts, "server.address": host, "server.port": port}
    config.get_config_options(force_reparse=True, options_from_flags=options)
    # It would ask a host outside what address this machine has there, to know it among the origins of pages.
    net_util.get_external_ip = lambda: None


def _run(listening: socket.socket, token: str | None) -> None:
    import uvicorn
    from starlette.middleware import Middleware
    from streamlit.starlette import App

    from coalesce_sim.lab.gate import Gate
    from coalesce_sim.lab.leaving import Leaving
    from coalesce_sim.lab.neighbours import Neighbours
    from coalesce_sim.lab.shell import Shell

    gate = Middleware(Neighbours) if token is None else Middleware(Gate, token=token)
    middleware = [gate, Middleware(Shell), Middleware(Leaving)]
    app = App(Path(__file__).parent / "script" / "app.py", middleware=middleware)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            ws_ping_interval=_PING_S,
            ws_ping_timeout=_PING_S,
            timeout_graceful_shutdown=1,
        )
    )
    server.run(sockets=[listening])
