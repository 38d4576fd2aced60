"""Spending a budget where it saves the most."""

from __future__ import annotations

import numpy as np

from coalesce_sim.policies.bandits.indices import ucb1
from coalesce_sim.policies.bandits.ucb import RewardLearner
from coalesce_sim.policies.protocol import LOCAL, Decision, Outcome, Surroundings, View
from coalesce_sim.rounding import ROUNDING, first_greatest
from coalesce_sim.scenario import learners

LEAST_PRICE_USD = 1e-9


class BudgetedUcb(RewardLearner):
    """The highest optimistic saving per USD of price among the offers that the budget still pays; else home.

    Optimistic saving: the `ucb1` index in USD, at most internal estimate − price, which nobody can save
    more than; this is also what an untried contractor is taken to save. An offer whose optimistic saving is
    not above 0 is left. A price counts as spent from the decision on, and is corrected by what is billed.
    The budget is shared by all clients: `budget_usd` = none (no limit); with `pace_tasks` N the t-th
    decision may bring spending to ``budget·t/N`` at most. `exploration` = 2, `prior_weight` = 0,
    `by_task_type` = false.
    Source: fractional KUBE, Tran-Thanh et al. (2012), AAAI, with known prices and the bound above in place
    of a round of trying everybody.
    """

    def __init__(self, rules: learners.BudgetedUcb) -> None:
        super().__init__(rules)
        self._rules = rules

    def start(self, surroundings: Surroundings) -> None:
        super().start(surroundings)
        self.spent_usd = 0.0
        self._decided = 0
        self._committed_usd: dict[int, float] = {}

    def decide(self, view: View) -> Decision:
        self._decided += 1
        known = self._known(view)
        home = len(known.alternatives.offers)
        price_usd = known.alternatives.values(view.price_usd, 0.0)
        plays = self._arms.plays(known.row)
        index = ucb1(plays, known.observations, known.mean, self._rules.exploration)
        optimistic_usd = self._rewards.savings_usd(index, view.internal_usd)
        optimistic_usd = np.minimum(optimistic_usd, view.internal_usd - price_usd)
        least_usd = ROUNDING * self._rewards.scale_usd(view.internal_usd)
        worth = (optimistic_usd > least_usd) & (price_usd <= self._left_usd())
        ratio = np.where(worth, optimistic_usd / np.maximum(price_usd, LEAST_PRICE_USD), 0.0)
        ratio[home] = 0.0
        best = first_greatest(ratio)
        if ratio[best] <= 0:
            return self._take(view, known, home, ratio)
        self._committed_usd[view.task] = float(price_usd[best])
        self.spent_usd += float(price_usd[best])
        return self._take(view, known, best, ratio)

    def observe(self, outcome: Outcome) -> None:
        super().observe(outcome)
        if outcome.contractor != LOCAL:
            self.spent_usd += outcome.price_usd - self._committed_usd.pop(outcome.task, outcome.price_usd)

    def _left_usd(self) -> float:
        budget_usd, pace = self._rules.budget_usd, self._rules.pace_tasks
        if budget_usd is None:
            return np.inf
        share = 1.0 if pace is None else min(1.0, self._decided / pace)
        return budget_usd * share - self.spent_usd
