"""Differences of paired samples, tested as a family: is there one, and is it too small to matter?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtr, stdtrit

from coalesce_sim.arrays import FloatArray
from coalesce_sim.rounding import varies
from coalesce_sim.statistics.components import Source
from coalesce_sim.statistics.intervals import Estimate, estimate

FAMILY_WISE = 0.05
"""The chance, over all contrasts of a family, of a difference said to be there that is not."""


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

    def as_dict(self) -> dict[str, object]:
        """The form in which contrasts appear in JSON."""
        return {
            **self.difference.as_dict(),
            "ci_holm": None if self.ci_holm is None else list(self.ci_holm),
            "p": self.p,
            "p_holm": self.p_holm,
            "shown": self.shown,
        }

    @property
    def half_width_holm(self) -> float | None:
        """Half the length of the widened interval."""
        return None if self.ci_holm is None else (self.ci_holm[1] - self.ci_holm[0]) / 2


def contrasts(
    samples: Sequence[FloatArray], twins: Sequence[Mapping[Source, FloatArray]] | None = None
) -> list[Contrast]:
    """Paired t tests of samples of differences, one family; NaN are left out.

    `twins` has the differences of twins for each sample (`estimate`): then what is shown is so whatever the
    inputs and the log may be, as far as they are known.
    """
    beside = twins or [{}] * len(samples)
    estimates = [estimate(sample.tolist(), twins=each) for sample, each in zip(samples, beside, strict=True)]
    tested = [(index, p) for index, each in enumerate(estimates) if (p := _p_value(each)) is not None]
    p_values = [p for _, p in tested]
    found = [Contrast(each, None, None, None) for each in estimates]
    for (index, p), p_holm, level in zip(tested, holm(p_values), _holm_levels(p_values), strict=True):
        each = estimates[index]
        found[index] = Contrast(each, p, p_holm, t_interval(each, level))
    return found


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Two one-sided t tests that a mean of paired differences lies within ±`margin`, one of a family (Holm).

    `p` is the larger of the two tests' p-values; by itself it is at most 5 % exactly where the 90 % interval
    `ci90` lies within the margins. `p_holm` is adjusted for the family. Interval and p-values are None with
    fewer than two differences.
    """

    difference: Estimate
    margin: float
    ci90: tuple[float, float] | None
    p: float | None
    p_holm: float | None

    @property
    def shown(self) -> bool:
        """Whether the family-wise test finds the difference to be within the margins."""
        return self.p_holm is not None and self.p_holm <= FAMILY_WISE


def equivalence(differences: FloatArray, margin: float) -> Equivalence:
    """Whether a mean of paired differences is so close to 0 that it does not matter; NaN are left out.

    The margin is in the unit of the differences. Raises ValueError unless it is above 0 and finite.
    Source: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15(6).
    """
    return equivalences([differences], margin)[0]


def equivalences(samples: Sequence[FloatArray], margin: float) -> list[Equivalence]:
    """As `equivalence`, for samples of differences that are one family with one margin."""
    if not 0 < margin < math.inf:
        raise ValueError(f"margin: must be > 0 and finite (got {margin!r})")
    estimates = [estimate(sample.tolist()) for sample in samples]
    found = [Equivalence(each, margin, t_interval(each, 0.1), None, None) for each in estimates]
    tested = [
        (index, p) for index, each in enumerate(estimates) if (p := _p_outside(each, margin)) is not None
    ]
    for (index, p), p_holm in zip(tested, holm([p for _, p in tested]), strict=True):
        found[index] = replace(found[index], p=p, p_holm=p_holm)
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
    if not (varies(one) and varies(other)):
        return math.nan
    return 1 - float((one - other).var(ddof=1)) / float(one.var(ddof=1) + other.var(ddof=1))


def _p_value(difference: Estimate) -> float | None:
    """Two-sided, of no difference; 1 where there is none in any pair."""
    if difference.mean is None or difference.error is None:
        return None
    if difference.error == 0:
        return float(difference.mean == 0)
    return 2 * float(stdtr(difference.degrees, -abs(difference.mean) / difference.error))


def _p_outside(difference: Estimate, margin: float) -> float | None:
    """The larger p-value of two one-sided t tests, of a mean at or below −margin and at or above it."""
    if difference.mean is None or difference.error is None:
        return None
    inside = margin - abs(difference.mean)
    if difference.error == 0:
        return float(inside <= 0)
    return float(stdtr(difference.degrees, -inside / difference.error))


def t_interval(value: Estimate, level: float) -> tuple[float, float] | None:
    """The t interval that leaves out the share `level`; None with fewer than two values."""
    if value.mean is None or value.error is None:
        return None
    half_width = float(stdtrit(value.degrees, 1 - level / 2)) * value.error
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
