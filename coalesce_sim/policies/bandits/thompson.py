"""Policies that choose the highest of one draw from what they believe of each alternative."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.luck import normal
from coalesce_sim.policies.bandits import beta
from coalesce_sim.policies.bandits.indices import beta_posterior
from coalesce_sim.policies.bandits.ucb import Record, RewardLearner
from coalesce_sim.scenario import learners


class Thompson(RewardLearner):
    """The highest of one draw each from ``Beta(1 + Σ reward, 1 + Σ (1 − reward))``.

    A reward between 0 and 1 updates both parameters by its fraction. `prior_weight` = 0 (uniform prior),
    `by_task_type` = false. Source: Thompson (1933), Biometrika 25; Agrawal and Goyal (2012), COLT.
    """

    def _index(self, known: Record) -> FloatArray:
        draws = known.view.draws("thompson", known.alternatives.arms).tolist()
        good, bad = (each.tolist() for each in beta_posterior(known.observations, known.mean))
        if known.view.offers.explain:
            return np.array([beta.quantile(*each) for each in zip(draws, good, bad, strict=True)])
        return beta.greatest(draws, good, bad)


class ThompsonGaussian(RewardLearner):
    """The highest of one draw each from ``N(mean reward, sd²/n)``, n with the prior's observations.

    `prior_weight` = 1 and `sd` = 0.5, the most that rewards between 0 and 1 can have; `by_task_type` = false.
    Source: Agrawal and Goyal (2017), J. ACM 64, whose N(mean, 1/(n + 1)) is `sd` = 1 with a prior at 0.
    """

    def __init__(self, rules: learners.ThompsonGaussian) -> None:
        super().__init__(rules)
        self._sd = rules.sd

    def _index(self, known: Record) -> FloatArray:
        draws = known.view.draws("thompson", known.alternatives.arms).tolist()
        standard = np.array([normal(draw) for draw in draws])
        index: FloatArray = known.mean + self._sd / np.sqrt(known.observations) * standard
        return index
