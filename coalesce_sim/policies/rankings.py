"""Other ways than TOPSIS to make one order out of the same four criteria."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.policies.mcdm import normalised, weighted_gaps
from coalesce_sim.policies.protocol import LOCAL, Decision, Policy, View
from coalesce_sim.rounding import exceeds, first_least
from coalesce_sim.scenario import policy as settings


class Ranking(Policy):
    """The eligible offer of the least loss if it is as much cheaper than home as is asked for."""

    def __init__(self, rules: settings.WeightedSum | settings.Vikor) -> None:
        self.rules = rules
        self._weights = normalised(rules.weights.as_tuple())

    def under(self, **changes: Any) -> Self:
        """The same that goes by other rules."""
        return type(self)(self.rules.model_copy(update=changes))

    def _losses(self, gaps: FloatArray) -> FloatArray:
        """How bad each offer is, by its weighted gaps to the best of each criterion, (4, offers)."""
        raise NotImplementedError

    def decide(self, view: View) -> Decision:
        index = np.flatnonzero(view.eligible)
        if not len(index):
            return Decision(LOCAL)
        criteria = np.stack(
            [
                -view.external_usd[index],
                view.reliability[index],
                -view.latency_s[index],
                view.security[index],
            ]
        )
        losses = self._losses(weighted_gaps(criteria, self._weights))
        best = first_least(losses)
        score, position = max(0.0, 1 - float(losses[best])), int(index[best])
        percent = self.rules.only_if_cheaper_percent
        if percent is not None and not exceeds(
            (1 - percent / 100) * view.internal_usd, float(view.external_usd[position])
        ):
            position = LOCAL
        return Decision(position, score=score)


class WeightedSum(Ranking):
    """Simple additive weighting: the highest weighted sum of the criteria, each scaled by its range.

    Source: Fishburn (1967), Operations Research 15(3).
    """

    def _losses(self, gaps: FloatArray) -> FloatArray:
        return np.asarray(gaps.sum(axis=0))


class Vikor(Ranking):
    """The best compromise between the sum of all weighted gaps and the largest of them.

    Source: Opricovic and Tzeng (2004), European Journal of Operational Research 156(2).
    """

    def __init__(self, rules: settings.Vikor) -> None:
        super().__init__(rules)
        self._group_weight = rules.group_weight

    def _losses(self, gaps: FloatArray) -> FloatArray:
        group, regret = _scaled(gaps.sum(axis=0)), _scaled(gaps.max(axis=0))
        return self._group_weight * group + (1 - self._group_weight) * regret


def _scaled(values: FloatArray) -> FloatArray:
    """From 0 for the least to 1 for the greatest; 0 for all where they are equal but for rounding."""
    least, greatest = float(values.min()), float(values.max())
    return (values - least) / (greatest - least) if exceeds(greatest, least) else np.zeros(len(values))
