"""Who can be chosen for a task, and what each has come to so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.policies.bandits.indices import shrunk_mean
from coalesce_sim.policies.protocol import LOCAL, Outcome, View

ALL_TYPES = -1
"""The row of `Arms` that holds the tasks of all types together."""


class Alternatives:
    """The eligible offers for one type of task, lowest position first, and then home.

    `arms` are the contractors' indices and `LOCAL` for home.
    """

    __slots__ = ("arms", "offers", "offers_of_all")

    def __init__(self, view: View) -> None:
        self.offers: IntArray = np.flatnonzero(view.eligible)
        self.offers_of_all = view.contractors
        self.arms: IntArray = np.full(len(self.offers) + 1, LOCAL)
        self.arms[:-1] = view.ids.take(self.offers)

    def values(self, of_offers: FloatArray, of_home: float) -> FloatArray:
        """One entry an alternative, from one entry an offer and home's."""
        values = np.empty(len(self.arms))
        of_offers.take(self.offers, out=values[:-1])
        values[-1] = of_home
        return values

    def position(self, chosen: int) -> int:
        """The alternative as `Decision.contractor` names it."""
        return int(self.offers[chosen]) if chosen < len(self.offers) else LOCAL

    def reasons(self, name: str, values: FloatArray) -> dict[str, Any]:
        """One figure an alternative as a decision's reasons; NaN where an offer is not eligible."""
        spread = np.full(self.offers_of_all, np.nan)
        spread[self.offers] = values[: len(self.offers)]
        return {name: spread, f"{name}_at_home": float(values[-1])}


class Roster:
    """The alternatives of each view, kept for as long as the market shows the same eligible offers."""

    def __init__(self) -> None:
        self._seen: tuple[object, object] = (None, None)
        self._by_type: dict[int, Alternatives] = {}

    def of(self, view: View) -> Alternatives:
        """The alternatives for the view's task."""
        offers = view.offers
        if offers.eligible is not self._seen[0] or offers.ids is not self._seen[1]:
            self._seen, self._by_type = (offers.eligible, offers.ids), {}
        found = self._by_type.get(view.type_id)
        if found is None:
            found = self._by_type[view.type_id] = Alternatives(view)
        return found


@dataclass(slots=True)
class Play:
    """The decision of that number, counted from 1, for an arm, and what it counts as: expected, then met."""

    number: int
    type_id: int
    arm: int
    value: float


class Arms:
    """How often each arm was chosen and what it came to: count, sum and sum of squares.

    The arrays are (task types + 1, contractors + 1); the last row holds all types together, the last column
    is home. A decision counts at once, at the value expected of it, which its outcome replaces.
    """

    def __init__(self, types: int, contractors: int) -> None:
        self.count, self.sum, self.squares = np.zeros((3, types + 1, contractors + 1))
        self._plays = [0.0] * (types + 1)
        self._decisions = 0
        self._pending: dict[int, Play] = {}

    def expect(self, view: View, arm: int, value: float) -> Play:
        """Count the decision on the view's task for `arm`, for the time being at `value`."""
        self._decisions += 1
        play = self._pending[view.task] = Play(self._decisions, view.type_id, arm, value)
        self._count(play, self._weight(play))
        return play

    def learn(self, outcome: Outcome, value: float) -> None:
        """Put `value` in the place of the one expected; an attempt not decided on here is no lesson."""
        play = self._pending.pop(outcome.task, None)
        if play is None or play.arm != outcome.contractor:
            return
        weight, expected, play.value = self._weight(play), play.value, value
        for row in (play.type_id, ALL_TYPES):
            self.sum[row, play.arm] += weight * (value - expected)
            self.squares[row, play.arm] += weight * (value * value - expected * expected)

    def plays(self, row: int) -> float:
        """Decisions so far, for whomever."""
        return self._plays[row]

    def _count(self, play: Play, weight: float) -> None:
        for row in (play.type_id, ALL_TYPES):
            self.count[row, play.arm] += weight
            self.sum[row, play.arm] += weight * play.value
            self.squares[row, play.arm] += weight * (play.value * play.value)
            self._plays[row] += weight

    def _weight(self, play: Play) -> float:  # noqa: ARG002
        """What a decision counts for by now."""
        return 1.0

    def record(
        self, row: int, arms: IntArray, prior: FloatArray, prior_weight: float
    ) -> tuple[FloatArray, FloatArray]:
        """Observations and mean of the arms, with `prior` among them as `prior_weight` observations."""
        count = self.count[row].take(arms)
        mean = shrunk_mean(count, self.sum[row].take(arms), prior, prior_weight)
        return count + prior_weight, mean

    def variance(
        self,
        row: int,
        arms: IntArray,
        prior: FloatArray,
        prior_weight: float,
        mean: FloatArray,
    ) -> FloatArray:
        """Variance of the observations whose mean `record` tells."""
        count, squares = self.count[row].take(arms), self.squares[row].take(arms)
        mean_square = shrunk_mean(count, squares, prior * prior, prior_weight)
        return np.maximum(mean_square - mean * mean, 0.0)

    def pooled_mean(
        self,
        type_id: int,
        arms: IntArray,
        prior: FloatArray,
        prior_weight: float,
        pooled_weight: float,
    ) -> FloatArray:
        """Mean of the arms on one type, shrunk to their mean over all types, and that to `prior`.

        The weights say how many observations the mean over all types and `prior` are worth.
        """
        _, pooled = self.record(ALL_TYPES, arms, prior, prior_weight)
        _, mean = self.record(type_id, arms, pooled, pooled_weight)
        return mean
