"""What runs say of luck: how times scatter, how often work is good, and when tasks come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.calibration.components import (
    Component,
    HeldOut,
    NotFitted,
    Parameter,
    error_of_figure,
    rounded,
)
from coalesce_sim.calibration.laws import LEAST_DEGREES
from coalesce_sim.calibration.marginals import Beta, LogT, MedianOfMeanOne, farthest, interval
from coalesce_sim.calibration.runs import Runs
from coalesce_sim.luck import normal
from coalesce_sim.numbers import number, plural
from coalesce_sim.scenario.distributions import Distribution, DistributionSpec
from coalesce_sim.scenario.problems import Steps
from coalesce_sim.statistics.intervals import Estimate, t_quantile

_TAIL: Final = 0.9
"""The spread is told by what a tenth of runs exceed, as a multiple of what is expected."""

_BATCHES: Final = 30
"""Stretches of consecutive gaps that count as independent."""

_LEAST_TRIES: Final = 2
"""Runs of a type below which nothing is said of its success."""

_EVEN: Final = 1e-12
"""Variance of logarithms that is but rounding."""

_SPECK_S: Final = 1e-9

_WIDEST: Final = 3.0
"""A sigma with which times lie 100,000-fold apart (95 % of them): runs that neither show nor exclude it say
nothing."""


OF_SPREAD: Final = "times what is expected, exceeded by a tenth"
OF_SUCCESS: Final = "share of good work"

Place = tuple[Steps, float | None]
"""Where a probability of good work is stated, and what is stated."""


@dataclass(frozen=True, slots=True)
class Scatter:
    """Measured over expected times of some runs, with their sessions, and how many figures were fitted to
    them.

    Both are without a start, which is fitted too: `starts` are those of sellers, each by the sessions that it
    was fitted to and the seconds that each moves it by; `seller` says whose each run is, and `pulls` by how
    much a second less of start moves the logarithm of its ratio.
    """

    ratios: FloatArray
    sessions: IntArray
    figures: int
    seller: IntArray
    pulls: FloatArray
    starts: tuple[tuple[IntArray, FloatArray], ...]


def together(scatters: Sequence[Scatter]) -> Scatter:
    """Several as one: each is around what is expected of its own runs."""
    return Scatter(
        np.concatenate([each.ratios for each in scatters]),
        np.concatenate([each.sessions for each in scatters]),
        sum(each.figures for each in scatters),
        np.repeat(np.arange(len(scatters)), [len(each.ratios) for each in scatters]),
        np.concatenate([each.pulls for each in scatters]),
        tuple(start for each in scatters for start in each.starts),
    )


def spread(name: str, field: str, stated: Distribution, fitted: Scatter, held_out: Scatter) -> Component:
    """How times scatter around what is expected: lognormal, of mean 1, so that means stay as fitted.

    Raises `NotFitted`.
    """
    n = len(fitted.ratios)
    degrees = n - fitted.figures
    if degrees < LEAST_DEGREES:
        raise NotFitted(f"{plural(n, 'run')} are too few")
    variance, sessions, influence = _scattered(fitted)
    if variance < _EVEN:
        raise NotFitted("times do not scatter around what is expected")
    sigma = rounded(float(np.sqrt(variance)))
    error = float(np.sqrt((influence**2).sum()))
    told = LogT(sigma, error, max(LEAST_DEGREES, len(sessions) - fitted.figures))
    if farthest(told) > max(_WIDEST, 2 * sigma):
        few = f"{plural(n, 'run')} in {plural(len(sessions), 'session')} are too few"
        open_ = f"sigma of times is {number(sigma)}, but may be up to {number(farthest(told))}"
        raise NotFitted(f"{few}: {open_}")
    at: Steps = ("cost_model", "realised", field, "lognormal")
    source, before = "scatter of seconds", _as_stated(stated)
    median = rounded(float(np.exp(-(sigma**2) / 2)))
    parameters = (
        Parameter((*at, "median"), median, before[0], n, source, MedianOfMeanOne(told), sessions, -influence),
        Parameter((*at, "sigma"), sigma, before[1], n, source, told, sessions, influence),
    )
    figures = float(np.exp(-(sigma**2) / 2 + sigma * normal(_TAIL))), _exceeded_by_a_tenth(stated)
    return _of_one_figure(
        name,
        OF_SPREAD,
        "lognormal around what is expected",
        n,
        parameters,
        figures,
        _tail_of(held_out.ratios),
        len(held_out.ratios),
    )


def success(name: str, places: Mapping[str, Place], fitted: Runs, held_out: Runs) -> Component:
    """How often work is good, by type of task, as Beta posteriors of Jeffreys' prior.

    `places` are where it is stated and what is stated, by type, or under an empty name for all types. Runs of
    one session count for less, as far as they are alike (by the design effect). Raises `NotFitted`.
    """
    parameters: list[Parameter] = []
    predicted: list[float] = []
    before: list[float] = []
    seen: list[float] = []
    for kind, (path, stated) in places.items():
        some, others = _judged(fitted, kind), _judged(held_out, kind)
        value = np.nan if stated is None else stated
        before += [value] * len(others)
        seen += others.good.tolist()
        if len(some) >= _LEAST_TRIES:
            parameters.append(_chance(path, stated, some))
            value = parameters[-1].value
        predicted += [value] * len(others)
    if not parameters:
        raise NotFitted(f"no type has {_LEAST_TRIES} runs that say whether they were good")
    good = np.array(seen)
    known = np.isfinite(predicted) & np.isfinite(before)
    n = int(known.sum())
    posterior = Beta(float(good[known].sum()), float(n - good[known].sum()))
    return _of_one_figure(
        name,
        OF_SUCCESS,
        "Beta posterior by type" if "" not in places else "Beta posterior",
        sum(each.runs for each in parameters),
        tuple(parameters),
        (_mean(np.array(predicted)[known]), _mean(np.array(before)[known])),
        (posterior.mean if n else np.nan, interval(posterior)),
        n,
    )


def gaps(name: str, stated: Distribution, runs: Runs, share: float) -> Component:
    """How tasks follow each other: mean and coefficient of variation of the gaps between all runs.

    The last part in time is held out. Raises `NotFitted`.
    """
    starts_s = np.sort(runs["start_s"][np.isfinite(runs["start_s"])])
    all_s = np.diff(starts_s)
    cut = len(all_s) - round(share * len(all_s))
    fitted_s, held_s = all_s[:cut], all_s[cut:]
    if len(fitted_s) < 2 + LEAST_DEGREES:
        raise NotFitted(f"{plural(len(starts_s), 'run')} with a start are too few")
    if np.ptp(fitted_s) == 0:
        raise NotFitted(f"all gaps are alike ({fitted_s[0]:g} s)")
    n, mean_s = len(fitted_s), float(fitted_s.mean())
    cv = float(fitted_s.std(ddof=1)) / mean_s
    batch = np.arange(n) * min(n, _BATCHES) // n  # consecutive gaps may hang together
    degrees = min(n, _BATCHES) - 1
    of_mean = (fitted_s / mean_s - 1) / n
    of_cv = ((fitted_s / mean_s - 1) ** 2 / (2 * cv**2) - 0.5) / n - of_mean
    at: Steps = ("workload", "arrivals", "gap_s", "gamma")
    figures = (("mean", mean_s, of_mean), ("cv", cv, of_cv))
    before = _mean_and_cv(stated)
    parameters = []
    for (field, value, influence), earlier in zip(figures, before, strict=True):
        error = float(np.sqrt((np.bincount(batch, influence) ** 2).sum() * (degrees + 1) / degrees))
        marginal = LogT(rounded(value), error, degrees)
        parameters.append(Parameter((*at, field), rounded(value), earlier, n, "gaps of all runs", marginal))
    measured, ends = np.nan, None
    if len(held_s) > 1:
        measured = float(held_s.mean())
        reach = float(t_quantile(len(held_s) - 1)) * float(held_s.std(ddof=1)) / np.sqrt(len(held_s))
        ends = max(measured - reach, _SPECK_S), measured + reach
    told = _of_one_figure(
        name,
        "s",
        "gamma, the last gaps held out",
        n,
        tuple(parameters),
        (mean_s, before[0]),
        (measured, ends),
        len(held_s),
    )
    return replace(told, notes=(f"as if these {len(starts_s):,} runs were all tasks that there were",))


def _of_one_figure(
    name: str,
    unit: str,
    law: str,
    runs: int,
    parameters: tuple[Parameter, ...],
    told: tuple[float, float | None],
    measured: tuple[float, tuple[float, float] | None],
    n: int,
) -> Component:
    """A component that is held against a single figure of the runs held out: as fitted, and as it stood."""
    after, before = told
    seen, ends = measured
    unknown = Estimate(None, None, None, 0)
    there = n > 0 and seen > 0
    return Component(
        name,
        unit,
        law,
        runs,
        parameters,
        HeldOut(_known(before), _known(after), _known(seen), n),
        unknown if before is None or not there else error_of_figure(before, seen, ends, n),
        error_of_figure(after, seen, ends, n) if there else unknown,
    )


def _known(figure: float | None) -> FloatArray:
    """A single figure, or none where it is not defined."""
    return np.array([] if figure is None or np.isnan(figure) else [figure], dtype=np.float64)


def _scattered(of: Scatter) -> tuple[float, IntArray, FloatArray]:
    """The variance of logarithms, the sessions, and by how much each moves half the logarithm of it: what it
    is less what it would be without the session, and what it moves starts by. So jackknifed the interval
    holds for other than normal scatter, too (Miller 1968, Annals of Mathematical Statistics 39(2))."""
    sessions, place = np.unique(of.sessions, return_inverse=True)
    logs = np.log(of.ratios)
    off = logs - logs.mean()
    counts, sums, squares = (np.bincount(place, each) for each in (np.ones(len(off)), off, off**2))
    degrees = len(off) - of.figures
    variance = float(squares.sum()) / degrees
    if variance < _EVEN:
        return variance, sessions, np.zeros(len(sessions))
    rest = np.maximum(len(off) - counts, 1)
    without = (squares.sum() - squares - sums**2 / rest) / np.maximum(rest - of.figures, 1)
    influence = 0.5 * np.log(variance / np.maximum(without, _EVEN))
    for seller, (theirs, moved_s) in enumerate(of.starts):
        pull = float((off * of.pulls)[of.seller == seller].sum()) / (variance * degrees)
        there = np.isin(theirs, sessions)
        influence[np.searchsorted(sessions, theirs[there])] -= pull * moved_s[there]
    return variance, sessions, influence


def _judged(runs: Runs, kind: str) -> Runs:
    """The runs of a type, or of all where it is empty, that say whether they were good."""
    return runs.at(np.isfinite(runs.good) & ((runs.type == kind) | (kind == "")))


def _chance(path: Steps, stated: float | None, runs: Runs) -> Parameter:
    """The probability that work is good, with as many independent tries as runs of sessions are worth."""
    n, share = len(runs), float(runs.good.mean())
    sessions, influence = _summed(runs.session, (runs.good - share) / n)
    alone = share * (1 - share) / n
    count = len(sessions)
    variance = float((influence**2).sum()) * count / max(1, count - 1)
    effect = max(1.0, variance / alone) if alone > 0 and count < n else 1.0
    posterior = Beta(share * n / effect, (1 - share) * n / effect)
    value = rounded(posterior.mean)
    return Parameter(path, value, stated, n, "good and bad runs", posterior, sessions, influence)


def _summed(sessions: IntArray, values: FloatArray) -> tuple[IntArray, FloatArray]:
    """Values of runs, added up by session."""
    told, place = np.unique(sessions, return_inverse=True)
    return told, np.bincount(place, values).astype(np.float64)


def _tail_of(ratios: FloatArray) -> tuple[float, tuple[float, float] | None]:
    """What a tenth of the ratios exceed, with its 95 % interval by order statistics where there is one."""
    n = len(ratios)
    if n == 0:
        return np.nan, None
    from scipy.special import bdtrik  # scipy.stats takes a second to import

    low, high = (int(np.ceil(bdtrik(p, n, _TAIL))) for p in (0.025, 0.975))
    high += 1
    tail, ordered = float(np.quantile(ratios, _TAIL)), np.sort(ratios)
    ends = (float(ordered[max(0, low - 1)]), float(ordered[high - 1])) if low >= 1 and high <= n else None
    return tail, ends


def _exceeded_by_a_tenth(distribution: Distribution) -> float:
    """Of a factor as a scenario states it."""
    if isinstance(distribution, DistributionSpec):
        return distribution.chosen.at(_TAIL)
    return float(distribution)


def _as_stated(distribution: Distribution) -> tuple[float | None, float | None]:
    """Median and sigma, where a factor is lognormal or does not scatter."""
    if not isinstance(distribution, DistributionSpec):
        return float(distribution), 0.0
    if distribution.lognormal is None:
        return None, None
    return distribution.lognormal.median, distribution.lognormal.sigma


def _mean_and_cv(distribution: Distribution) -> tuple[float | None, float | None]:
    """Of gaps, where they are gamma, exponential or constant."""
    if not isinstance(distribution, DistributionSpec):
        return float(distribution), 0.0
    if distribution.exponential is not None:
        return distribution.exponential.mean, 1.0
    if distribution.gamma is not None:
        return distribution.gamma.mean, distribution.gamma.cv
    return None, None


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else np.nan
