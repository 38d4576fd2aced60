"""Do two samples agree when of one only mean, standard deviation and size were printed? Pure statistics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from coalesce_sim.arrays import FloatArray
from coalesce_sim.statistics.intervals import Estimate

DRAWS = 10_000
"""Bootstrap draws; the smallest p-value that resampling can give is 2 / (DRAWS + 1)."""

_BATCH_VALUES = 1_000_000


@dataclass(frozen=True, slots=True)
class Difference:
    """Ours minus theirs, with its 95 % interval and the two-sided p-value of no difference."""

    mean: float
    ci95: tuple[float, float]
    p: float


def welch(ours: Estimate, mean: float, sd: float, n: int) -> Difference:
    """Welch's t-test of our sample against one of which mean, standard deviation and size are known.

    Raises ValueError if either sample has fewer than two values or neither varies.
    """
    if ours.mean is None or ours.sd is None or n < 2:
        raise ValueError(f"welch: both samples need two values or more (got {ours.n} and {n})")
    ours_variance, variance = ours.sd**2 / ours.n, sd**2 / n
    error = math.sqrt(ours_variance + variance)
    if error == 0:
        raise ValueError("welch: at least one sample must vary (got two standard deviations of 0)")
    freedom = error**4 / (ours_variance**2 / (ours.n - 1) + variance**2 / (n - 1))
    difference = ours.mean - mean
    half_width = float(stdtrit(freedom, 0.975)) * error
    p = 2 * float(stdtr(freedom, -abs(difference) / error))
    return Difference(difference, (difference - half_width, difference + half_width), p)


@dataclass(frozen=True, slots=True)
class Predictive:
    """Mean and standard deviation of many new samples, one entry a draw."""

    means: FloatArray
    sds: FloatArray


def predictive(values: Sequence[float], n: int, rng: np.random.Generator, draws: int = DRAWS) -> Predictive:
    """What new samples of size n may look like, given ours: a bootstrap in two steps.

    Each draw resamples our values, for what they leave open about the process, and takes n from the
    result. No distribution is assumed, so heavy tails are as heavy as ours.
    """
    ours = np.asarray(values, dtype=float)
    batch = max(1, _BATCH_VALUES // max(len(ours), n))
    means, sds = [], []
    for first in range(0, draws, batch):
        size = min(batch, draws - first)
        possible = ours[rng.integers(len(ours), size=(size, len(ours)))]
        picked = rng.integers(len(ours), size=(size, n))
        samples = np.take_along_axis(possible, picked, axis=1)
        means.append(samples.mean(axis=1))
        sds.append(samples.std(axis=1, ddof=1))
    return Predictive(np.concatenate(means), np.concatenate(sds))


def two_sided_p(value: float, draws: FloatArray) -> float:
    """How often a draw lies as far out as the value, on either side; never 0."""
    below = 1 + int((draws <= value).sum())
    above = 1 + int((draws >= value).sum())
    return min(1.0, 2 * min(below, above) / (len(draws) + 1))


@dataclass(frozen=True, slots=True)
class Placed:
    """A figure printed for a single run, and the percent of our runs at least and at most as high."""

    value: float
    runs_at_least: float
    runs_at_most: float


def placed(value: float, values: FloatArray) -> Placed:
    """Where a single printed figure stands among ours."""
    return Placed(value, 100 * float((values >= value).mean()), 100 * float((values <= value).mean()))


def interval(draws: FloatArray) -> tuple[float, float]:
    """The central 95 % of the draws."""
    low, high = np.percentile(draws, (2.5, 97.5))
    return float(low), float(high)


def weighted(estimates: Mapping[str, Estimate], weights: Mapping[str, int]) -> Estimate:
    """Estimate of the mean over groups that count by their weights, from a sample of each group.

    `sd` is that of a single value from the mixture. Raises ValueError if a group has no spread to speak of.
    """
    total = sum(weights[name] for name in estimates)
    mean = error = freedom = within = between = 0.0
    for name, each in estimates.items():
        if each.mean is None or each.sd is None:
            raise ValueError(f"weighted: {name} needs two values or more (got {each.n})")
        share = weights[name] / total
        mean += share * each.mean
        error += share**2 * each.sd**2 / each.n
        freedom += each.n - 1
        within += share * each.sd**2
        between += share * each.mean**2
    half_width = float(stdtrit(freedom, 0.975)) * math.sqrt(error)
    sd = math.sqrt(within + max(0.0, between - mean**2))
    n = sum(each.n for each in estimates.values())
    return Estimate(mean, sd, (mean - half_width, mean + half_width), n)
