"""Reputation by the last ratings."""

from __future__ import annotations

from collections import defaultdict, deque

import numpy as np

from coalesce_sim.arrays import FloatArray


class SlidingWindow:
    """Score ``s = (a + G) / (a + b + N)``: prior counts a and b, N the last `window` ratings, G their sum.

    `prior_good` (a) and `prior_bad` (b) have one entry a contractor; a contractor's window holds its own
    ratings. With `pooling` there is a score a task type, ``(w·s + G) / (w + N)`` with G and N of the type's
    ratings among these and w the pooling, so a type that it seldom does goes back to s.
    """

    def __init__(
        self, prior_good: FloatArray, prior_bad: FloatArray, window: int, n_types: int, pooling: float | None
    ) -> None:
        rows = 1 if pooling is None else n_types
        self.scores = np.repeat((prior_good / (prior_good + prior_bad))[None], rows, axis=0)
        self._prior_good, self._prior = prior_good, prior_good + prior_bad
        self._window, self._pooling = window, pooling
        self._kept: defaultdict[int, deque[tuple[int, float]]] = defaultdict(deque)
        self._good, self._ratings = np.zeros((2, len(prior_good), rows))

    def rate(self, client: int, contractor: int, type_id: int, rating: float) -> float:  # noqa: ARG002
        """Take a rating in; the contractor's score, for the type where types are told apart, after it."""
        row = 0 if self._pooling is None else type_id
        kept, good, ratings = self._kept[contractor], self._good[contractor], self._ratings[contractor]
        if len(kept) == self._window:
            oldest, value = kept.popleft()
            good[oldest] -= value
            ratings[oldest] -= 1.0
        kept.append((row, rating))
        good[row] += rating
        ratings[row] += 1.0
        pooled = (self._prior_good[contractor] + good.sum()) / (self._prior[contractor] + ratings.sum())
        if self._pooling is None:
            self.scores[0, contractor] = pooled
        else:
            self.scores[:, contractor] = (self._pooling * pooled + good) / (self._pooling + ratings)
        return float(self.scores[row, contractor])
