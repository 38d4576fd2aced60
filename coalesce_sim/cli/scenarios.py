"""``coalesce-sim scenarios``: what there is to run, and to sweep."""

from __future__ import annotations

import click

from coalesce_sim import bundled
from coalesce_sim.cli.contract import json_option, print_json


@click.command("scenarios")
@json_option
def command(as_json: bool) -> None:
    """List the bundled scenarios, attacks, settlements and sweeps, one line each."""
    from coalesce_sim.scenario.document import read_document, read_plain

    scenarios = {name: read_document(name).data["title"] for name in bundled.names()}
    attacks = {name: read_document(name).data["title"] for name in bundled.attacks()}
    settlements = {name: read_document(name).data["title"] for name in bundled.settlements()}
    sweeps = {name: read_plain(path).data["title"] for name, path in bundled.sweeps().items()}
    if as_json:
        told = {"scenarios": scenarios, "attacks": attacks, "settlements": settlements, "sweeps": sweeps}
        print_json({kind: _named(titles) for kind, titles in told.items()})
        return
    width = max(map(len, [*scenarios, *attacks, *settlements, *sweeps]))
    for heading, titles in (
        (None, scenarios),
        ("\nAttacks, for `coalesce-sim attack`:", attacks),
        ("\nSettlement and compliance, for `coalesce-sim frictions`:", settlements),
        ("\nSweeps, for `coalesce-sim sweep`:", sweeps),
    ):
        if heading is not None:
            click.echo(heading)
        for name, title in titles.items():
            click.echo(f"{name:<{width}}  {title}")


def _named(titles: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "title": title} for name, title in titles.items()]
