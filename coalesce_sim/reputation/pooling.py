"""Scores by task type, partially pooled with the contractor's score over all types."""

from __future__ import annotations

import numpy as np

from coalesce_sim.reputation.beta import Beta
from coalesce_sim.reputation.ewma import Ewma


class ByTaskType:
    """Score of a type ``(w·s + G) / (w + N)``: s is the contractor's `pooled` score, w its weight in ratings.

    G and N are the sums of the type's ratings and of their number. Both fade by `forgetting` with every
    rating of the contractor, of whatever type, so a type that it seldom does goes back to s.
    """

    def __init__(self, pooled: Beta | Ewma, n_types: int, weight: float, forgetting: float) -> None:
        contractors = pooled.scores.shape[1]
        self.scores = np.repeat(pooled.scores, n_types, axis=0)
        self._pooled = pooled
        self._weight = weight
        self._forgetting = forgetting
        self._good = [[0.0] * n_types for _ in range(contractors)]
        self._ratings = [[0.0] * n_types for _ in range(contractors)]

    def rate(self, client: int, contractor: int, type_id: int, rating: float) -> float:
        """Take a rating in; the contractor's score for the type after it."""
        pooled = self._weight * self._pooled.rate(client, contractor, type_id, rating)
        good, ratings = self._good[contractor], self._ratings[contractor]
        fade, weight, scores = self._forgetting, self._weight, self.scores
        for row in range(len(good)):
            g = good[row] = fade * good[row]
            n = ratings[row] = fade * ratings[row]
            scores[row, contractor] = (pooled + g) / (weight + n)
        g = good[type_id] = good[type_id] + rating
        n = ratings[type_id] = ratings[type_id] + 1.0
        score = scores[type_id, contractor] = (pooled + g) / (weight + n)
        return score
