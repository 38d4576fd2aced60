"""Who can be given work in a market, and what is known of how well each does it."""

from __future__ import annotations

from coalesce_sim.scenario.pool import Contractor, DrawnPool
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.routes import HOME
from coalesce_sim.scenario.schema import Scenario


def contractors(scenario: Scenario) -> list[Contractor]:
    """The contractors, by name.

    Raises `ScenarioError` where they are not listed one by one: nobody can be told to hire a seller who is
    another one in every replication, or whose prices stand elsewhere.
    """
    if isinstance(scenario.contractors, list):
        return scenario.contractors
    how = (
        "are drawn anew in every replication"
        if isinstance(scenario.contractors, DrawnPool)
        else "stand in files"
    )
    message = f"must be listed one by one for advice on whom to hire; these {how}"
    raise ScenarioError([Problem("", None, "contractors", message)])


def home_works(scenario: Scenario) -> bool:
    """Whether anything can be done at home."""
    return any(home.slots != 0 for home in scenario.clients.homes)


def known(scenario: Scenario, worker: str, kind: str) -> bool:
    """Whether it is known how good a worker is at a type of task: a contractor that states `outcomes` offers
    only for those types, and an own agent that is stated to have no success does nothing of it. Tasks in
    steps are done as well as their steps."""
    if steps := scenario.workload.types[kind].steps:
        return all(known(scenario, worker, each.type) for each in steps.values())
    if worker == HOME:
        homes = scenario.clients.homes
        return home_works(scenario) and all(
            home.outcomes is None or home.outcomes[kind].success != 0 for home in homes
        )
    outcomes = next(each.outcomes for each in contractors(scenario) if each.name == worker)
    return outcomes is None or kind in outcomes
