"""Beta reputation that leaves out raters whose word is far from that of the others (Whitby, Jøsang and
Indulska 2004)."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy.special import betainc

from coalesce_sim.arrays import BoolArray, FloatArray


class Whitby:
    """Score ``(a + G) / (a + b + N)``: prior counts a and b, sums G of ratings and N of their number, of the
    raters who are not left out.

    A client whose ratings of a contractor come to r good and s bad is left out of its score where that lies
    below the `quantile` of Beta(1 + r, 1 + s), or above that of its complement; so again with the score that
    the others give, until nobody is left out any more. It is found anew with every rating.
    `prior_good` (a) and `prior_bad` (b) have one entry a contractor. With `pooling` there is a score a task
    type, ``(w·s + G) / (w + N)`` with G and N of the same raters' ratings of the type and w the pooling.
    """

    def __init__(
        self,
        prior_good: FloatArray,
        prior_bad: FloatArray,
        quantile: float,
        n_types: int,
        n_clients: int,
        pooling: float | None,
    ) -> None:
        rows = 1 if pooling is None else n_types
        self.scores = np.repeat((prior_good / (prior_good + prior_bad))[None], rows, axis=0)
        self._prior_good, self._prior = prior_good, prior_good + prior_bad
        self._quantile, self._pooling = quantile, pooling
        self._given: defaultdict[int, FloatArray] = defaultdict(lambda: np.zeros((2, rows, n_clients)))

    def rate(self, client: int, contractor: int, type_id: int, rating: float) -> float:
        """Take a rating in; the contractor's score, for the type where types are told apart, after it."""
        row = 0 if self._pooling is None else type_id
        good, ratings = given = self._given[contractor]
        good[row, client] += rating
        ratings[row, client] += 1.0
        heard, score = self._heard(contractor, *given.sum(axis=1))
        if self._pooling is None:
            self.scores[0, contractor] = score
        else:
            good, ratings = given[:, :, heard].sum(axis=2)
            self.scores[:, contractor] = (self._pooling * score + good) / (self._pooling + ratings)
        return float(self.scores[row, contractor])

    def _heard(self, contractor: int, good: FloatArray, ratings: FloatArray) -> tuple[BoolArray, float]:
        """Which clients are heard about a contractor, and the score over all types of task that follows."""
        heard: BoolArray = ratings > 0
        while True:
            score = self._prior_good[contractor] + good[heard].sum()
            score /= self._prior[contractor] + ratings[heard].sum()
            below = betainc(1 + good[heard], 1 + ratings[heard] - good[heard], score)
            far = (below < self._quantile) | (below > 1 - self._quantile)
            if not far.any():
                return heard, float(score)
            heard[np.flatnonzero(heard)[far]] = False
