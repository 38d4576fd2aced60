"""Beta reputation with forgetting (Jøsang and Ismail 2002)."""

from __future__ import annotations

from coalesce_sim.arrays import FloatArray


class Beta:
    """Score ``(a + G) / (a + b + N)``: prior counts a and b, faded sums G of ratings and N of their number.

    `prior_good` and `prior_bad` have one entry a contractor and do not fade; each rating of a contractor
    multiplies its G and N by `forgetting` before it is added.
    """

    def __init__(self, prior_good: FloatArray, prior_bad: FloatArray, forgetting: float) -> None:
        self.scores = (prior_good / (prior_good + prior_bad))[None]
        self._prior_good: list[float] = prior_good.tolist()
        self._prior: list[float] = (prior_good + prior_bad).tolist()
        self._forgetting = forgetting
        self._good = [0.0] * len(prior_good)
        self._ratings = [0.0] * len(prior_good)

    def rate(self, client: int, contractor: int, type_id: int, rating: float) -> float:  # noqa: ARG002
        """Take a rating in; the contractor's score after it."""
        good = self._good[contractor] = self._good[contractor] * self._forgetting + rating
        ratings = self._ratings[contractor] = self._ratings[contractor] * self._forgetting + 1.0
        score = (self._prior_good[contractor] + good) / (self._prior[contractor] + ratings)
        self.scores[0, contractor] = score
        return score
