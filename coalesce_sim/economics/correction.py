"""Estimates that learn from what came of earlier ones (eq. 10), and how far off they are over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray


class Correction:
    """Factors on estimates, by task type and contractor: what came of earlier ones over what was estimated.

    `factors`, (task types, contractors + 1), multiply the uncorrected estimates; the last column, index
    `LOCAL`, is home. A factor is a ratio of sums, so that small estimates count for little and the corrected
    ones add up to what came of them. The sums begin as if ``1/rate − 1`` estimates like the first had come
    true; with each outcome earlier ones are weighed down by `forgetting`.

    With `proven_only` a factor stays 1 unless it would have brought earlier estimates nearer to what came of
    them: each is tried with the factor as it was then, and the sums of ``|estimate·factor − actual|`` and
    ``|estimate − actual|`` are compared. Sums of bills that vary a lot differ by chance, and a right sum of
    few very dear ones can take all others further off.

    With a steady estimate E, a `forgetting` of ``1 − rate`` and without `proven_only`, ``E·factor`` is the Ĉ
    of ``Ĉ ← rate·actual + (1 − rate)·Ĉ`` (eq. 10, the paper's λ). Where nothing is forgotten the first
    outcome weighs as much as there, and later ones no less than the last.
    """

    def __init__(
        self, shape: tuple[int, int], rate: float, forgetting: float, *, proven_only: bool = True
    ) -> None:
        self._before, self._forgetting, self._proven_only = 1 / rate - 1, forgetting, proven_only
        self._estimated, self._actual = np.zeros(shape), np.zeros(shape)
        self._begun = np.zeros(shape, dtype=bool)
        self._learned, self._nearer_by = np.ones(shape), np.zeros(shape)
        self.factors: FloatArray = np.ones(shape)

    def learn(self, type_id: int, contractor: int, estimated: float, actual: float) -> None:
        """Take up one outcome; `estimated` is the estimate *before* correction.

        As long as that is 0 there is no factor to learn.
        """
        at = type_id, contractor
        if self._begun[at]:
            self._estimated[at] *= self._forgetting
            self._actual[at] *= self._forgetting
            self._nearer_by[at] *= self._forgetting
        elif estimated > 0:
            self._begun[at] = True
            self._estimated[at] = self._actual[at] = self._before * estimated
        else:
            return
        self._estimated[at] += estimated
        self._actual[at] += actual
        self._nearer_by[at] += abs(estimated - actual) - abs(estimated * self._learned[at] - actual)
        if self._estimated[at] > 0:
            self._learned[at] = self._actual[at] / self._estimated[at]
        used = self._nearer_by[at] > 0 or not self._proven_only
        self.factors[at] = self._learned[at] if used else 1.0


@dataclass
class Effect:
    """What correction does to the error of estimates: sums over all outcomes in USD.

    `corrected_usd` and `plain_usd` are Σ|estimate − actual| with it and without; `squared_usd2` is the sum of
    the squares of their differences.
    """

    outcomes: int = 0
    actual_usd: float = 0.0
    corrected_usd: float = 0.0
    plain_usd: float = 0.0
    squared_usd2: float = 0.0

    def add(self, corrected_usd: float, plain_usd: float, actual_usd: float) -> None:
        """One outcome with both its estimates."""
        corrected_off, plain_off = abs(corrected_usd - actual_usd), abs(plain_usd - actual_usd)
        self.outcomes += 1
        self.actual_usd += actual_usd
        self.corrected_usd += corrected_off
        self.plain_usd += plain_off
        apart = corrected_off - plain_off
        self.squared_usd2 += apart * apart


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

        In the market `estimated_usd` is the plain estimate of the decision, corrected by the factors at the
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

    def take_over(self, sums: Iterable[tuple[float, int, float, float, float]]) -> None:
        """Go on from sums over consecutive windows: time of the last outcome, outcomes, and what they cost,
        were off by and were estimated at, in USD; only the last window may have room left."""
        for window in sums:
            self._finished_s, self._outcomes, self._actual_usd, self._absolute_usd, self._estimated_usd = (
                window
            )
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
