"""What keeps those who cheat from doing so."""

from __future__ import annotations

from collections.abc import Iterator

from coalesce_sim.experiments.diagnosis.who_works import pool_size
from coalesce_sim.scenario import learners
from coalesce_sim.scenario.adversaries import ExplorationFarming, FirstMover, SlotBlocking
from coalesce_sim.scenario.policy import Custom, PolicySettings, Random
from coalesce_sim.scenario.schema import Scenario

_TRY_PEOPLE_OUT = (
    Custom,
    Random,
    learners.Exp3,
    learners.LinUcb,
    learners.Thompson,
    learners.ThompsonGaussian,
    learners.DiscountedThompson,
    learners.Ucb1,
    learners.UcbV,
    learners.DiscountedUcb,
    learners.SlidingWindowUcb,
    learners.BudgetedUcb,
)


def cheats_without_a_chance(scenario: Scenario) -> Iterator[str]:
    """Sentences on strategies that nobody follows, and on those that can earn nothing."""
    explores = any(_explores(chosen) for _, chosen in scenario.policies)
    of = {"share": pool_size(scenario), "clients": scenario.clients.total}
    for index, chosen in enumerate(scenario.adversaries):
        place = f"adversaries[{index}]"
        for field, total in of.items():
            share = getattr(chosen.who, field)
            if share is not None and round(share * total) == 0:
                yield f"{place}.who.{field}: {share:g} of {total} is nobody"
        if isinstance(chosen, FirstMover) and scenario.clients.position_bias == 0:
            yield f"{place}: first_mover lives on clients.position_bias, which is 0"
        unlimited = all(facts.slots == "unlimited" for _, facts in scenario.facts)
        if isinstance(chosen, SlotBlocking) and unlimited and scenario.facts:
            yield f"{place}: slot_blocking takes slots, which are unlimited"
        if isinstance(chosen, ExplorationFarming) and not explores:
            kinds = dict.fromkeys(getattr(policy, "kind", "") for _, policy in scenario.policies)
            which = f"which {' and '.join(kinds)} {'does' if len(kinds) == 1 else 'do'} not"
            yield f"{place}: exploration_farming lives on policies that try people out, {which}"


def _explores(policy: PolicySettings) -> bool:
    """Whether a policy hires anybody for something else than what it expects of it."""
    epsilon = getattr(policy, "epsilon", None)
    return isinstance(policy, _TRY_PEOPLE_OUT) if epsilon is None else epsilon > 0
