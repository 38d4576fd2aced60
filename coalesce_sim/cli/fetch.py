"""``coalesce-sim fetch``: download a public data file that a scenario uses."""

from __future__ import annotations

from pathlib import Path

import click

from coalesce_sim.cli.contract import json_option, print_json
from coalesce_sim.inputs.sources import SOURCES
from coalesce_sim.scenario.problems import closest


@click.command("fetch")
@click.argument("name")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    default=Path("data"),
    show_default=True,
    help="Folder to put the file in.",
)
@json_option
def command(name: str, folder: Path, as_json: bool) -> None:
    """Download the data file NAME and check it byte for byte.

    azure_code is the request trace of the scenario of that name.
    """
    from coalesce_sim.inputs.download import DownloadError, fetch

    if name not in SOURCES:
        near = closest(name, SOURCES)
        hint = f"; did you mean {near!r}?" if near else ""
        raise click.BadParameter(
            f"no such file: {name!r}{hint} (known: {', '.join(SOURCES)})", param_hint="NAME"
        )
    try:
        fetched = fetch(SOURCES[name], folder)
    except DownloadError as error:
        raise click.ClickException(str(error)) from error
    source = fetched.source
    if as_json:
        print_json(
            {
                "name": source.name,
                "downloaded": fetched.downloaded,
                "bytes": source.bytes,
                "sha256": source.sha256,
                "url": source.url,
                "licence": source.licence,
                "credit": source.credit,
                "outputs": [str(fetched.path)],
            }
        )
        return
    verdict = "downloaded" if fetched.downloaded else "already there"
    click.echo(f"{fetched.path}: {verdict}; {source.bytes:,} bytes, SHA-256 as it should be")
    click.echo(f"{source.credit}, {source.licence}")
