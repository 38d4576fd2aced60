"""``coalesce-sim sweep``: many settings, many replications, a store that can be gone on with."""

from __future__ import annotations

from typing import Any

import click

from coalesce_sim.cli.contract import Output, output_options
from coalesce_sim.cli.display import sweep_display
from coalesce_sim.cli.sweeping import confirm, playing_options, request_options, yes_option
from coalesce_sim.cli.work import failures_told
from coalesce_sim.scenario.problems import Mark
from coalesce_sim.sweeps.request import Playing, Request


def _request(
    source: str,
    vary: tuple[str, ...],
    overrides: tuple[str, ...],
    replications: int | None,
    until: str | None,
    design: str | None,
    seed: int | None,
) -> Request:
    return Request(source, vary, overrides, _replications(replications, until), _design(design), seed)


@click.command("sweep")
@request_options(
    _request,
    click.option(
        "--until",
        metavar="METRIC=WIDTH",
        help="Play each point until the 95 % interval of METRIC is within ±WIDTH, as in cost_reduction=1.0, "
        "or '{metric: cost_reduction, half_width: 1.0, cap: 200}'.",
    ),
    click.option(
        "--design",
        metavar="DESIGN",
        help="grid, latin_hypercube=N or sobol=N; the file's, or grid, by default.",
    ),
)
@playing_options("results/NAME", extend="Go on with a folder whose sweep had fewer levels or replications.")
@yes_option
@output_options
def command(request: Request, playing: Playing, yes: bool, output: Output) -> None:
    """Play all design points of SWEEP, a sweep file, and keep every run.

    What is there already is not played again: after an interruption, however it came, the same command goes
    on. The folder of results gets runs.parquet (a row a run), points.csv (a row a design point, with 95 %
    intervals) and outcome.json. Exit code 1 if runs failed; they are kept with their errors, see
    --retry-failed.
    """
    from coalesce_sim.report.sweeps import print_sweep
    from coalesce_sim.sweeps.running import perform, prepare

    with failures_told():
        plan = prepare(request)
    if not yes:
        confirm(plan, playing.jobs)
    with failures_told(), sweep_display(shown=not output.quiet) as tell:
        result = perform(plan, playing, tell)
    output.tell(result.summary, lambda screen: print_sweep(screen, result))
    if failed := len(result.failed_rows):
        raise click.ClickException(f"{failed:,} runs failed; --retry-failed plays them again")


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
