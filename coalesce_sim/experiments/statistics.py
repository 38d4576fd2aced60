"""Means with t intervals, and differences of paired samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from coalesce_sim.scenario.distributions import FloatArray

FAMILY_WISE = 0.05
"""The chance, over all contrasts of a family, of a difference said to be there that is not."""


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


@dataclass(frozen=True, slots=True)
class Contrast:
    """The mean of paired differences, tested against 0 as one of a family of contrasts (Holm).

    `difference.ci95` holds for this contrast by itself. `ci_holm` is widened to the level at which Holm's
    procedure tests it, so that it leaves out 0 exactly where the difference is shown. `p_holm` is the
    adjusted p-value. Intervals and p-values are None with fewer than two differences.
    """

    difference: Estimate
    p: float | None
    p_holm: float | None
    ci_holm: tuple[float, float] | None

    @property
    def shown(self) -> bool:
        """Whether the family-wise test finds a difference."""
        return self.p_holm is not None and self.p_holm <= FAMILY_WISE

    @property
    def half_width_holm(self) -> float | None:
        """Half the length of the widened interval."""
        return None if self.ci_holm is None else (self.ci_holm[1] - self.ci_holm[0]) / 2


def contrasts(samples: Sequence[FloatArray]) -> list[Contrast]:
    """Paired t tests of samples of differences, one family; NaN are left out."""
    estimates = [estimate(sample.tolist()) for sample in samples]
    tested = [(index, p) for index, each in enumerate(estimates) if (p := _p_value(each)) is not None]
    p_values = [p for _, p in tested]
    found = [Contrast(each, None, None, None) for each in estimates]
    for (index, p), p_holm, level in zip(tested, holm(p_values), _holm_levels(p_values), strict=True):
        each = estimates[index]
        found[index] = Contrast(each, p, p_holm, _interval(each, level))
    return found


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given.

    Rejecting those below α keeps the chance of even one false rejection at α, however the tests depend on
    each other. Source: Holm (1979), Scandinavian Journal of Statistics 6(2).
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(_ascending(p_values)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def variance_removed(one: FloatArray, other: FloatArray) -> float:
    """The share of a difference's variance that pairing removes: 1 − var(A − B) / (var A + var B).

    Negative where pairing adds variance; NaN where one does not vary or fewer than two pairs are complete.
    """
    complete = ~(np.isnan(one) | np.isnan(other))
    if complete.sum() < 2:
        return math.nan
    one, other = one[complete], other[complete]
    variances = float(one.var(ddof=1)), float(other.var(ddof=1))
    return math.nan if 0 in variances else 1 - float((one - other).var(ddof=1)) / sum(variances)


def band(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Column means of rows, one a replication, and half of their 95 % t intervals, NaN for one row."""
    n = len(values)
    if n == 1:
        return values[0], np.full_like(values[0], np.nan)
    half_width = float(stdtrit(n - 1, 0.975)) / math.sqrt(n) * values.std(axis=0, ddof=1)
    return values.mean(axis=0), half_width


def _p_value(difference: Estimate) -> float | None:
    """Two-sided, of no difference; 1 where there is none in any pair."""
    if difference.mean is None or difference.sd is None:
        return None
    if difference.sd == 0:
        return float(difference.mean == 0)
    t = abs(difference.mean) / (difference.sd / math.sqrt(difference.n))
    return 2 * float(stdtr(difference.n - 1, -t))


def _interval(value: Estimate, level: float) -> tuple[float, float] | None:
    """The t interval that leaves out the share `level`."""
    if value.mean is None or value.sd is None:
        return None
    half_width = float(stdtrit(value.n - 1, 1 - level / 2)) * value.sd / math.sqrt(value.n)
    return value.mean - half_width, value.mean + half_width


def _holm_levels(p_values: Sequence[float]) -> list[float]:
    """The level at which Holm's procedure tests each; after the first that is not rejected, that one's."""
    levels = [0.0] * len(p_values)
    level, rejecting = 0.0, True
    for rank, index in enumerate(_ascending(p_values)):
        if rejecting:
            level = FAMILY_WISE / (len(p_values) - rank)
            rejecting = p_values[index] <= level
        levels[index] = level
    return levels


def _ascending(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=p_values.__getitem__)
