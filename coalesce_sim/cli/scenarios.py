"""``coalesce-sim scenarios``: what there is to run."""

from __future__ import annotations

import click

from coalesce_sim import bundled
from coalesce_sim.cli.contract import json_option, print_json


@click.command("scenarios")
@json_option
def command(as_json: bool) -> None:
    """List the bundled scenarios, one line each."""
    from coalesce_sim.scenario.document import read_document

    titles = {name: read_document(name).data["title"] for name in bundled.names()}
    if as_json:
        print_json({"scenarios": [{"name": name, "title": title} for name, title in titles.items()]})
        return
    width = max(map(len, titles))
    for name, title in titles.items():
        click.echo(f"{name:<{width}}  {title}")
