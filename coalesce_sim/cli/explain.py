"""``coalesce-sim explain``: one decision told in full."""

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
from coalesce_sim.cli.work import core_option, failures_told

if TYPE_CHECKING:
    from coalesce_sim.experiments.cores import AskedCore


@click.command("explain")
@scenario_argument
@click.option(
    "--task", type=click.IntRange(min=0), required=True, metavar="N", help="Number of the task, from 0."
)
@seed_option
@click.option(
    "--replication",
    type=click.IntRange(0, 1_000_000),
    default=0,
    show_default=True,
    metavar="R",
    help="Which replication, from 0.",
)
@core_option
@set_option
@json_option
def command(
    source: str,
    task: int,
    seed: int | None,
    replication: int,
    core: AskedCore,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Tell the decision on a task in full: costs, skills, scores, verdict, and what came of it.

    Besides: what the opportunity cost at home is made of; with TOPSIS, which criterion lost a cheaper
    contractor how much; and the smallest change of one price, of a threshold and of the exploration draw that
    would have sent the task elsewhere, found by asking the policy again.

    Where contracts may come to nothing, all decisions on the task, each with its contract. The number of a
    task, its replication and the seed are those in decisions.parquet.
    """
    import dataclasses

    scenario = load_ready(source, overrides)
    from coalesce_sim.report.explain import print_explanation
    from coalesce_sim.report.explanation import explain

    try:
        with failures_told():
            told = explain(scenario, scenario.seed if seed is None else seed, replication, task, core)
    except LookupError as error:
        raise click.BadParameter(str(error), param_hint="--task") from error
    if as_json:
        print_json(dataclasses.asdict(told))
    else:
        print_explanation(console(), told)
