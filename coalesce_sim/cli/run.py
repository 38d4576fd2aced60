"""``coalesce-sim run``: play a scenario, print what it came to, write it down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coalesce_sim.cli.contract import (
    Output,
    load_ready,
    output_options,
    scenario_argument,
    seed_option,
    set_option,
)
from coalesce_sim.cli.scenario_warnings import print_observed, print_warnings
from coalesce_sim.cli.work import (
    core_option,
    cores,
    failures_told,
    figures_option,
    jobs_option,
    out_option,
    progress_bar,
    replications_option,
)

if TYPE_CHECKING:
    from coalesce_sim.experiments.cores import AskedCore
    from coalesce_sim.scenario.schema import Scenario


@click.command("run")
@scenario_argument
@seed_option
@replications_option
@jobs_option
@set_option
@core_option
@out_option("results/NAME")
@click.option(
    "--detail",
    type=click.Choice(["offers"]),
    help="Also write offers.parquet: one row per decision and contractor.",
)
@figures_option
@output_options
def command(
    source: str,
    seed: int | None,
    replications: int | None,
    jobs: int | None,
    core: AskedCore,
    overrides: tuple[str, ...],
    out: Path | None,
    detail: str | None,
    figures: bool,
    output: Output,
) -> None:
    """Play SCENARIO and write down every decision.

    Prints what outsourcing saved and who got the work. The folder of results gets summary.json,
    decisions.parquet, timeline.parquet, routing.parquet and three figures; where the market learns,
    contracts.parquet, ratings.parquet, estimation_error.parquet and two figures more. They all appear at the
    end or, after an error or Ctrl-C, not at all.
    """
    scenario = load_ready(source, overrides)
    from coalesce_sim.provenance import Origin
    from coalesce_sim.report.table import print_run
    from coalesce_sim.report.writing import write_run

    seed = scenario.seed if seed is None else seed
    count = scenario.replications if replications is None else replications
    origin = Origin(source, overrides, scenario, seed, count, offers=detail == "offers", figures=figures)
    jobs = min(count, jobs or cores())
    if not output.quiet:
        print_warnings(scenario)
    with failures_told(), progress_bar(shown=not output.quiet) as progress:
        written = write_run(origin, out or default_folder(scenario), jobs=jobs, core=core, progress=progress)
    output.tell(written.summary, lambda screen: print_run(screen, written))
    if not output.quiet:
        print_observed(written.result.observed)


def default_folder(scenario: Scenario) -> Path:
    """``results/NAME``; raises `click.UsageError` for a name that cannot be one folder."""
    from coalesce_sim.files import is_folder_name

    if not is_folder_name(scenario.name):
        raise click.UsageError(f"name: {scenario.name!r} cannot be the name of a folder; give one with --out")
    return Path("results") / scenario.name
