"""Means with 95 % intervals: Student's t, or the bootstrap for skewed samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, get_args

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.rounding import ROUNDING, varies
from coalesce_sim.statistics.components import Source, Split, split_of
from coalesce_sim.statistics.shares import share_interval

Interval = Literal["t", "bca"]
"""How an interval is made: Student's t, or the bias-corrected and accelerated bootstrap."""

RESAMPLES = 9999
"""Bootstrap samples behind an interval."""

_BATCH_VALUES = 2_000_000
"""How many values the bootstrap holds at a time: 16 MB of them."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over n independent replications; sd and interval are None where n < 2, all where n = 0.

    `split` says where its variance comes from, if not from luck alone: then the interval covers the rest too.
    """

    mean: float | None
    sd: float | None
    ci95: tuple[float, float] | None
    n: int
    split: Split | None = None

    @property
    def half_width(self) -> float | None:
        """Half the length of the interval."""
        return None if self.ci95 is None else (self.ci95[1] - self.ci95[0]) / 2

    @property
    def error(self) -> float | None:
        """Standard error of the mean."""
        if self.sd is None or self.split is None:
            return None if self.sd is None else self.sd / math.sqrt(self.n)
        return self.split.error

    @property
    def degrees(self) -> float:
        """Degrees of freedom of the standard error."""
        return self.n - 1 if self.split is None else self.split.degrees

    @property
    def negated(self) -> Estimate:
        """That of the same values with the other sign."""
        if self.mean is None:
            return self
        ends = None if self.ci95 is None else (-self.ci95[1], -self.ci95[0])
        return replace(self, mean=-self.mean, ci95=ends)

    @classmethod
    def of_dict(cls, told: Mapping[str, Any]) -> Self:
        """What `as_dict` made, as it comes out of JSON."""
        ends = told["ci95"]
        return cls(told["mean"], told["sd"], None if ends is None else (ends[0], ends[1]), told["n"])

    def as_dict(self) -> dict[str, object]:
        """The form in which estimates appear in JSON."""
        return {
            "mean": self.mean,
            "sd": self.sd,
            "ci95": None if self.ci95 is None else list(self.ci95),
            "n": self.n,
        }


def estimate(
    values: Sequence[float],
    interval: Interval = "t",
    *,
    share: bool = False,
    twins: Mapping[Source, FloatArray] | None = None,
) -> Estimate:
    """Mean, standard deviation and 95 % interval; undefined (NaN) values are left out and lower n.

    Where inputs or the log are uncertain, `twins` has the values of twins of the first replications
    (`components.split_of`), and the interval covers what they are uncertain by, which more replications do
    not average out.
    Values that differ by no more than rounding do not vary: sd and interval are those of equal ones. With
    `share` they are shares in percent, and the interval stays within 0 and 100 (`share_interval`).
    `bca` (see there) reaches further towards a long tail: of heavily skewed samples it covers the mean more
    often than t does, though not in 95 %. For a mild skew and few values it is no better.
    """
    if interval not in get_args(Interval):
        raise ValueError(f"interval: must be one of {', '.join(get_args(Interval))} (got {interval!r})")
    if interval == "bca":
        if twins:
            raise ValueError("twins: go with t intervals only (got 'bca')")
        return bca(values)
    defined = np.array([value for value in values if not math.isnan(value)])
    n = len(defined)
    if n == 0:
        return Estimate(None, None, None, 0)
    mean = float(defined.mean())
    if n == 1:
        return Estimate(mean, None, None, 1)
    sd = float(defined.std(ddof=1)) if varies(defined) else 0.0
    split = split_of(np.array(values), twins) if twins and sd > 0 else None
    error, degrees = (sd / math.sqrt(n), n - 1.0) if split is None else (split.error, split.degrees)
    half_width = float(t_quantile(degrees)) * error
    if share:
        low, high = share_interval(mean, half_width)
        return Estimate(mean, sd, (float(low), float(high)), n, split)
    return Estimate(mean, sd, (mean - half_width, mean + half_width), n, split)


