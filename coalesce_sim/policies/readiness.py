"""Whether the policies of a scenario can be had, before anything is played."""

from __future__ import annotations

from coalesce_sim.own_code import may_import
from coalesce_sim.policies.registry import PolicyError, create
from coalesce_sim.scenario.policy import Custom
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario


def check_policies(scenario: Scenario, source: str) -> None:
    """Make each policy of the scenario that `source` names, but for code that may not be imported here.

    Raises `ScenarioError` with the first that cannot be made, and where it stands.
    """
    for place, chosen in scenario.policies:
        if isinstance(chosen, Custom) and not may_import(chosen.class_):
            continue
        try:
            create(chosen)
        except PolicyError as error:
            told = str(error) if place == "policy" else f"{place}: {error}"
            raise ScenarioError([Problem(source, None, "", told)]) from error
