"""Settings of those who cheat, and of what is done against them, that do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from coalesce_sim.experiments.diagnosis.unused.market import Asked
from coalesce_sim.experiments.diagnosis.unused.stated import Unused, stated
from coalesce_sim.scenario import learners
from coalesce_sim.scenario.adversaries import Cheap, FalseRatings, OwnAdversary, Withholding
from coalesce_sim.scenario.policy import Custom, PolicySettings

_SAY_WHEN_THEY_EXPLORE = (
    Custom,
    learners.Exp3,
    learners.LinUcb,
    learners.Ucb1,
    learners.UcbV,
    learners.DiscountedUcb,
    learners.SlidingWindowUcb,
    learners.BudgetedUcb,
)


def of_defences(asked: Asked) -> Iterator[Unused]:
    """Rules against what nobody here can do."""
    scenario = asked.scenario
    if not any(_says_when_it_explores(each) for each in asked.policies):
        places = stated(scenario.defences, "defences", "explore_at_most")
        yield Unused(places, "no policy says of a hire that it explores")
    if scenario.clients.position_bias == 0:
        places = stated(scenario.defences, "defences", "random_order")
        yield Unused(places, "clients.position_bias is 0")
    if not any(_rates_without_contracts(each) for each in scenario.adversaries):
        yield Unused(stated(scenario.defences, "defences", "ratings"), "nobody rates without a contract")

    if not any(isinstance(each, Withholding | OwnAdversary) for each in scenario.adversaries):
        places = stated(scenario.defences, "defences", "commitment")
        yield Unused(places, "nobody withholds slots")


def of_cheats(asked: Asked) -> Iterator[Unused]:
    """What cheap work is like that another does."""
    for index, each in enumerate(asked.scenario.adversaries):
        if isinstance(each, Cheap) and each.with_ is not None:
            places = stated(each, f"adversaries[{index}]", "success", "cost_factor")
            yield Unused(places, f"work is that of {each.with_}")


def _says_when_it_explores(policy: PolicySettings) -> bool:
    epsilon = getattr(policy, "epsilon", None)
    return isinstance(policy, _SAY_WHEN_THEY_EXPLORE) if epsilon is None else epsilon > 0


def _rates_without_contracts(adversary: object) -> bool:
    by_the_clock = isinstance(adversary, FalseRatings) and adversary.per_hour is not None
    return by_the_clock or isinstance(adversary, OwnAdversary)
