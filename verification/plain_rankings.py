"""Weighted sum and VIKOR, one offer and one criterion at a time; `coalesce_sim.policies.rankings` plays the
same in arrays."""

from __future__ import annotations

import math

from verification.plain_policies import Offer, Policy, Question, exceeds, first_least
from verification.plain_topsis import CRITERIA, shares, squared_gaps


class WeightedSum(Policy):
    """The least sum of weighted gaps to the best, each in units of the range of its criterion."""

    def decide(self, asked: Question) -> Offer | None:
        offers = asked.eligible
        if not offers:
            return None
        weights = shares([self.settings["weights"][name] for name in CRITERIA])
        table = [[-o.external_usd, o.reliability, -o.latency_s, o.security] for o in offers]
        columns = [squared_gaps(list(column), "min_max") for column in zip(*table, strict=True)]
        gaps = [
            [weight * math.sqrt(each[row][0]) for weight, each in zip(weights, columns, strict=True)]
            for row in range(len(offers))
        ]
        best = offers[first_least(self.losses(gaps))]
        percent = self.settings["only_if_cheaper_percent"]
        if percent is None or exceeds((1 - percent / 100) * asked.home_usd, best.external_usd):
            return best
        return None

    def losses(self, gaps: list[list[float]]) -> list[float]:
        """By the four weighted gaps of each offer."""
        return [sum(each) for each in gaps]


class Vikor(WeightedSum):
    """The least mixture of the sum of the gaps and the largest of them, each in units of its own range."""

    def losses(self, gaps: list[list[float]]) -> list[float]:
        weight = self.settings["group_weight"]
        sums, largest = scaled([sum(each) for each in gaps]), scaled([max(each) for each in gaps])
        return [weight * a + (1 - weight) * b for a, b in zip(sums, largest, strict=True)]


def scaled(values: list[float]) -> list[float]:
    """From 0 for the least to 1 for the greatest."""
    least, greatest = min(values), max(values)
    return [(each - least) / (greatest - least) if exceeds(greatest, least) else 0.0 for each in values]
