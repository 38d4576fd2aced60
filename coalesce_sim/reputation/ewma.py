"""Reputation as an exponentially weighted moving average."""

from __future__ import annotations

from coalesce_sim.arrays import FloatArray


class Ewma:
    """Score ``s ← (1 − α)·s + α·rating``; `initial` has one entry a contractor."""

    def __init__(self, initial: FloatArray, alpha: float) -> None:
        self.scores = initial[None].copy()
        self._score: list[float] = initial.tolist()
        self._alpha = alpha

    def rate(self, client: int, contractor: int, type_id: int, rating: float) -> float:  # noqa: ARG002
        """Take a rating in; the contractor's score after it."""
        score = (1.0 - self._alpha) * self._score[contractor] + self._alpha * rating
        self._score[contractor] = self.scores[0, contractor] = score
        return score
