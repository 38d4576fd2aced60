"""Cost estimates that learn from realised costs (eq. 10), and how far off they are over time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray


class Calibration:
    """Correction factors of cost estimates by task type and contractor.

    `factors`, (task types, contractors + 1), multiply the uncorrected estimates; the last column, index
    `LOCAL`, is home. All start at 1.

    With a steady estimate E, ``E·factor`` is the Ĉ of ``Ĉ ← rate·actual + (1 − rate)·Ĉ`` (eq. 10, the paper's
    λ); as a factor it also serves tasks of other sizes.
    """

    def __init__(self, rate: float, types: int, contractors: int) -> None:
        self._rate = rate
        self.factors: FloatArray = np.ones((types, contractors + 1))

    def learn(self, type_id: int, contractor: int, estimated_usd: float, actual_usd: float) -> None:
        """Take up one realised cost; `estimated_usd` is the estimate *before* correction.

        Where that is 0 there is no factor to learn.
        """
        if estimated_usd > 0:
            error = actual_usd / estimated_usd - self.factors[type_id, contractor]
            self.factors[type_id, contractor] += self._rate * error


class ErrorWindow(NamedTuple):
    """How far the estimates of some consecutive outcomes were off.

    `finished_s` is the time of the last outcome, `actual_usd` what all of them cost. `absolute` is
    ``Σ|estimate − actual| / Σ actual``; `bias` what the sum of the estimates exceeds the sum of the actual
    costs by, as a share of the latter.
    """

    finished_s: float
    outcomes: int
    actual_usd: float
    absolute: float
    bias: float


class EstimationError:
    """The error of estimates over time, in windows of consecutive outcomes.

    Outcomes that cost nothing are left out. Memory grows by one row a window.
    """

    def __init__(self, window: int = 50) -> None:
        self._window = window
        self._full: list[ErrorWindow] = []
        self._begin()

    def add(self, finished_s: float, estimated_usd: float, actual_usd: float) -> None:
        """One outcome, in the order of time.

        In the market `estimated_usd` is the plain estimate of the decision times the correction factor at the
        time of the bill, which may have moved in between.
        """
        if actual_usd <= 0:
            return
        self._finished_s = finished_s
        self._outcomes += 1
        self._absolute_usd += abs(estimated_usd - actual_usd)
        self._estimated_usd += estimated_usd
        self._actual_usd += actual_usd
        if self._outcomes == self._window:
            self._full.append(self._current())
            self._begin()

    def windows(self) -> list[ErrorWindow]:
        """All windows so far; the last may hold fewer outcomes than the others."""
        return [*self._full, self._current()] if self._outcomes else list(self._full)

    def _begin(self) -> None:
        self._outcomes = 0
        self._finished_s = self._absolute_usd = self._estimated_usd = self._actual_usd = 0.0

    def _current(self) -> ErrorWindow:
        bias = self._estimated_usd / self._actual_usd - 1
        absolute = self._absolute_usd / self._actual_usd
        return ErrorWindow(self._finished_s, self._outcomes, self._actual_usd, absolute, bias)
