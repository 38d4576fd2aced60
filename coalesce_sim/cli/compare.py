"""``coalesce-sim compare``: several policies on the same tasks and the same random numbers."""

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
from coalesce_sim.cli.run import default_folder
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


@click.command("compare")
@scenario_argument
@click.option(
    "--policies",
    metavar="A,B,…",
    help="What to compare, as in topsis,topsis(epsilon=0),my_module:MyPolicy; by default the scenario's own "
    "policy, always_local and cheapest.",
)
@seed_option
@replications_option
@jobs_option
@core_option
@set_option
@out_option("results/NAME-compare")
@figures_option
@output_options
def command(
    source: str,
    policies: str | None,
    seed: int | None,
    replications: int | None,
    jobs: int | None,
    core: AskedCore,
    overrides: tuple[str, ...],
    out: Path | None,
    figures: bool,
    output: Output,
) -> None:
    """Play several policies on the tasks of SCENARIO, on the same random numbers.

    Prints what each saves, to whom it gives the work, the differences with paired intervals, and the regret
    against oracle and best_fixed, which are played too, as is random: who saves no more than that has
    learned nothing. With more than 10,000 contractors these are played only when listed. A policy is the
    name of a kind, with parameters where they are not to be those of the scenario's policy of that kind or
    the default; module:Class; or `scenario` for the scenario's own. The folder of results gets
    comparison.json, runs.parquet, learning.parquet, routing.parquet and two figures, all of them at the end
    or, after an error or Ctrl-C, none.
    """
    scenario = load_ready(source, overrides)
    from coalesce_sim.experiments.words import split
    from coalesce_sim.report.comparison.table import print_comparison
    from coalesce_sim.report.comparison.writing import ComparisonOrigin, write_comparison

    listed = () if policies is None else tuple(split(policies))
    seed = scenario.seed if seed is None else seed
    count = scenario.replications if replications is None else replications
    origin = ComparisonOrigin(source, overrides, scenario, seed, count, figures=figures, policies=listed)
    if out is None:
        folder = default_folder(scenario)
        out = folder.with_name(f"{folder.name}-compare")
    if not output.quiet:
        print_warnings(scenario)
    with failures_told(), progress_bar(shown=not output.quiet) as progress:
        written = write_comparison(origin, out, jobs=jobs or cores(), core=core, progress=progress)
    output.tell(written.summary, lambda screen: print_comparison(screen, written))
    if not output.quiet:
        print_observed(written.result.observed)
