"""``coalesce-sim schema``: the JSON Schema of a scenario or sweep file."""

from __future__ import annotations

import click

from coalesce_sim.cli.contract import print_json


@click.command("schema")
@click.option(
    "--json", is_flag=True, expose_value=False, help="Accepted everywhere; here there is nothing else."
)
@click.option("--sweep", is_flag=True, help="The schema of a sweep file instead.")
def command(sweep: bool) -> None:
    """Print the JSON Schema of a scenario file, for editors.

    It knows fields, types and bounds. Which fields are missing it can tell only at the top: below, a file may
    leave to the one it extends what it does not change. `validate` knows.
    """
    from coalesce_sim.scenario.json_schema import DIALECT, json_schema

    if sweep:
        from coalesce_sim.sweeps.specification import Specification

        schema = Specification.model_json_schema()
        schema["required"].remove("name")  # the file's stem
        print_json({"$schema": DIALECT, **schema})
        return
    print_json(json_schema())
