"""``coalesce-sim lab``: a market to look at, in a browser."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path

import click

from coalesce_sim.cli.contract import load_ready
from coalesce_sim.cli.work import failures_told


@click.command("lab")
@click.argument("opened", metavar="[SCENARIO | RESULTS]", required=False)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Where it listens. Where others than this machine can reach it, it asks for a token.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8501,
    show_default=True,
    metavar="N",
    help="0 takes any that is free.",
)
@click.option(
    "--token",
    envvar="COALESCE_LAB_TOKEN",
    metavar="TEXT",
    help="The token it asks for; in COALESCE_LAB_TOKEN it stands in no list of processes.",
)
@click.option(
    "--no-browser",
    "browser",
    flag_value=False,
    default=True,
    help="Only print the address, as where it asks for a token.",
)
def command(opened: str | None, host: str, port: int, token: str | None, browser: bool) -> None:
    """Open the lab: markets to play with, and results to look at, in a browser.

    With SCENARIO, a YAML file or a bundled name, that market is on the first page; with RESULTS, a folder of
    results, these are. What is played is kept in results/lab. Ctrl-C ends it.
    """
    if token is not None and len(token) < 16:
        raise click.BadParameter(f"must have 16 characters at least (got {len(token)})", param_hint="--token")
    results = None if opened is None or not Path(opened).is_dir() else Path(opened)
    source = opened if results is None else None
    if source is not None:
        load_ready(source, ())
    from coalesce_sim.lab.serving import is_this_machine, serve

    # An address with a token would stand in the list of processes, where others can read it.
    opens = browser and token is None and is_this_machine(host) and _has_screen()

    def ready(address: str) -> None:
        click.echo(f"The lab is at {address} (Ctrl-C ends it)")
        if opens:
            webbrowser.open(address)

    with failures_told():
        serve(source=source, results=results, host=host, port=port, token=token, ready=ready)


def _has_screen() -> bool:
    """Whether a browser has a window to open in; one for terminals would take this one over."""
    return sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
