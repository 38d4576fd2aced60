"""``coalesce-sim doctor``: what keeps a market from working, with the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coalesce_sim.cli.contract import (
    console,
    json_option,
    load_ready,
    print_json,
    scenario_argument,
    seed_option,
    set_option,
)
from coalesce_sim.cli.work import core_option, cores, failures_told, jobs_option, progress_bar

if TYPE_CHECKING:
    from coalesce_sim.experiments.cores import AskedCore


@click.command("doctor")
@scenario_argument
@seed_option
@click.option(
    "--replications",
    type=click.IntRange(1, 100_000),
    default=5,
    show_default=True,
    metavar="N",
    help="How often to play before judging.",
)
@jobs_option
@core_option
@set_option
@json_option
def command(
    source: str,
    seed: int | None,
    replications: int,
    jobs: int | None,
    core: AskedCore,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Play SCENARIO a few times and say what is wrong with its market.

    Looks for the signatures of failure that the paper names, and some more: low outsourcing and what
    stands in its way, scores that tell nobody apart, a cold start, exploration that is not as set, estimates
    far from what is realised, faults; and all that `run` tells. Each finding comes with its numbers and
    settings to look at. An inherited setting is played once more without. Writes no files. To find
    something is no failure: the exit code is 0 if the scenario was played.
    """
    scenario = load_ready(source, overrides)
    from coalesce_sim.experiments.diagnosis.doctor import doctor
    from coalesce_sim.report.doctor import print_diagnosis

    with failures_told(), progress_bar(shown=not as_json) as progress:
        diagnosis = doctor(
            scenario,
            seed=seed,
            replications=replications,
            jobs=jobs or cores(),
            core=core,
            progress=lambda done: progress(done / replications),
        )
    if as_json:
        print_json(diagnosis.summary)
    else:
        print_diagnosis(console(), diagnosis)
