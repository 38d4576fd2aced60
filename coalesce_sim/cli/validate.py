"""``coalesce-sim validate``: is a scenario fit to run, or a sweep?"""

from __future__ import annotations

import dataclasses
from contextlib import nullcontext

import click

from coalesce_sim.cli.contract import (
    json_option,
    load_ready,
    print_aside,
    print_json,
    scenario_argument,
    set_option,
)
from coalesce_sim.cli.scenario_warnings import print_warnings
from coalesce_sim.scenario.problems import ScenarioError


@click.command("validate")
@scenario_argument
@set_option
@click.option(
    "--import",
    "imports",
    is_flag=True,
    help="Also import the policies and embedders that it names by class, which executes their code.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context, source: str, overrides: tuple[str, ...], imports: bool, as_json: bool
) -> None:
    """Check SCENARIO, or a sweep file, without running it.

    Its data files are read and its policy is made, so that what passes will run; of a sweep every level of
    every factor is tried once. Code that it names (`class`) is executed with --import alone.
    """
    from coalesce_sim.own_code import nothing_imported

    try:
        with nullcontext() if imports else nothing_imported() as left_out:
            told = _checked(source, overrides)
    except ScenarioError as error:
        if not as_json:
            raise
        problems = [dataclasses.asdict(problem) for problem in error.problems]
        print_json({"valid": False, "problems": problems})
        ctx.exit(2)
    if left_out:
        print_aside(f"note: not imported, and so not checked: {', '.join(left_out)} (see --import)")
    if as_json:
        print_json({"valid": True, "problems": []})
    else:
        click.echo(f"ok: {told}")


def _checked(source: str, overrides: tuple[str, ...]) -> str:
    """What was found to be right. Raises `ScenarioError`."""
    from coalesce_sim.sweeps.specification import is_sweep

    if is_sweep(source):
        from coalesce_sim.sweeps.request import Request
        from coalesce_sim.sweeps.running import prepare

        plan = prepare(Request(source, overrides=overrides))
        return f"{plan.specification.name}: {len(plan.design):,} design points"
    from coalesce_sim.market.hired import hired_is_drawn

    scenario = load_ready(source, overrides)
    hired_is_drawn(scenario, scenario.seed, range(scenario.replications))
    print_warnings(scenario)
    return f"{scenario.name}: {scenario.title}"
