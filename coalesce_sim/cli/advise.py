"""``coalesce-sim advise``: what to outsource, to whom, what it saves, and how sure that is."""

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
from coalesce_sim.cli.scenario_warnings import print_warnings
from coalesce_sim.cli.work import (
    core_option,
    cores,
    failures_told,
    jobs_option,
    out_option,
    progress_bar,
    replications_option,
)

if TYPE_CHECKING:
    from coalesce_sim.advice.exporting import Format
    from coalesce_sim.experiments.cores import AskedCore


@click.command("advise")
@scenario_argument
@click.option(
    "--export",
    "exports",
    multiple=True,
    type=click.Choice(["litellm", "json"]),
    help="Write the routing as a file for a gateway, too; repeatable.",
)
@click.option(
    "--extrapolate",
    is_flag=True,
    help="Tell amounts by the month even of less than a day of tasks.",
)
@seed_option
@replications_option
@jobs_option
@core_option
@set_option
@out_option("results/NAME-advice")
@output_options
def command(
    source: str,
    exports: tuple[Format, ...],
    extrapolate: bool,
    seed: int | None,
    replications: int | None,
    jobs: int | None,
    core: AskedCore,
    overrides: tuple[str, ...],
    out: Path | None,
    output: Output,
) -> None:
    """Say which tasks of SCENARIO should go to whom, what that saves, and how sure it is.

    Plays today's routing, where the tasks are logged, all at home, the best static routings by type and by
    length of prompts, and policies that learn, on the same tasks and luck. Prints who should do what, what
    that changes a month in cash, delay and losses, what would turn the advice, from which success rate
    workers would be worth it who are not known to do a type well, and what was assumed. The folder of results
    gets advice.json, advice.md, jobs.csv and three figures, at the end or, after an error or Ctrl-C, none.
    """
    scenario = load_ready(source, overrides)
    from coalesce_sim.advice.workers import contractors
    from coalesce_sim.report.advice.table import print_advice
    from coalesce_sim.report.advice.writing import AdviceOrigin, write_advice

    contractors(scenario)
    if out is None:
        folder = default_folder(scenario)
        out = folder.with_name(f"{folder.name}-advice")
    origin = AdviceOrigin(
        source,
        overrides,
        scenario,
        scenario.seed if seed is None else seed,
        scenario.replications if replications is None else replications,
        extrapolate=extrapolate,
        exports=tuple(dict.fromkeys(exports)),
    )
    if not output.quiet:
        print_warnings(scenario)
    with failures_told(), progress_bar(shown=not output.quiet) as progress:
        written = write_advice(origin, out, jobs=jobs or cores(), core=core, progress=progress)
    output.tell(written.summary, lambda screen: print_advice(screen, written))
