"""The same market in which the same agents behave, and in which they are not there."""

from __future__ import annotations

from collections.abc import Sequence

from coalesce_sim.scenario.adversaries import Absent, AdversarySettings, Honest
from coalesce_sim.scenario.schema import Scenario


def honest(scenario: Scenario) -> Scenario:
    """The *honest* twin: who joins is there and behaves, and all others are as if nobody cheated."""
    joins = [
        Honest(kind="honest", who=each.who) for each in scenario.adversaries if each.who.join is not None
    ]
    return with_adversaries(scenario, joins)


def absent(scenario: Scenario) -> Scenario | None:
    """The *absent* twin: the contractors that cheat never enter. None where clients cheat: without them their
    tasks would not be there."""
    if any(each.who.clients is not None for each in scenario.adversaries):
        return None
    there = [each for each in scenario.adversaries if each.who.join is None]
    return with_adversaries(scenario, [Absent(kind="absent", who=each.who) for each in there])


def with_adversaries(scenario: Scenario, adversaries: Sequence[AdversarySettings]) -> Scenario:
    """The same market with these who cheat."""
    return scenario.model_copy(update={"adversaries": list(adversaries)})
