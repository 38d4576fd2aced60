"""Exponential weights, for rewards that nobody need have drawn at random."""

from __future__ import annotations

import numpy as np

from coalesce_sim.policies.bandits.arms import ALL_TYPES, Roster
from coalesce_sim.policies.bandits.indices import exp3_gamma, exp3_growth, exp3_probabilities
from coalesce_sim.policies.bandits.rewards import Rewards
from coalesce_sim.policies.protocol import Decision, Outcome, Policy, Surroundings, View
from coalesce_sim.scenario import learners


class Exp3(Policy):
    """Alternative k of K with probability ``p_k = (1 − γ)·w_k/Σw + γ/K``.

    The chosen one's weight grows by the factor ``exp(γ/K · x/p_k)`` when its reward x is known (`Rewards`).
    `gamma` = the best for `horizon_tasks` = 1000 decisions among K, ``min(1, √(K·ln K/((e − 1)·1000)))``;
    `by_task_type` = false. With probability γ the choice is uniform, and only that counts as exploration.
    Source: Auer, Cesa-Bianchi, Freund and Schapire (2002), SIAM J. Computing 32.
    """

    def __init__(self, rules: learners.Exp3) -> None:
        self._rules = rules

    @property
    def rules(self) -> learners.Exp3:
        """The settings it goes by."""
        return self._rules

    def start(self, surroundings: Surroundings) -> None:
        self._roster = Roster()
        self._rewards = Rewards(self._rules.scale_usd)
        self._log_weights = np.zeros(
            (len(surroundings.type_names) + 1, len(surroundings.contractor_names) + 1)
        )
        self._pending: dict[int, tuple[int, float, int, float]] = {}

    def decide(self, view: View) -> Decision:
        alternatives = self._roster.of(view)
        count = len(alternatives.arms)
        gamma = self._rules.gamma or exp3_gamma(count, self._rules.horizon_tasks)
        row = self._row(view.type_id)
        probabilities = exp3_probabilities(self._log_weights[row].take(alternatives.arms), gamma)
        explored, pick = view.draw("exploration") < gamma, view.draw("exp3")
        if explored:
            chosen = int(pick * count)
        else:
            edges = (probabilities - gamma / count).cumsum()
            chosen = min(int((edges <= pick * edges[-1]).sum()), count - 1)
        self._pending[view.task] = int(alternatives.arms[chosen]), float(probabilities[chosen]), count, gamma
        reasons = alternatives.reasons("probability", probabilities) if view.offers.explain else None
        return Decision(alternatives.position(chosen), explored, reasons=reasons)

    def observe(self, outcome: Outcome) -> None:
        reward = self._rewards.met(outcome)
        arm, probability, count, gamma = self._pending.pop(outcome.task, (None, 1.0, 1, 0.0))
        if arm == outcome.contractor:
            self._log_weights[self._row(outcome.type_id), arm] += exp3_growth(
                reward, probability, count, gamma
            )

    def _row(self, type_id: int) -> int:
        return type_id if self._rules.by_task_type else ALL_TYPES
