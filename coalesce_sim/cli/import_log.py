"""``coalesce-sim import``: a market from a gateway's log."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coalesce_sim.cli.contract import Output, output_options
from coalesce_sim.cli.work import failures_told
from coalesce_sim.logs.options import HELP

if TYPE_CHECKING:
    from rich.console import Console

    from coalesce_sim.logs.imported import Imported


def _pairs(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:  # noqa: ARG001
    pairs = {}
    for each in given:
        name, equals, column = each.partition("=")
        if not equals or not name or not column:
            raise click.BadParameter(f"must be FIELD=COLUMN (got {each!r})")
        pairs[name] = column
    return pairs


@click.command("import")
@click.argument("kind")
@click.argument("logs", metavar="LOG…", nargs=-1, required=True)
@click.option("--home", metavar="MODEL=HARDWARE", help=HELP["home"])
@click.option(
    "--prices",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=HELP["prices"],
)
@click.option(
    "--price-date",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help=HELP["price_date"],
)
@click.option("--type-by", metavar="BY", help=HELP["type_by"])
@click.option("--group-by", metavar="BY", help=HELP["group_by"])
@click.option("--keep-names", is_flag=True, help=HELP["keep_names"])
@click.option(
    "--sessions",
    type=click.Choice(["tasks", "composite"]),
    default="tasks",
    show_default=True,
    help=HELP["sessions"],
)
@click.option(
    "--columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    callback=_pairs,
    help=HELP["columns"],
)
@click.option("--zone", default="UTC", show_default=True, help=HELP["zone"])
@click.option(
    "--retry-within",
    "retry_within_s",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="S",
    help=HELP["retry_within"],
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("imported"),
    show_default=True,
    metavar="DIR",
    help=HELP["out"],
)
@output_options
def command(
    kind: str,
    logs: tuple[str, ...],
    home: str | None,
    prices: Path | None,
    price_date: datetime | None,
    type_by: str | None,
    group_by: str | None,
    keep_names: bool,
    sessions: str,
    columns: dict[str, str],
    zone: str,
    retry_within_s: float,
    out: Path,
    output: Output,
) -> None:
    """Make a market of a log: LOG is one or more files of KIND, or - for standard input.

    KIND is litellm, openrouter, langfuse, otel or csv (a table of your own, see --columns); files may be CSV,
    JSON, JSON lines or Parquet, and gzip. Written are requests.parquet, sellers.csv, runs.csv, market.yaml
    and import.json. Prompts, answers, keys and addresses are not read; users get numbers. What of the log
    cannot be used is counted, told with the first row of each kind, and left out.
    """
    from coalesce_sim.logs.imported import import_log

    with failures_told():
        imported = import_log(
            kind,
            logs,
            out,
            home=home,
            prices=prices,
            price_date=None if price_date is None else price_date.date(),
            group_by=group_by,
            type_by=type_by,
            keep_names=keep_names,
            sessions=sessions,
            columns=columns,
            zone=zone,
            retry_within_s=retry_within_s,
        )
    output.tell(imported.summary, lambda screen: _show(screen, imported))


def _show(screen: Console, imported: Imported) -> None:
    from coalesce_sim.report.layout import print_wrapped

    for line in imported.lines:
        print_wrapped(screen, line, hang="  ")
    print_wrapped(screen, f"{imported.folder}: " + ", ".join(path.name for path in imported.outputs))
    for line in imported.next_commands:
        screen.print(line)
