"""What the compiled core plays; the rest is played by SimPy, and says so by name."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Final, Literal

from coalesce_sim.errors import CoalesceError
from coalesce_sim.policies import routes, yardsticks
from coalesce_sim.policies.bandits import budgeted, exp3, greedy, linear, thompson, ucb
from coalesce_sim.policies.protocol import Policy
from coalesce_sim.policies.topsis import Topsis
from coalesce_sim.scenario import learners
from coalesce_sim.scenario import policy as settings
from coalesce_sim.scenario.costs import TokenPrice
from coalesce_sim.scenario.reputation import SlidingWindowReputation, WhitbyReputation
from coalesce_sim.scenario.routes import Routes as RoutesSettings
from coalesce_sim.scenario.schema import Scenario

Core = Literal["simpy", "compiled"]
"""What can play a market."""


class CoreError(CoalesceError, ValueError):
    """Raised where the compiled core is asked for and does not play a scenario; the text says why."""


LEARNERS: Final[Mapping[type, type[Policy]]] = {
    learners.Greedy: greedy.Greedy,
    learners.EpsilonGreedy: greedy.EpsilonGreedy,
    learners.OptimisticGreedy: greedy.OptimisticGreedy,
    learners.AdaptiveThreshold: greedy.AdaptiveThreshold,
    learners.Ucb1: ucb.Ucb1,
    learners.UcbV: ucb.UcbV,
    learners.Thompson: thompson.Thompson,
    learners.ThompsonGaussian: thompson.ThompsonGaussian,
    learners.BudgetedUcb: budgeted.BudgetedUcb,
    learners.Exp3: exp3.Exp3,
    learners.LinUcb: linear.LinUcb,
}
"""The policies that learn, by their settings: each is compiled on its own, and told what comes of tasks."""

POLICIES: Final[Mapping[type, type[Policy]]] = {
    settings.Topsis: Topsis,
    settings.AlwaysLocal: yardsticks.AlwaysLocal,
    settings.AlwaysOutsource: yardsticks.AlwaysOutsource,
    settings.Cheapest: yardsticks.Cheapest,
    settings.Random: yardsticks.Random,
    settings.Fixed: yardsticks.Fixed,
    settings.AsLogged: yardsticks.AsLogged,
    RoutesSettings: routes.Routes,
    settings.BestFixed: yardsticks.BestFixed,
    settings.Oracle: yardsticks.Oracle,
    **LEARNERS,
}
"""The policies that are compiled, by their settings; others are asked in Python."""

_STILL: Final = frozenset(("queue_limit", "security_risk", "quality_risk", "slot_usd_per_h"))
_IN_BLOCKS: Final = frozenset((*POLICIES.values(), yardsticks.FixedChoice, yardsticks.Tally)).difference(
    LEARNERS.values()
)


def uncovered(scenario: Scenario) -> str | None:
    """Why the compiled core does not play this, in words that complete "it does not play …"; None if it does,
    whatever the policy and whoever watches.
    """
    for reason, applies in (of_contracts(scenario) if scenario.learning else {}).items():
        if applies:
            return reason
    return None if importlib.util.find_spec("numba") else "anything without numba"


def of_contracts(scenario: Scenario) -> dict[str, bool]:
    """All reasons there are where markets have contracts or learn, and which apply."""
    public = scenario.reputation
    model = None if public is None else public.model
    return {
        "those who cheat (adversaries, but for honest and absent)": _anybody_cheats(scenario),
        "defences but entry_fee_usd, commitment and ratings": _defences_bear_on_contracts(scenario),
        "clients who prefer early offers (clients.position_bias)": scenario.clients.position_bias > 0,
        "boxes that contractors are on (contractors.box)": any(
            facts.box is not None for _, facts in scenario.facts
        ),
        "boxes that go down (boxes.outages)": any(
            box.outages is not None for box in (scenario.boxes or {}).values()
        ),
        "incidents (contracts.security.incidents)": scenario.incidents is not None,
        "how contracts are paid (settlement)": scenario.settlement is not None,
        "rules about who may be hired (compliance)": scenario.compliance is not None,
        "reputation by a sliding window (reputation.model)": isinstance(model, SlidingWindowReputation),
        "reputation with Whitby's filter (reputation.model)": isinstance(model, WhitbyReputation),
        "contractors that give up (turnover.exit.in_the_red)": _gives_up(scenario),
        "machines that serve all their jobs at once (batch_curve)": _any_curve(scenario),
        "contractors whose queue_limit, risks, slot_usd_per_h or outcomes change": any(
            place.startswith("contractors") and (name in _STILL or name.startswith("outcomes."))
            for place, name, _ in scenario.moving
        ),
        "budgets that change (clients.groups.*.budget_usd_per_day)": any(
            name == "budget_usd_per_day" for _, name, _ in scenario.moving
        ),
    }


def _any_curve(scenario: Scenario) -> bool:
    curves = [facts.batch_curve for _, facts in scenario.facts]
    return any(curves) or any(home.batch_curve is not None for home in scenario.clients.homes)


def _anybody_cheats(scenario: Scenario) -> bool:
    """Twins of attacks are markets as any other, but for whose records a new contractor has."""
    joins = any(each.who.join is not None for each in scenario.adversaries)
    return scenario.anybody_cheats or (joins and scenario.records is not None)


def _defences_bear_on_contracts(scenario: Scenario) -> bool:
    """Fees by the clock and by name are worked out from who was there."""
    of_books = {"entry_fee_usd": 0.0, "commitment": None, "ratings": "any"}
    return scenario.defences.model_copy(update=of_books).any


def _gives_up(scenario: Scenario) -> bool:
    leaves = None if scenario.turnover is None else scenario.turnover.exit
    return leaves is not None and leaves.in_the_red is not None


def learns(policy: type[Policy]) -> bool:
    """Whether a policy is one of `LEARNERS`."""
    return policy in LEARNERS.values()


def is_changed(policy: Policy) -> bool:
    """Whether an object has methods of its own in place of its class's: it is asked in Python."""
    return not vars(policy).keys().isdisjoint(("start", "decide", "observe"))


def in_blocks(policy: type[Policy] | None, rules: settings.Topsis | None) -> bool:
    """Whether a policy, None if it is asked in Python, can decide on a whole block of tasks; `rules` are
    its settings where it is TOPSIS."""
    if rules is not None and (rules.normalisation != "min_max" or rules.weighting != "fixed"):
        return False
    return policy in _IN_BLOCKS


def plays_events(scenario: Scenario, policy: type[Policy] | None, rules: settings.Topsis | None) -> bool:
    """Whether the published trade has to be played event by event: where the end of a task hangs on others,
    an offer on when it is made, or the policy is asked, or told, one task at a time (`in_blocks`)."""
    facts, cost_model = [each for _, each in scenario.facts], scenario.cost_model
    return (
        any(home.slots != "unlimited" for home in scenario.clients.homes)
        or any(each.slots != "unlimited" or each.network_ms for each in facts)
        or any(each.prefill_tokens_per_s or each.decode_tokens_per_s or each.hardware for each in facts)
        or isinstance(cost_model.external.pricing, TokenPrice)
        or cost_model.internal.expects_delay
        or not in_blocks(policy, rules)
    )
