"""Intervals of means, against scipy and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from coalesce_sim.statistics.intervals import (
    RESAMPLES,
    Estimate,
    Interval,
    band,
    bca,
    estimate,
    grouped,
    resampled,
)

SKEWED = np.random.default_rng(3).lognormal(0, 1, 25)


def test_the_t_interval_is_scipys() -> None:
    found = estimate(SKEWED.tolist())
    interval = stats.ttest_1samp(SKEWED, 0).confidence_interval()
    assert found.ci95 == pytest.approx((interval.low, interval.high))
    assert (found.mean, found.sd) == pytest.approx((SKEWED.mean(), SKEWED.std(ddof=1)))


def test_the_bootstrap_interval_is_efrons() -> None:
    """Bias correction and acceleration by hand, from resamples of other seeds than those in use."""
    resampled = np.sort(np.random.default_rng(11).choice(SKEWED, (20_000, len(SKEWED))).mean(axis=1))
    mean = SKEWED.mean()
    bias = stats.norm.ppf((resampled < mean).mean())
    without_each = mean - (SKEWED - mean) / (len(SKEWED) - 1)
    deviation = without_each.mean() - without_each
    acceleration = (deviation**3).sum() / (6 * (deviation**2).sum() ** 1.5)
    z = bias + stats.norm.ppf([0.025, 0.975])
    expected = np.quantile(resampled, stats.norm.cdf(bias + z / (1 - acceleration * z)))
    found = bca(SKEWED.tolist())
    assert found.ci95 == pytest.approx(expected, rel=0.03)
    assert found.mean is not None
    assert found.ci95 is not None
    assert found.ci95[1] - found.mean > 1.3 * (found.mean - found.ci95[0]), (
        "it reaches further where the tail is"
    )


def test_the_bootstrap_repeats_and_another_seed_differs_a_little() -> None:
    values = SKEWED.tolist()
    assert bca(values) == bca(values, seed=0) == estimate(values, interval="bca")
    one, other = bca(values).ci95, bca(values, seed=1).ci95
    assert one != other
    assert one == pytest.approx(other, rel=5 / math.sqrt(RESAMPLES))


@pytest.mark.parametrize("interval", ["t", "bca"])
def test_estimates_of_samples_that_say_little(interval: Interval) -> None:
    assert estimate([], interval) == estimate([math.nan], interval) == Estimate(None, None, None, 0)
    assert estimate([3.0, math.nan], interval) == Estimate(3.0, None, None, 1)
    assert estimate([3.0] * 4, interval) == Estimate(3.0, 0.0, (3.0, 3.0), 4)


def test_a_sample_constant_but_for_rounding_has_no_width() -> None:
    """Where values differ in the last bit the jackknife is noise."""
    found = bca([0.1, 0.1, 0.30000000000000004 - 0.2])
    assert found.ci95 == (found.mean, found.mean)


def test_undefined_values_are_left_out() -> None:
    values = SKEWED.tolist()
    for interval in ("t", "bca"):
        assert estimate([math.nan, *values, math.nan], interval) == estimate(values, interval)


def test_two_values_bound_the_bootstrap_of_their_mean() -> None:
    assert bca([1.0, 4.0]).ci95 == (1.0, 4.0)


def test_a_group_of_one_has_a_mean_and_no_interval() -> None:
    mean, half_width = grouped(np.array([1.0, 2.0, 4.0, np.nan]), np.array([0, 1, 3, 4]))
    assert mean.tolist() == pytest.approx([1.0, 3.0, np.nan], nan_ok=True)
    assert half_width.tolist() == pytest.approx([np.nan, stats.t.ppf(0.975, 1) * 1.0, np.nan], nan_ok=True)


def test_one_replication_has_means_and_no_band() -> None:
    mean, half_width = band(np.array([[1.5, -2.0]]))
    assert mean.tolist() == [1.5, -2.0]
    assert np.isnan(half_width).all()


def test_bands_are_the_intervals_of_each_column() -> None:
    values = np.random.default_rng(6).normal(size=(9, 3))
    mean, half_width = band(values)
    for column, at, half in zip(values.T, mean, half_width, strict=True):
        expected = estimate(column.tolist())
        assert (at, half) == pytest.approx((expected.mean, expected.half_width))


def test_an_interval_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"interval: must be one of t, bca \(got 'BCa'\)"):
        estimate([1.0, 2.0, 3.0], "BCa")  # type: ignore[arg-type]


def test_an_interval_over_samples_and_runs_keeps_both_apart() -> None:
    """Worked by hand: runs scatter by a variance of 2, means of samples by 8, of which 2/2 is the runs'."""
    found = resampled(np.array([[1.0, 3.0], [5.0, 7.0]]))
    half_width = stats.t(1).ppf(0.975) * math.sqrt(7 + 2 / 4)
    assert (found.mean, found.n, found.sd) == (4.0, 4, 3.0)
    assert found.ci95 == pytest.approx((4 - half_width, 4 + half_width))


def test_more_runs_do_not_hide_that_samples_differ() -> None:
    few, many = np.array([[1.0, 3.0], [5.0, 7.0]]), np.array([[1.0, 3.0] * 50, [5.0, 7.0] * 50])
    narrow, wide = resampled(many).half_width, resampled(few).half_width
    assert narrow is not None
    assert wide is not None
    assert stats.t(1).ppf(0.975) * math.sqrt(7.9) < narrow < wide * 1.1


@pytest.mark.parametrize("shape", [(1, 5), (5, 1)])
def test_an_interval_over_samples_needs_several_of_several_runs(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=rf"got {shape[0]} of {shape[1]}"):
        resampled(np.zeros(shape))


def test_values_that_differ_by_rounding_do_not_vary() -> None:
    noisy = [0.1 + 0.2, 0.3, 0.15 + 0.15]
    assert len(set(noisy)) > 1
    found = estimate(noisy)
    assert (found.sd, found.half_width) == (0.0, 0.0)
    assert band(np.array([noisy]).T)[1].tolist() == [0.0]
    assert grouped(np.array(noisy), np.array([0, 3]))[1].tolist() == [0.0]


@pytest.mark.parametrize("values", [[99.0, 100.0, 94.0], [0.0, 0.0, 3.0], [0.0, 100.0, 50.0]])
def test_an_interval_of_shares_that_would_leave_them_is_wilsons(values: list[float]) -> None:
    """Wilson's ends are the shares whose own variance puts the mean just as far away as t allows."""
    by_t, found = estimate(values), estimate(values, share=True)
    assert by_t.ci95 is not None
    assert found.ci95 is not None
    assert found.mean is not None
    assert by_t.ci95[0] < 0 or by_t.ci95[1] > 100
    assert 0 <= found.ci95[0] < found.mean < found.ci95[1] <= 100
    mean, reach = found.mean / 100, (by_t.ci95[1] - by_t.ci95[0]) / 200
    for end in np.array(found.ci95) / 100:
        assert (mean - end) ** 2 * mean * (1 - mean) == pytest.approx(reach**2 * end * (1 - end))


def test_an_interval_within_the_shares_is_t_and_equal_shares_have_none() -> None:
    inside = [40.0, 50.0, 60.0]
    assert estimate(inside, share=True) == estimate(inside)
    assert estimate([100.0, 100.0], share=True).ci95 == (100.0, 100.0)
