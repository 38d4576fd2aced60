"""``coalesce-sim schema``: the JSON Schema of a scenario file."""

from __future__ import annotations

import click

from coalesce_sim.cli.contract import print_json


@click.command("schema")
@click.option(
    "--json", is_flag=True, expose_value=False, help="Accepted everywhere; here there is nothing else."
)
def command() -> None:
    """Print the JSON Schema of a scenario file, for editors.

    It knows fields, types and bounds. Which fields are missing it can tell only at the top: below, a file may
    leave to the one it extends what it does not change. `validate` knows.
    """
    from coalesce_sim.scenario.json_schema import json_schema

    print_json(json_schema())
