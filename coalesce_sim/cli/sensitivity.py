"""``coalesce-sim sensitivity``: which factors of a sweep a metric depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from coalesce_sim.cli.contract import console, json_option, print_json, seed_option, set_option
from coalesce_sim.cli.display import sweep_display
from coalesce_sim.cli.sweep import (
    confirm,
    engine_option,
    repeated,
    retry_option,
    scheduler_option,
    vary_option,
)
from coalesce_sim.cli.work import failures_told, jobs_option, out_option, quiet_option

if TYPE_CHECKING:
    from coalesce_sim.sweeps.plan import Plan


@click.command("sensitivity")
@click.argument("source", metavar="SWEEP")
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
@vary_option
@set_option
@click.option(
    "--replications",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="How often to play each design point; the file's, or the scenario's, by default.",
)
@seed_option
@jobs_option
@engine_option
@scheduler_option
@out_option("results/NAME-METHOD")
@click.option("--extend", is_flag=True, help="Go on with a folder that has fewer samples or replications.")
@retry_option
@click.option("--yes", is_flag=True, help="Do not ask before more than 100,000 runs.")
@json_option
@quiet_option
def command(
    source: str,
    method: Literal["sobol", "morris"],
    metric: str,
    samples: int | None,
    vary: tuple[str, ...],
    overrides: tuple[str, ...],
    replications: int | None,
    seed: int | None,
    yes: bool,
    as_json: bool,
    quiet: bool,
    **playing: Any,
) -> None:
    """Say which factors of SWEEP, a sweep file, a metric depends on.

    Ranges ({uniform: [a, b]}, {log_uniform: [a, b]}, {integers: [a, b]}) are sampled evenly, and the levels
    of other factors are equally likely; the file's own design is not used. Like a sweep it goes on where it
    was interrupted. The folder of results gets sensitivity.json beside a sweep's files; `coalesce-sim plot`
    draws it.
    """
    from coalesce_sim.report.sensitivity.table import print_sensitivity
    from coalesce_sim.sensitivity.study import NoIndices, perform_study

    if playing["scheduler"] is not None and playing["engine"] != "dask":
        raise click.UsageError("--scheduler: only with --engine dask")
    plan = _prepared(
        source,
        method=method,
        metric=metric,
        samples=samples,
        vary=vary,
        replications=replications,
        seed=seed,
        overrides=overrides,
    )
    if not yes:
        confirm(plan, playing["jobs"])
    with failures_told(), sweep_display(shown=not quiet) as tell:
        try:
            study = perform_study(plan, metric, command=repeated(), progress=tell, **playing)
        except NoIndices as error:
            raise click.ClickException(str(error)) from error
    if as_json:
        print_json(study.summary)
    elif not quiet:
        print_sensitivity(console(), study)


def _prepared(source: str, **asked: Any) -> Plan:
    """The plan, or what is wrong with what was asked: exit code 2, before anything runs."""
    from coalesce_sim.metrics import UnknownMetric
    from coalesce_sim.scenario.problems import ScenarioError
    from coalesce_sim.sensitivity.study import prepare_study

    with failures_told():
        try:
            return prepare_study(source, **asked)
        except (ScenarioError, UnknownMetric):
            raise
        except ValueError as error:  # samples, or factors, that the method cannot do with
            raise click.UsageError(str(error)) from error
