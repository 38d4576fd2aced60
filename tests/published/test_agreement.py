"""The statistics of the comparison, against hand calculations and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from coalesce_sim.experiments.published.agreement import predictive, two_sided_p, weighted, welch
from coalesce_sim.statistics.intervals import estimate


def test_welch_agrees_with_scipy_on_summary_statistics() -> None:
    ours = np.random.default_rng(1).normal(40, 9, 25)
    found = welch(estimate(ours.tolist()), 37.0, 4.0, 18)
    expected = stats.ttest_ind_from_stats(ours.mean(), ours.std(ddof=1), 25, 37.0, 4.0, 18, equal_var=False)
    assert found.p == pytest.approx(expected.pvalue)
    assert found.mean == pytest.approx(ours.mean() - 37.0)
    # A null value at the end of the 95 % interval has p = 0.05.
    at_the_end = welch(estimate(ours.tolist()), 37.0 + found.ci95[1], 4.0, 18)
    assert at_the_end.p == pytest.approx(0.05)


def test_welch_needs_two_values_and_some_spread() -> None:
    with pytest.raises(ValueError, match="two values or more"):
        welch(estimate([1.0]), 1.0, 1.0, 18)
    with pytest.raises(ValueError, match="must vary"):
        welch(estimate([1.0, 1.0]), 1.0, 0.0, 18)


def test_predictive_means_have_the_spread_of_both_samples() -> None:
    values = np.random.default_rng(2).normal(10, 3, 200)
    found = predictive(values.tolist(), 20, np.random.default_rng(3), draws=20_000)
    assert found.means.mean() == pytest.approx(values.mean(), abs=0.05)
    # A new sample's mean scatters with sd²/20, ours with sd²/200.
    assert found.means.std() == pytest.approx(values.std() * (1 / 20 + 1 / 200) ** 0.5, rel=0.03)
    assert np.median(found.sds) == pytest.approx(values.std(), rel=0.05)


def test_predictive_draws_only_values_that_occurred() -> None:
    found = predictive([0.0, 1.0], 1000, np.random.default_rng(4), draws=300)
    assert set(np.round(found.means * 1000)) <= set(range(1001))
    # A quarter of the resamples of two values hold 0 twice, a quarter 1 twice, and half one of each.
    assert (found.means == 0).mean() == pytest.approx(0.25, abs=0.1)
    assert (found.means == 1).mean() == pytest.approx(0.25, abs=0.1)


def test_two_sided_p_counts_both_sides() -> None:
    draws = np.arange(1, 100, dtype=float)
    assert two_sided_p(50.0, draws) == 1.0
    assert two_sided_p(0.0, draws) == pytest.approx(0.02)
    assert two_sided_p(98.5, draws) == pytest.approx(2 * 2 / 100)


def test_weighted_mean_of_groups() -> None:
    groups = {"a": estimate([1.0, 3.0]), "b": estimate([10.0, 10.5, 11.0])}
    found = weighted(groups, {"a": 1, "b": 3})
    assert found.mean == pytest.approx((2 + 3 * 10.5) / 4)
    assert found.n == 5
    # One draw of the mixture: mean of the variances plus variance of the means.
    assert found.sd is not None
    assert found.sd**2 == pytest.approx(0.25 * 2 + 0.75 * 0.25 + 0.25 * 0.75 * 8.5**2)
    assert found.half_width == pytest.approx(
        stats.t.ppf(0.975, 3) * (0.0625 * 2 / 2 + 0.5625 * 0.25 / 3) ** 0.5
    )
