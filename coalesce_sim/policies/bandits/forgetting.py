"""What each arm has come to lately, for policies in worlds that change.

A decision of whatever type makes all earlier ones older, so a record on a type that seldom comes fades as
fast as the others. An outcome counts from when it was decided on, however late it is told. What stands for
observations beforehand (`prior_weight`) does not fade.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.policies.bandits.arms import ALL_TYPES, Arms, Play
from coalesce_sim.policies.protocol import View

_MOST: Final = 1e100
"""What a decision may count for before all is reckoned in a smaller unit."""


class DiscountedArms(Arms):
    """Arms of which every decision multiplies all earlier ones by `discount`, from above 0 to 1.

    Instead of that a decision counts for as much more than the one before, and what is told is divided by
    what the last one counts for, so that a decision touches one arm however many there are.
    """

    def __init__(self, types: int, contractors: int, discount: float) -> None:
        super().__init__(types, contractors)
        self._discount, self._unit = discount, 1.0

    def expect(self, view: View, arm: int, value: float) -> Play:
        self._unit /= self._discount
        if self._unit > _MOST:
            for table in (self.count, self.sum, self.squares):
                table /= self._unit
            self._plays = [each / self._unit for each in self._plays]
            self._unit = 1.0
        return super().expect(view, arm, value)

    def plays(self, row: int) -> float:
        return super().plays(row) / self._unit

    def record(
        self, row: int, arms: IntArray, prior: FloatArray, prior_weight: float
    ) -> tuple[FloatArray, FloatArray]:
        count, mean = super().record(row, arms, prior, prior_weight * self._unit)
        return count / self._unit, mean

    def variance(
        self, row: int, arms: IntArray, prior: FloatArray, prior_weight: float, mean: FloatArray
    ) -> FloatArray:
        return super().variance(row, arms, prior, prior_weight * self._unit, mean)

    def _weight(self, play: Play) -> float:
        return float(self._unit * self._discount ** (self._decisions - play.number))


class WindowedArms(Arms):
    """Arms of which the last `window` decisions count, all alike, and none before them."""

    def __init__(self, types: int, contractors: int, window: int) -> None:
        super().__init__(types, contractors)
        self._window = window
        self._kept: deque[Play] = deque()

    def expect(self, view: View, arm: int, value: float) -> Play:
        self._kept.append(super().expect(view, arm, value))
        if len(self._kept) > self._window:
            self._forget(self._kept.popleft())
        return self._kept[-1]

    def _forget(self, play: Play) -> None:
        self._count(play, -1)
        for row in (play.type_id, ALL_TYPES):
            if self.count[row, play.arm] == 0:  # what rounding left
                self.sum[row, play.arm] = self.squares[row, play.arm] = 0.0

    def _weight(self, play: Play) -> float:
        return float(play.number > self._decisions - self._window)
