"""``coalesce-sim import``: a market from a gateway's log."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coalesce_sim.cli.contract import Output, output_options
from coalesce_sim.cli.work import failures_told

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
@click.option("--home", metavar="MODEL=HARDWARE", help="The model that you run yourself, and on what.")
@click.option(
    "--prices",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="CSV file of prices that the log does not tell, and of sellers who are not in it.",
)
@click.option(
    "--price-date",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Day of listed prices; by default the log's first.",
)
@click.option(
    "--type-by", metavar="BY", help="What tells types of task apart: tag, model, agent, team or user."
)
@click.option("--group-by", metavar="BY", help="What tells groups of clients apart: the same.")
@click.option("--keep-names", is_flag=True, help="Call teams, agents and users as the log does.")
@click.option(
    "--sessions",
    type=click.Choice(["tasks", "composite"]),
    default="tasks",
    show_default=True,
    help="Whether each call of a session is a task, or a session is one in steps.",
)
@click.option(
    "--columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    callback=_pairs,
    help="Which column of the log holds a field; repeatable.",
)
@click.option("--zone", default="UTC", show_default=True, help="Time zone of times that state none.")
@click.option(
    "--retry-within",
    "retry_within_s",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="S",
    help="Seconds after a failed call in which the next like it is the same task.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("imported"),
    show_default=True,
    metavar="DIR",
    help="Folder to put the market in.",
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
