"""``coalesce-sim optimize``: the settings that serve a metric best, validated on fresh seeds."""

from __future__ import annotations

from pathlib import Path

import click

from coalesce_sim.cli.contract import (
    console,
    json_option,
    print_json,
    scenario_argument,
    seed_option,
    set_option,
)
from coalesce_sim.cli.run import default_folder
from coalesce_sim.cli.sweep import repeated
from coalesce_sim.cli.warnings import print_warnings
from coalesce_sim.cli.work import cores, failures_told, jobs_option, out_option, progress_bar, quiet_option


@click.command("optimize")
@scenario_argument
@click.option("--maximize", metavar="METRIC", help="The metric whose mean is to be large.")
@click.option("--minimize", metavar="METRIC", help="The metric whose mean is to be small.")
@click.option(
    "--over",
    multiple=True,
    metavar="PATH=VALUES",
    help="A field to search over: a:b for a range, a,b,c for choices; repeatable.",
)
@click.option(
    "--subject-to",
    multiple=True,
    metavar="METRIC>=BOUND",
    help="What the mean of a metric must keep, >= or <=; 0.9 of a metric in percent is 90 %, 0.9% is 0.9 %; "
    "repeatable.",
)
@click.option(
    "--trials",
    type=click.IntRange(1, 100_000),
    default=64,
    show_default=True,
    metavar="N",
    help="Settings to try.",
)
@click.option(
    "--replications",
    type=click.IntRange(1, 1_000_000),
    default=10,
    show_default=True,
    metavar="N",
    help="How often to play each trial, always on the same random numbers.",
)
@click.option(
    "--validate-replications",
    type=click.IntRange(2, 1_000_000),
    default=50,
    show_default=True,
    metavar="N",
    help="How often to play the best setting, and the scenario's own, on a fresh seed.",
)
@seed_option
@jobs_option
@set_option
@out_option("results/NAME-optimize")
@json_option
@quiet_option
def command(
    source: str,
    maximize: str | None,
    minimize: str | None,
    over: tuple[str, ...],
    subject_to: tuple[str, ...],
    trials: int,
    replications: int,
    validate_replications: int,
    seed: int | None,
    jobs: int | None,
    overrides: tuple[str, ...],
    out: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Search the settings of SCENARIO that serve a metric best, under constraints.

    Prints the best setting with the search's figures, which flatter, beside those of a fresh seed, which do
    not, and those of the scenario's own settings. The folder of results gets optimisation.json, trials.csv
    and a figure, all of them at the end or, after an error or Ctrl-C, none. Exit code 1 if no trial keeps all
    constraints, if the validated setting is shown to break one, or if runs failed; 0 where it is neither
    shown to break a constraint nor to keep it, which is printed and is the "outcome" in --json.
    """
    from coalesce_sim.optimisation.question import question
    from coalesce_sim.report.optimisation.table import print_optimisation
    from coalesce_sim.report.optimisation.writing import record

    if (maximize is None) == (minimize is None):
        raise click.UsageError("give either --maximize METRIC or --minimize METRIC")
    asked = question(
        source,
        maximise=maximize,
        minimise=minimize,
        over=over,
        subject_to=subject_to,
        seed=seed,
        overrides=overrides,
    )
    if out is None:
        folder = default_folder(asked.own)
        out = folder.with_name(f"{folder.name}-optimize")
    if not quiet:
        print_warnings(asked.own)
    with failures_told(), progress_bar(shown=not quiet) as progress:
        recorded = record(
            asked,
            out,
            trials=trials,
            replications=replications,
            validation_replications=validate_replications,
            jobs=jobs or cores(),
            command=repeated(),
            progress=progress,
        )
    if as_json:
        print_json(recorded.summary)
    elif not quiet:
        print_optimisation(console(), recorded)
    if recorded.optimisation.outcome not in ("found", "not shown") or recorded.optimisation.failed:
        raise click.exceptions.Exit(1)
