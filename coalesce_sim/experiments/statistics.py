"""Means with t intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over n independent replications; sd and interval are None where n < 2, all where n = 0."""

    mean: float | None
    sd: float | None
    ci95: tuple[float, float] | None
    n: int

    @property
    def half_width(self) -> float | None:
        """Half the length of the interval."""
        return None if self.ci95 is None else (self.ci95[1] - self.ci95[0]) / 2

    def as_dict(self) -> dict[str, object]:
        """The form in which estimates appear in JSON."""
        return {
            "mean": self.mean,
            "sd": self.sd,
            "ci95": None if self.ci95 is None else list(self.ci95),
            "n": self.n,
        }


def estimate(values: Sequence[float]) -> Estimate:
    """Mean, standard deviation and 95 % t interval; undefined (NaN) values are left out and lower n."""
    defined = np.array([value for value in values if not math.isnan(value)])
    n = len(defined)
    if n == 0:
        return Estimate(None, None, None, 0)
    mean = float(defined.mean())
    if n == 1:
        return Estimate(mean, None, None, 1)
    sd = float(defined.std(ddof=1))
    half_width = float(stdtrit(n - 1, 0.975)) * sd / math.sqrt(n)
    return Estimate(mean, sd, (mean - half_width, mean + half_width), n)
