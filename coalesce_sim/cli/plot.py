"""``coalesce-sim plot``: a figure of results, for a paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from coalesce_sim.cli.contract import json_option, print_json
from coalesce_sim.cli.work import failures_told, out_option


@click.command("plot")
@click.argument("results", type=click.Path(path_type=Path), metavar="RESULTS")
@click.option("--x", metavar="FACTOR", help="What goes along the axis, as in policy.epsilon.")
@click.option("--y", metavar="METRIC", help="What is drawn; cost_reduction by default.")
@click.option("--by", metavar="FACTOR", help="A line for each of its values; in a heat map the other axis.")
@click.option(
    "--kind",
    type=click.Choice(["lines", "heat_map", "tornado", "learning", "timeline"]),
    help="By default tornado for a sensitivity analysis, timeline for a run, else lines.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="FACTOR=VALUE",
    help="Only runs with that value; repeatable, also for several values of a factor.",
)
@click.option(
    "--interval",
    type=click.Choice(["t", "bca"]),
    default="t",
    show_default=True,
    help="The 95 % intervals: Student's t, or the bootstrap, for skewed metrics.",
)
@out_option("RESULTS/figures")
@json_option
def command(results: Path, where: tuple[str, ...], out: Path | None, as_json: bool, **wanted: Any) -> None:
    """Draw the results in the folder RESULTS, which sweep, compare, run or sensitivity has written.

    Leaves a PNG, an SVG and a caption, which has the exact command, n and the kind of intervals. The title
    says what the tests show. Factors that are not drawn must be held at a value with --where.
    """
    from coalesce_sim.report.opening import open_folder
    from coalesce_sim.report.plots.folder import draw_results
    from coalesce_sim.report.plots.wanted import Wanted

    with failures_told():
        drawn = draw_results(open_folder(results), Wanted(where=_values(where), **wanted), out)
    if as_json:
        print_json(drawn.summary)
        return
    click.echo("\n".join([*drawn.missing, drawn.title]))
    folder, names = drawn.outputs[0].parent, ", ".join(path.name for path in drawn.outputs)
    click.echo(f"\nWritten to {folder}: {names}")


def _values(where: tuple[str, ...]) -> dict[str, list[Any]]:
    """By factor, the values that are to be kept, as they were typed."""
    kept: dict[str, list[Any]] = {}
    for each in where:
        factor, equals, value = each.partition("=")
        if not equals or not factor or not value:
            raise click.BadParameter("must look like skills.threshold=0.5", param_hint=f"--where {each}")
        kept.setdefault(factor, []).append(value)
    return kept
