"""From what the user wrote to a policy that decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coalesce_sim.own_code import constructed, imported_subclass
from coalesce_sim.policies.bandits.budgeted import BudgetedUcb
from coalesce_sim.policies.bandits.exp3 import Exp3
from coalesce_sim.policies.bandits.greedy import AdaptiveThreshold, EpsilonGreedy, Greedy, OptimisticGreedy
from coalesce_sim.policies.bandits.linear import LinUcb
from coalesce_sim.policies.bandits.moving import (
    DiscountedThompson,
    DiscountedUcb,
    SlidingWindowUcb,
    WindowedGreedy,
)
from coalesce_sim.policies.bandits.thompson import Thompson, ThompsonGaussian
from coalesce_sim.policies.bandits.ucb import Ucb1, UcbV
from coalesce_sim.policies.errors import PolicyError
from coalesce_sim.policies.logit import Logit
from coalesce_sim.policies.mechanisms.posted_price import PostedPrice
from coalesce_sim.policies.mechanisms.score_auction import ScoreAuction
from coalesce_sim.policies.mechanisms.vickrey import Vickrey
from coalesce_sim.policies.protocol import Policy
from coalesce_sim.policies.rankings import Vikor, WeightedSum
from coalesce_sim.policies.routes import Routes
from coalesce_sim.policies.topsis import Topsis
from coalesce_sim.policies.yardsticks import (
    AlwaysLocal,
    AlwaysOutsource,
    AsLogged,
    BestFixed,
    Cheapest,
    Fixed,
    Oracle,
    Random,
)
from coalesce_sim.scenario import learners, mechanisms, routes
from coalesce_sim.scenario import policy as settings

__all__ = ["PolicyError", "create"]

_BUILT_IN: dict[type, Callable[[Any], Policy]] = {
    settings.Topsis: Topsis,
    settings.WeightedSum: WeightedSum,
    settings.Vikor: Vikor,
    settings.AlwaysLocal: lambda _: AlwaysLocal(),
    settings.AlwaysOutsource: lambda _: AlwaysOutsource(),
    settings.Cheapest: lambda _: Cheapest(),
    settings.Random: lambda _: Random(),
    settings.Logit: Logit,
    settings.Fixed: Fixed,
    settings.AsLogged: AsLogged,
    routes.Routes: Routes,
    settings.BestFixed: lambda _: BestFixed(),
    settings.Oracle: lambda _: Oracle(),
    learners.Greedy: Greedy,
    learners.EpsilonGreedy: EpsilonGreedy,
    learners.OptimisticGreedy: OptimisticGreedy,
    learners.WindowedGreedy: WindowedGreedy,
    learners.Ucb1: Ucb1,
    learners.UcbV: UcbV,
    learners.DiscountedUcb: DiscountedUcb,
    learners.SlidingWindowUcb: SlidingWindowUcb,
    learners.Thompson: Thompson,
    learners.ThompsonGaussian: ThompsonGaussian,
    learners.DiscountedThompson: DiscountedThompson,
    learners.LinUcb: LinUcb,
    learners.Exp3: Exp3,
    learners.BudgetedUcb: BudgetedUcb,
    learners.AdaptiveThreshold: AdaptiveThreshold,
    mechanisms.PostedPrice: PostedPrice,
    mechanisms.Vickrey: lambda _: Vickrey(),
    mechanisms.ScoreAuction: lambda _: ScoreAuction(),
}


def create(chosen: settings.PolicySettings) -> Policy:
    """The policy that the settings describe.

    Raises `PolicyError` where a user's class cannot be imported, constructed, or is no `Policy`.
    """
    if isinstance(chosen, settings.Custom):
        return _custom(chosen)
    return _BUILT_IN[type(chosen)](chosen)


def _custom(chosen: settings.Custom) -> Policy:
    found = imported_subclass(chosen.class_, Policy, PolicyError, "policy.class: ")
    if found.decide is Policy.decide:
        raise PolicyError(f"policy.class: {chosen.class_} does not define decide(self, view)")
    return constructed(found, chosen.parameters, PolicyError, f"policy: {chosen.class_}")
