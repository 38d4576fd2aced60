"""``coalesce-sim init``: a market for those who have no log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coalesce_sim.cli.contract import Output, output_options
from coalesce_sim.cli.work import failures_told

if TYPE_CHECKING:
    from rich.console import Console

    from coalesce_sim.logs.begun import Begun


@click.command("init")
@click.option(
    "--answers",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="YAML file with the answers; without it they are asked for.",
)
@click.option(
    "--prices",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="CSV file of prices of sellers, as for import.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("market"),
    show_default=True,
    metavar="DIR",
    help="Folder to put the market in.",
)
@output_options
def command(answers: Path | None, prices: str | None, out: Path, output: Output) -> None:
    """Make a market of a few answers, for those who have no log.

    Asks which tasks there are and what is wanted of them, what is at home, who else sells, and how good each
    is. Written are market.yaml, which says of every number whether it was answered or assumed,
    requests.parquet, drawn from the answers by a seed, and answers.yaml, from which the same comes again.
    """
    from coalesce_sim.cli.questions import ask
    from coalesce_sim.logs.answers import read_answers
    from coalesce_sim.logs.begun import begin

    with failures_told():
        asked = read_answers(ask(prices) if answers is None else answers, prices)
        begun = begin(asked, out)
    output.tell(begun.summary, lambda screen: _show(screen, begun))


def _show(screen: Console, begun: Begun) -> None:
    from coalesce_sim.report.layout import print_wrapped

    for line in begun.lines:
        print_wrapped(screen, line, hang="  ")
    names = [Path(name).name for name in begun.summary["outputs"]]
    print_wrapped(screen, f"{begun.folder}: {', '.join(names)}")
    screen.print(f"next: {begun.next_command}")
