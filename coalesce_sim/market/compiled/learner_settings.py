"""What a policy that learns says, and what it keeps, as its kernel reads them."""

from __future__ import annotations

from typing import Any

import numpy as np

from coalesce_sim.market.compiled import policy_memory as kinds
from coalesce_sim.market.compiled.policy_memory import Arms, Learner, Ridge
from coalesce_sim.market.compiled.rows import Rows, fill, filled
from coalesce_sim.market.trade import Venue
from coalesce_sim.policies.bandits.exp3 import Exp3
from coalesce_sim.policies.bandits.greedy import Greedy
from coalesce_sim.policies.bandits.linear import FEATURES, LinUcb
from coalesce_sim.policies.bandits.thompson import Thompson, ThompsonGaussian
from coalesce_sim.policies.bandits.ucb import RewardLearner
from coalesce_sim.policies.protocol import Policy
from coalesce_sim.scenario import learners

Rules = learners.CostLearner | learners.RewardLearner | learners.LinUcb | learners.Exp3


def learner_of(policy: Policy, venue: Venue) -> tuple[Rows, Arms, Ridge, Any]:
    """A policy that has been started, before its first decision; of one that does not learn a kernel reads
    nothing."""
    kept = filled(Learner, 1, decay=1.0, stated_scale_usd=np.nan, budget_usd=np.inf)
    kept["exploration"], kept["pick"] = state_of(venue, "exploration"), state_of(venue, "exploration.pick")
    types, contractors, ridge = len(venue.scenario.workload.types), len(venue.pool), Ridge(*_model(1, 1.0))
    states = np.zeros(1, dtype=np.uint64)
    if not isinstance(policy, Greedy | RewardLearner | Exp3 | LinUcb):
        return kept, _arms(0, 0), ridge, states
    fill(kept, **_settings_of(policy.rules))
    if isinstance(policy, Exp3):
        kept["pick"] = state_of(venue, "exp3")
    elif isinstance(policy, LinUcb):
        ridge = Ridge(*_model(types + len(FEATURES), policy.rules.ridge))
    elif isinstance(policy, Thompson | ThompsonGaussian):
        states = venue.luck("policy.thompson").states
    return kept, _arms(types, contractors), ridge, states


def state_of(venue: Venue, name: str) -> np.uint64:
    """The state that draws of a policy for home begin at (`View.draw`)."""
    return np.uint64(venue.luck.of_home(f"policy.{name}"))


def _arms(types: int, contractors: int) -> Arms:
    counts, sums, squares = np.zeros((3, types + 1, contractors + 1))
    plays, at_hand = np.zeros(types + 1, dtype=np.int64), np.zeros(contractors + 1, dtype=np.int64)
    return Arms(counts, sums, squares, plays, at_hand, np.zeros((len(kinds.FIGURES), contractors + 1)))


def _model(features: int, ridge: float) -> tuple[Any, Any, Any]:
    return np.eye(features) / ridge, np.zeros(features), np.zeros(features)


def _settings_of(rules: Rules) -> dict[str, Any]:
    """The fields of `Learner` that settings say."""
    match rules:
        case learners.CostLearner():
            told = {"by_task_type": rules.by_task_type, "prior_weight": rules.prior_weight}
            return told | {"pooled_weight": rules.pooled_weight} | _of_costs(rules)
        case learners.RewardLearner():
            told = {"by_task_type": rules.by_task_type, "prior_weight": rules.prior_weight}
            return told | _scale(rules.scale_usd) | _of_rewards(rules)
        case learners.LinUcb():
            return {"uncertainty": rules.alpha} | _scale(rules.scale_usd)
    told = {"by_task_type": rules.by_task_type, "horizon_tasks": rules.horizon_tasks}
    return told | {"gamma": rules.gamma or 0.0} | _scale(rules.scale_usd)


def _of_costs(rules: learners.CostLearner) -> dict[str, Any]:
    match rules:
        case learners.EpsilonGreedy():
            half_life = rules.epsilon_half_life_tasks
            decay = 1.0 if half_life is None else 0.5 ** (1 / half_life)
            return {"kind": kinds.EPSILON_GREEDY, "epsilon": rules.epsilon, "decay": decay}
        case learners.OptimisticGreedy():
            return {"kind": kinds.OPTIMISTIC_GREEDY}
        case learners.AdaptiveThreshold():
            thresholds = {"threshold": rules.threshold, "first_threshold": rules.threshold}
            steps = {"step": rules.step, "recovery": rules.recovery}
            return {"kind": kinds.ADAPTIVE_THRESHOLD} | thresholds | steps
    return {"kind": kinds.GREEDY}


def _of_rewards(rules: learners.RewardLearner) -> dict[str, Any]:
    match rules:
        case learners.Ucb1():
            return {"uncertainty": rules.exploration}
        case learners.UcbV():
            return {"uncertainty": rules.exploration, "bias": rules.bias}
        case learners.ThompsonGaussian():
            return {"uncertainty": rules.sd}
        case learners.BudgetedUcb():
            budget_usd = np.inf if rules.budget_usd is None else rules.budget_usd
            pace_tasks = 0 if rules.pace_tasks is None else rules.pace_tasks
            return {"uncertainty": rules.exploration, "budget_usd": budget_usd, "pace_tasks": pace_tasks}
    return {}


def _scale(stated_usd: float | None) -> dict[str, float]:
    return {"stated_scale_usd": np.nan if stated_usd is None else stated_usd}
