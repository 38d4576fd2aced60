"""``coalesce-sim frictions``: what is left of savings when payment is real, and what each rule costs."""

from __future__ import annotations

from pathlib import Path

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
from coalesce_sim.cli.scenario_warnings import print_averaged, print_warnings
from coalesce_sim.cli.work import (
    cores,
    failures_told,
    jobs_option,
    out_option,
    progress_bar,
    replications_option,
)


@click.command("frictions")
@scenario_argument
@seed_option
@replications_option
@jobs_option
@set_option
@out_option("results/NAME-frictions")
@output_options
def command(
    source: str,
    seed: int | None,
    replications: int | None,
    jobs: int | None,
    overrides: tuple[str, ...],
    out: Path | None,
    output: Output,
) -> None:
    """Say how much of what SCENARIO saves survives settlement and compliance, friction by friction.

    Plays the market without what its sections settlement and compliance state, and switches that on one
    after another, on the same random numbers: escrow, each fee, pay, fx, disputes, charge-backs, failures,
    funds, then each rule. Prints what each takes of the saving, in USD a task with 95 % intervals, the two
    largest in both orders, what each rule costs, and who bears what. The folder of results gets
    frictions.json, runs.parquet (a row a market and replication), waterfall.csv, rules.csv and waterfall.png,
    at the end or, after an error or Ctrl-C, none.
    """
    scenario = load_ready(source, overrides)
    from coalesce_sim.frictions.switching import steps_of
    from coalesce_sim.report.frictions.table import print_study
    from coalesce_sim.report.frictions.writing import FrictionOrigin, write_study
    from coalesce_sim.sweeps.plays import Plays

    steps = steps_of(scenario)
    if out is None:
        folder = default_folder(scenario)
        out = folder.with_name(f"{folder.name}-frictions")
    origin = FrictionOrigin(
        source,
        overrides,
        scenario,
        scenario.seed if seed is None else seed,
        scenario.replications if replications is None else replications,
    )
    if not output.quiet:
        print_warnings(scenario)
        print_averaged(scenario)
    with (
        failures_told(),
        progress_bar(shown=not output.quiet) as progress,
        Plays(None, seed=origin.seed, jobs=jobs or cores()) as player,
    ):
        written = write_study(origin, steps, player, out, progress=progress)
    output.tell(written.summary, lambda screen: print_study(screen, written))
