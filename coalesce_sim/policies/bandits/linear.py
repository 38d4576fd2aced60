"""A linear model of rewards, shared by all contractors."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.policies.bandits.arms import Alternatives, Roster
from coalesce_sim.policies.bandits.rewards import HOME_REWARD, Rewards
from coalesce_sim.policies.protocol import LOCAL, Decision, Outcome, Policy, Surroundings, View
from coalesce_sim.rounding import ROUNDING, exceeds, first_greatest
from coalesce_sim.scenario import learners

FEATURES = ("price", "unreliability", "latency", "complexity", "skill")
"""After one indicator for each type of task, which stand for the constant too. All lie within 0 and 1:
price as a share of price + cost at home, latency as a share of latency + the task's limit, complexity of
complexity + 1."""


class Ridge:
    """Ridge regression ``θ = A⁻¹b``, ``A = ridge·I + Σ x·xᵀ``, ``b = Σ y·x``, kept up by rank-one updates."""

    def __init__(self, features: int, ridge: float) -> None:
        self.inverse: FloatArray = np.eye(features) / ridge
        self.moment: FloatArray = np.zeros(features)

    def see(self, x: FloatArray) -> None:
        """Add an observation's features to A (Sherman and Morrison 1950)."""
        ax = _product(self.inverse, x)
        self.inverse -= np.outer(ax, ax / (1 + _product(x, ax)))

    def hear(self, x: FloatArray, y: float) -> None:
        """Add an observation's value to b."""
        self.moment += y * x

    def predict(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """``xᵀθ`` and ``√(xᵀA⁻¹x)`` of each row of `x`."""
        xa = (x[:, :, None] * self.inverse).cumsum(axis=1)[:, -1]
        return _product(x, _product(self.inverse, self.moment)), np.sqrt(_product(xa, x))


class LinUcb(Policy):
    """The offer with the highest ``xᵀθ + alpha·√(xᵀA⁻¹x)`` if that is above 0, home's; else home.

    θ is the ridge regression of reward − ½ (`Rewards`) on features x of task and offer (`FEATURES`), one θ
    for all contractors: with dozens of contractors and hundreds of tasks a θ for each would never leave its
    prior. What tells contractors apart are their price, latency, skill and score. A
    decision counts at once, at its xᵀθ, until its outcome is known. `alpha` = 1, `ridge` = 1.
    Source: Li, Chu, Langford and Schapire (2010), WWW, in the shared form of Chu et al. (2011), AISTATS.
    """

    def __init__(self, rules: learners.LinUcb) -> None:
        self._rules = rules

    @property
    def rules(self) -> learners.LinUcb:
        """The settings it goes by."""
        return self._rules

    def start(self, surroundings: Surroundings) -> None:
        self._types = len(surroundings.type_names)
        self._ridge = Ridge(self._types + len(FEATURES), self._rules.ridge)
        self._rewards = Rewards(self._rules.scale_usd)
        self._roster = Roster()
        self._pending: dict[int, tuple[int, FloatArray, float]] = {}

    def decide(self, view: View) -> Decision:
        alternatives = self._roster.of(view)
        if not len(alternatives.offers):
            return Decision(LOCAL)
        x = self.features(view, alternatives)
        mean, width = self._ridge.predict(x)
        index = mean + self._rules.alpha * width
        chosen, best_mean = first_greatest(index), float(mean.max())
        reasons = None
        if view.offers.explain:
            reasons = alternatives.reasons("index", np.append(index, 0.0))
        if index[chosen] <= ROUNDING:
            return Decision(LOCAL, reasons=reasons)
        self._ridge.see(x[chosen])
        self._pending[view.task] = int(alternatives.arms[chosen]), x[chosen], float(mean[chosen])
        self._ridge.hear(x[chosen], float(mean[chosen]))
        explored = best_mean <= ROUNDING or exceeds(best_mean, float(mean[chosen]))
        return Decision(alternatives.position(chosen), explored, reasons=reasons)

    def observe(self, outcome: Outcome) -> None:
        value = self._rewards.met(outcome) - HOME_REWARD
        arm, x, expected = self._pending.pop(outcome.task, (None, np.zeros(0), 0.0))
        if arm == outcome.contractor:
            self._ridge.hear(x, value - expected)

    def features(self, view: View, alternatives: Alternatives) -> FloatArray:
        """One row an eligible offer."""
        offers, types = alternatives.offers, self._types
        price_usd, latency_s = view.price_usd.take(offers), view.latency_s.take(offers)
        complexity = float(view.fact("complexity"))
        x = np.zeros((len(offers), types + len(FEATURES)))
        x[:, view.type_id] = 1.0
        x[:, types] = _share(price_usd, view.internal_usd)
        x[:, types + 1] = 1 - view.reliability.take(offers)
        x[:, types + 2] = _share(latency_s, float(view.fact("max_latency_s")))
        x[:, types + 3] = complexity / (1 + complexity)
        x[:, types + 4] = view.skill.take(offers)
        return x


def _product(one: FloatArray, other: FloatArray) -> FloatArray:
    """The sum of products along the last axis, added up in order, for BLAS's order differs by machine."""
    product: FloatArray = (one * other).cumsum(axis=-1)[..., -1]
    return product


def _share(part: FloatArray, rest: float) -> FloatArray:
    """``part / (part + rest)``, 0 where both are 0."""
    return np.asarray(part / np.maximum(part + rest, np.finfo(float).tiny))
