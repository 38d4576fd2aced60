"""``coalesce-sim sensitivity``: which factors of a sweep a metric depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from coalesce_sim.cli.contract import Output, output_options
from coalesce_sim.cli.display import sweep_display
from coalesce_sim.cli.sweeping import confirm, playing_options, request_options, yes_option
from coalesce_sim.cli.work import failures_told
from coalesce_sim.sweeps.request import Playing, Request

if TYPE_CHECKING:
    from coalesce_sim.sweeps.plan import Plan


@click.command("sensitivity")
@click.option(
    "--method",
    type=click.Choice(["sobol", "morris"]),
    default="sobol",
    show_default=True,
    help="Sobol indices, or Morris screening, which takes far fewer runs.",
)
@click.option(
    "--metric", default="cost_reduction", show_default=True, help="What the factors are to explain."
)
@click.option(
    "--samples",
    type=click.IntRange(2, 1_000_000),
    metavar="N",
    help="For Sobol a power of 2, 128 by default: N × (factors + 2) design points; for Morris the number of "
    "trajectories, 20 by default: N × (factors + 1).",
)
@request_options(Request)
@playing_options("results/NAME-METHOD", extend="Go on with a folder that has fewer samples or replications.")
@yes_option
@output_options
def command(
    request: Request,
    method: Literal["sobol", "morris"],
    metric: str,
    samples: int | None,
    playing: Playing,
    yes: bool,
    output: Output,
) -> None:
    """Say which factors of SWEEP, a sweep file, a metric depends on.

    Ranges ({uniform: [a, b]}, {log_uniform: [a, b]}, {integers: [a, b]}) are sampled evenly, and the levels
    of other factors are equally likely; the file's own design is not used. Like a sweep it goes on where it
    was interrupted. The folder of results gets sensitivity.json beside a sweep's files; `coalesce-sim plot`
    draws it.
    """
    from coalesce_sim.report.sensitivity.table import print_sensitivity
    from coalesce_sim.sensitivity.study import perform_study

    plan = _prepared(request, method=method, metric=metric, samples=samples)
    if not yes:
        confirm(plan, playing.jobs)
    with failures_told(), sweep_display(shown=not output.quiet) as tell:
        study = perform_study(plan, metric, playing, tell)
    output.tell(study.summary, lambda screen: print_sensitivity(screen, study))


def _prepared(request: Request, **asked: Any) -> Plan:
    """The plan, or what is wrong with what was asked: exit code 2, before anything runs."""
    from coalesce_sim.metrics import UnknownMetric
    from coalesce_sim.scenario.problems import ScenarioError
    from coalesce_sim.sensitivity.study import prepare_study

    with failures_told():
        try:
            return prepare_study(request, **asked)
        except (ScenarioError, UnknownMetric):
            raise
        except ValueError as error:  # samples, or factors, that the method cannot do with
            raise click.UsageError(str(error)) from error
