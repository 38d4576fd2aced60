"""``coalesce-sim calibrate``: what a scenario assumes, fitted to measured runs, and the error left."""

from __future__ import annotations

from pathlib import Path

import click

from coalesce_sim.calibration.options import HELP, HOLD_OUT, LIMIT
from coalesce_sim.cli.contract import Output, output_options, scenario_argument, seed_option
from coalesce_sim.cli.run import default_folder
from coalesce_sim.cli.sweeping import repeated
from coalesce_sim.cli.work import failures_told, out_option


@click.command("calibrate")
@scenario_argument
@click.option(
    "--runs",
    required=True,
    metavar="FILE",
    help="CSV file of measured runs, a row a run, such as the runs.csv that `import` writes.",
)
@click.option(
    "--hold-out",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=HOLD_OUT,
    show_default=True,
    metavar="SHARE",
    help=HELP["hold_out"],
)
@click.option(
    "--limit",
    type=click.FloatRange(0, min_open=True),
    default=LIMIT,
    show_default=True,
    metavar="PERCENT",
    help=HELP["limit"],
)
@seed_option
@out_option("that of a scenario's file, else results/NAME-calibrate,")
@output_options
def command(
    source: str,
    runs: str,
    hold_out: float,
    limit: float,
    seed: int | None,
    out: Path | None,
    output: Output,
) -> None:
    """Fit what SCENARIO assumes to measured runs, and tell the error that is left.

    Seconds, energy and memory at home, contractors' times and prices, the spread of times, how often work is
    good, and gaps between tasks, as far as FILE tells of them: each is fitted on a part of the runs, and its
    error told on the rest. The folder gets calibrated.yaml, which extends SCENARIO, calibration_draws.csv,
    joint draws of what was fitted, calibration.json and a figure. Exit code 1 if an error stays above the
    limit, which is then named.

    The section `calibration` of a scenario is another thing: by it clients correct their estimates while a
    market is played.
    """
    from coalesce_sim import bundled
    from coalesce_sim.calibration.study import calibrate
    from coalesce_sim.calibration.table import print_calibration
    from coalesce_sim.calibration.writing import write_calibration
    from coalesce_sim.loading import load

    scenario = load(source)
    if out is None and bundled.is_path(source):
        out = Path(source).parent
    elif out is None:
        folder = default_folder(scenario)
        out = folder.with_name(f"{folder.name}-calibrate")
    with failures_told():
        found = calibrate(scenario, runs, hold_out=hold_out, limit=limit, seed=seed)
        written = write_calibration(found, source, out, command=repeated())
    output.tell(written.summary, lambda screen: print_calibration(screen, written))
    if found.above:
        raise click.exceptions.Exit(1)
