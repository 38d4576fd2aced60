"""``coalesce-sim optimize``: the settings that serve a metric best, validated on fresh seeds."""

from __future__ import annotations

from pathlib import Path

import click

from coalesce_sim.cli.contract import (
    Output,
    bundled,
    output_options,
    scenario_argument,
    seed_option,
    set_option,
)
from coalesce_sim.cli.run import default_folder
from coalesce_sim.cli.scenario_warnings import print_averaged, print_observed, print_warnings
from coalesce_sim.cli.sweeping import repeated
from coalesce_sim.cli.work import cores, failures_told, jobs_option, out_option, progress_bar
from coalesce_sim.optimisation.request import (
    REPLICATIONS,
    TRIALS,
    VALIDATION_REPLICATIONS,
    Effort,
    SearchRequest,
)


def _effort(trials: int, replications: int, validation_replications: int, jobs: int | None) -> Effort:
    return Effort(trials, replications, validation_replications, jobs or cores())


@click.command("optimize")
@bundled(
    "request",
    SearchRequest,
    scenario_argument,
    click.option("--maximize", "maximise", metavar="METRIC", help="The metric whose mean is to be large."),
    click.option("--minimize", "minimise", metavar="METRIC", help="The metric whose mean is to be small."),
    click.option(
        "--over",
        multiple=True,
        metavar="PATH=VALUES",
        help="A field to search over: a:b for a range, a,b,c for choices; repeatable.",
    ),
    click.option(
        "--subject-to",
        multiple=True,
        metavar="METRIC>=BOUND",
        help="What the mean of a metric must keep, >= or <=; 0.9 of a metric in percent is 90 %, 0.9% is "
        "0.9 %; repeatable.",
    ),
    seed_option,
    set_option,
)
@bundled(
    "effort",
    _effort,
    click.option(
        "--trials",
        type=click.IntRange(1, 100_000),
        default=TRIALS,
        show_default=True,
        metavar="N",
        help="Settings to try.",
    ),
    click.option(
        "--replications",
        type=click.IntRange(1, 1_000_000),
        default=REPLICATIONS,
        show_default=True,
        metavar="N",
        help="How often to play each trial, always on the same random numbers.",
    ),
    click.option(
        "--validate-replications",
        "validation_replications",
        type=click.IntRange(2, 1_000_000),
        default=VALIDATION_REPLICATIONS,
        show_default=True,
        metavar="N",
        help="How often to play the best setting, and the scenario's own, on a fresh seed.",
    ),
    jobs_option,
)
@out_option("results/NAME-optimize")
@output_options
def command(request: SearchRequest, effort: Effort, out: Path | None, output: Output) -> None:
    """Search the settings of SCENARIO that serve a metric best, under constraints.

    Prints the best setting with the search's figures, which flatter, beside those of a fresh seed, which do
    not, and those of the scenario's own settings. The folder of results gets optimisation.json, trials.csv
    and a figure, all of them at the end or, after an error or Ctrl-C, none. Exit code 1 if no trial keeps all
    constraints, if the validated setting is shown to break one, or if runs failed; 0 where it is neither
    shown to break a constraint nor to keep it, which is printed and is the "outcome" in --json.
    """
    from coalesce_sim.optimisation.question import question
    from coalesce_sim.report.optimisation.table import print_optimisation
    from coalesce_sim.report.optimisation.writing import write_optimisation

    if (request.maximise is None) == (request.minimise is None):
        raise click.UsageError("give either --maximize METRIC or --minimize METRIC")
    asked = question(request)
    if out is None:
        folder = default_folder(asked.own)
        out = folder.with_name(f"{folder.name}-optimize")
    if not output.quiet:
        print_warnings(asked.own)
        print_averaged(asked.own)
    with failures_told(), progress_bar(shown=not output.quiet) as progress:
        written = write_optimisation(asked, effort, out, command=repeated(), progress=progress)
    output.tell(written.summary, lambda screen: print_optimisation(screen, written))
    if not output.quiet:
        print_observed(written.result.observed)
    if written.result.outcome not in ("found", "not shown") or written.result.failed:
        raise click.exceptions.Exit(1)