def bca(values: Sequence[float], *, seed: int = 0) -> Estimate:
    """As `estimate`, with the bias-corrected and accelerated bootstrap interval of the mean.

    The same values and seed give the same interval. A sample that does not vary, but for rounding, has the
    interval from its mean to its mean. Source: Efron (1987), Journal of the American Statistical Association
    82(397).
    """
    by_t = estimate(values)
    if by_t.mean is None or by_t.ci95 is None:
        return by_t
    defined = np.array([value for value in values if not math.isnan(value)])
    if not varies(defined):
        return replace(by_t, ci95=(by_t.mean, by_t.mean))
    from scipy.stats import bootstrap

    found = bootstrap(
        (defined,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=max(1, _BATCH_VALUES // len(defined)),
        confidence_level=0.95,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return replace(by_t, ci95=(float(found.low), float(found.high)))


def resampled(values: FloatArray) -> Estimate:
    """Mean and 95 % interval over the runs *and* over what they were played on.

    `values`, (samples, runs), are of several runs on each of several bootstrap samples (`records.resample`).
    What the means of samples differ by beyond the scatter of runs is what another file of tasks would have
    changed: more runs make the interval no narrower than that. Runs on different samples must have random
    numbers of their own (`common_random_numbers: false`): luck that all samples share goes unseen. The
    standard deviation returned is that of single runs. Raises ValueError for fewer than two samples or runs.

    Source: one-way random effects, Searle, Casella and McCulloch (1992), chapter 3; the bootstrap variance of
    a mean, Efron and Tibshirani (1993), chapter 6.
    """
    samples, runs = values.shape
    if samples < 2 or runs < 2:
        raise ValueError(f"needs two samples of two runs at least (got {samples} of {runs})")
    of_runs = float(values.var(axis=1, ddof=1).mean())
    of_samples = max(0.0, float(values.mean(axis=1).var(ddof=1)) - of_runs / runs)
    mean = float(values.mean())
    half_width = float(t_quantile(samples - 1)) * math.sqrt(of_samples + of_runs / values.size)
    sd = math.sqrt(of_samples + of_runs)
    return Estimate(mean, sd, (mean - half_width, mean + half_width), values.size)


def t_quantile(degrees: float | FloatArray) -> Any:
    """What Student's t exceeds with a probability of 2.5 %."""
    from scipy.special import stdtrit  # 0.3 s of a core, which commands that only check are spared

    return stdtrit(degrees, 0.975)


def band(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Column means of rows, one a replication, and half of their 95 % t intervals, NaN for one row."""
    n = len(values)
    if n == 1:
        return values[0], np.full_like(values[0], np.nan)
    half_width = float(t_quantile(n - 1)) / math.sqrt(n) * values.std(axis=0, ddof=1)
    least = values.min(axis=0)
    alike = values.max(axis=0) <= least + ROUNDING * abs(least)
    return values.mean(axis=0), np.where(alike, 0.0, half_width)


def grouped(values: FloatArray, bounds: IntArray) -> tuple[FloatArray, FloatArray]:
    """Means of groups, and half of their 95 % t intervals: group i is ``values[bounds[i]:bounds[i + 1]]``.

    Undefined (NaN) values are left out. NaN for the mean of none and for the interval of fewer than two.
    """
    groups = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    defined = ~np.isnan(values)
    groups, values, count = groups[defined], values[defined], len(bounds) - 1
    n = np.bincount(groups, minlength=count)
    mean = np.bincount(groups, values, count) / np.where(n, n, np.nan)
    squares = np.bincount(groups, (values - mean[groups]) ** 2, count)
    several = np.where(n > 1, n, np.nan)
    half_width = t_quantile(several - 1) * np.sqrt(squares / (several - 1) / several)
    return mean, np.where(half_width <= ROUNDING * np.abs(mean), 0.0, half_width)
