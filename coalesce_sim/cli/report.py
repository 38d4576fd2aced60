"""``coalesce-sim report``: results as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from coalesce_sim.cli.contract import json_option, print_json


@click.command("report")
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "--y",
    "metrics",
    multiple=True,
    metavar="METRIC",
    help="A metric to show, as in cost_reduction; repeatable. The first decides which point is best.",
)
@click.option("--title", help="The heading; that of the results by default.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="The file; RESULTS/report.html by default."
)
@json_option
def command(
    results: Path, metrics: tuple[str, ...], title: str | None, out: Path | None, as_json: bool
) -> None:
    """Tell the results in the folder RESULTS on one page that opens without a network.

    RESULTS is a folder that sweep, sensitivity, compare, run or frictions has written. The page has the
    answer in a sentence, curves to point at, tables to sort, the scenario, what went wrong and where all of
    it came from.
    """
    from coalesce_sim.cli.work import failures_told
    from coalesce_sim.report.html.writing import write_report

    with failures_told():
        written = write_report(results, metrics=metrics, title=title, out=out)
    if as_json:
        print_json(written.summary)
        return
    for sentence in written.answer:
        click.echo(sentence)
    click.echo(f"\nWritten to {written.path} ({written.bytes / 1e6:.1f} MB)")
