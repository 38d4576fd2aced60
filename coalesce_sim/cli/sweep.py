"""``coalesce-sim sweep``: many settings, many replications, a store that can be gone on with."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coalesce_sim.cli.contract import PROGRAM, console, json_option, print_json, seed_option, set_option
from coalesce_sim.cli.display import sweep_display
from coalesce_sim.cli.work import failures_told, jobs_option, out_option, quiet_option
from coalesce_sim.numbers import duration
from coalesce_sim.scenario.problems import Mark

if TYPE_CHECKING:
    from coalesce_sim.sweeps.plan import Plan

vary_option = click.option(
    "--vary",
    multiple=True,
    metavar="PATH=LEVELS",
    help="A field to vary: a:b:n for n levels from a to b, a:b for a range, or a,b,c; repeatable. With it, "
    "SWEEP may be a scenario.",
)
engine_option = click.option(
    "--engine",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help="Who plays runs.",
)
scheduler_option = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Of a Dask cluster, as in tcp://10.0.0.1:8786; by default one is started on this machine.",
)
retry_option = click.option(
    "--retry-failed",
    is_flag=True,
    help="Play runs again that failed; with --extend if a policy's code was mended.",
)


@click.command("sweep")
@click.argument("source", metavar="SWEEP")
@vary_option
@set_option
@click.option(
    "--replications",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="How often to play each design point; the file's, or the scenario's, by default.",
)
@click.option(
    "--until",
    metavar="METRIC=WIDTH",
    help="Play each point until the 95 % interval of METRIC is within ±WIDTH, as in cost_reduction=1.0, or "
    "'{metric: cost_reduction, half_width: 1.0, cap: 200}'.",
)
@click.option(
    "--design",
    metavar="DESIGN",
    help="grid, latin_hypercube=N or sobol=N; the file's, or grid, by default.",
)
@seed_option
@jobs_option
@engine_option
@scheduler_option
@out_option("results/NAME")
@click.option(
    "--extend", is_flag=True, help="Go on with a folder whose sweep had fewer levels or replications."
)
@retry_option
@click.option("--yes", is_flag=True, help="Do not ask before more than 100,000 runs.")
@json_option
@quiet_option
def command(
    source: str,
    vary: tuple[str, ...],
    overrides: tuple[str, ...],
    replications: int | None,
    until: str | None,
    design: str | None,
    seed: int | None,
    jobs: int | None,
    engine: str,
    scheduler: str | None,
    out: Path | None,
    extend: bool,
    retry_failed: bool,
    yes: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Play all design points of SWEEP, a sweep file, and keep every run.

    What is there already is not played again: after an interruption, however it came, the same command goes
    on. The folder of results gets runs.parquet (a row a run), points.csv (a row a design point, with 95 %
    intervals) and outcome.json. Exit code 1 if runs failed; they are kept with their errors, see
    --retry-failed.
    """
    from coalesce_sim.report.sweeps import print_sweep
    from coalesce_sim.sweeps.running import perform, prepare

    if scheduler is not None and engine != "dask":
        raise click.UsageError("--scheduler: only with --engine dask")
    with failures_told():
        plan = prepare(
            source,
            vary=vary,
            overrides=overrides,
            replications=_replications(replications, until),
            design=_design(design),
            seed=seed,
        )
    if not yes:
        confirm(plan, jobs)
    with failures_told(), sweep_display(shown=not quiet) as tell:
        result = perform(
            plan,
            out=out,
            jobs=jobs,
            engine=engine,
            scheduler=scheduler,
            extend=extend,
            retry_failed=retry_failed,
            command=repeated(),
            progress=tell,
        )
    if as_json:
        print_json(result.summary)
    elif not quiet:
        print_sweep(console(), result)
    if failed := len(result.failed_rows):
        raise click.ClickException(f"{failed:,} runs failed; --retry-failed plays them again")


def repeated() -> str:
    """The command as it was given, for a shell."""
    return shlex.join([PROGRAM, *sys.argv[1:]])


def confirm(plan: Plan, jobs: int | None) -> None:
    """Ask before a very large sweep, with the time that it may take; refuse where nobody can be asked."""
    from coalesce_sim.sweeps.running import MANY_RUNS, estimated_s

    runs = plan.runs_at_least
    if runs <= MANY_RUNS:
        return
    least = "" if isinstance(plan.replications, int) else "at least "
    takes = duration(estimated_s(plan, jobs))
    told = f"{least}{runs:,} runs ({len(plan.design):,} design points), about {takes}"
    if not sys.stdin.isatty():
        raise click.UsageError(f"{told}: say --yes to have them played")
    click.confirm(f"{told}. Play them?", abort=True, err=True)


def _replications(count: int | None, until: str | None) -> int | dict[str, Any] | None:
    if until is None:
        return count
    if count is not None:
        raise click.UsageError("--replications and --until exclude each other")
    if until.lstrip().startswith("{"):
        from coalesce_sim.sweeps.specification import read_value

        rule: dict[str, Any] = read_value(until, Mark("--until", None))
        return rule
    metric, _, width = until.partition("=")
    try:
        return {"metric": metric.strip(), "half_width": float(width)}
    except ValueError:
        raise click.BadParameter(
            f"must look like cost_reduction=1.0 (got {until!r})", param_hint="--until"
        ) from None


def _design(text: str | None) -> str | dict[str, Any] | None:
    if text is None or "=" not in text:
        return text
    name, _, points = text.partition("=")
    try:
        return {name.strip(): int(points)}
    except ValueError:
        message = f"the number of points must be a whole number (got {points!r})"
        raise click.BadParameter(message, param_hint="--design") from None
