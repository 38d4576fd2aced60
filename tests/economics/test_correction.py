"""Estimates that learn, and their error over time."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from coalesce_sim import LOCAL
from coalesce_sim.economics.correction import Correction, ErrorWindow, EstimationError
from coalesce_sim.scenario.calibration import Calibration as Settings


def correction(rate: float, forgetting: float = 1, *, proven_only: bool = False) -> Correction:
    """For two types and two contractors."""
    return Correction((2, 3), rate, forgetting, proven_only=proven_only)


def test_where_all_but_the_newest_fades_the_factor_is_the_papers_running_mean() -> None:
    learned = correction(0.2, forgetting=0.8)
    mean = 10.0
    for actual in (30.0, 12.0, 18.0, 5.0):
        learned.learn(1, 1, 10.0, actual)
        mean = 0.2 * actual + 0.8 * mean
        assert 10.0 * learned.factors[1, 1] == pytest.approx(mean)


def test_three_bills_by_hand() -> None:
    """Estimates of 1, 4 and 5 that came to 3, 2 and 10; at first as if four like the first had come true."""
    learned = correction(0.2)
    factors = []
    for estimated, actual in ((1, 3), (4, 2), (5, 10)):
        learned.learn(0, 0, estimated, actual)
        factors.append(learned.factors[0, 0])
    assert factors == pytest.approx([7 / 5, 9 / 9, 19 / 14])


def test_small_estimates_count_for_little() -> None:
    """A bill 245 times its estimate of 0.002 among those of 1 that come true."""
    learned = correction(0.2)
    for estimated, actual in ((1.0, 1.0), (0.002, 0.49), (1.0, 1.0)):
        learned.learn(0, 0, estimated, actual)
    assert learned.factors[0, 0] == pytest.approx(6.49 / 6.002)


@pytest.mark.parametrize("forgetting", [1, 0.99])
def test_corrected_estimates_add_up_to_what_came_of_them(forgetting: float) -> None:
    """Whatever sizes go with whatever ratios, once what was there at first weighs nothing."""
    rng = np.random.default_rng(1)
    estimated = rng.lognormal(0, 2, 4000)
    actual = estimated * np.where(estimated > 1, 0.5, 3) * rng.exponential(1, 4000)
    learned = correction(1, forgetting)
    for pair in zip(estimated.tolist(), actual.tolist(), strict=True):
        learned.learn(0, LOCAL, *pair)
    weight = forgetting ** np.arange(4000)[::-1]
    assert learned.factors[0, LOCAL] * (weight * estimated).sum() == pytest.approx((weight * actual).sum())


@pytest.mark.parametrize(
    ("forgetting", "factors"),
    [(1, [1, 2, 1, 7 / 4]), (0.5, [1, 2, 1, 32.5 / 18.75])],
    ids=["nothing", "half"],
)
def test_a_factor_is_used_as_long_as_it_would_have_brought_estimates_nearer(
    forgetting: float, factors: list[float]
) -> None:
    """Estimates of 10 that come to 20, 20, 10 and 20.

    The second would have been off by 0 in place of 10, by the factor 2 that the first had left; the third, by
    the same factor, by 10 in place of 0; the fourth, at 5/3, by 10/3 in place of 10. Where half is forgotten
    the third takes back twice what is left of the second, −5; the fourth, at 10/7, adds 30/7 to half of that.
    """
    learned = correction(1, forgetting, proven_only=True)
    found = []
    for actual in (20, 20, 10, 20):
        learned.learn(0, 0, 10, actual)
        found.append(learned.factors[0, 0])
    assert found == pytest.approx(factors)


def test_a_few_dear_bills_do_not_spoil_all_other_estimates() -> None:
    """One bill in ten comes to 11 times its estimate: by sums the factor is 2, all others off by as much."""
    learned, errors = correction(0.2, proven_only=True), []
    for place in range(200):
        actual = 11.0 if place % 10 == 5 else 1.0
        errors.append(abs(learned.factors[0, 0] - actual))
        learned.learn(0, 0, 1.0, actual)
    assert sum(errors) == pytest.approx(20 * 10)


def test_every_type_and_contractor_learns_for_itself_and_home_is_the_last() -> None:
    learned = correction(0.5)
    learned.learn(0, LOCAL, 1.0, 3.0)
    learned.learn(1, 0, 2.0, 1.0)
    assert learned.factors.tolist() == [[1, 1, 2], [0.75, 1, 1]]


def test_estimates_of_nothing_teach_nothing_until_there_is_another() -> None:
    learned = correction(0.5)
    learned.learn(0, 0, 0.0, 3.0)
    assert (learned.factors == 1).all()
    learned.learn(0, 0, 2.0, 2.0)
    learned.learn(0, 0, 0.0, 2.0)
    assert learned.factors[0, 0] == pytest.approx(6 / 4)


def test_errors_are_told_by_windows_of_outcomes() -> None:
    errors = EstimationError(window=2)
    assert errors.windows() == []
    for finished_s, estimated, actual in ((1, 10, 5), (2, 5, 10), (3, 1, 0), (4, 3, 4)):
        errors.add(float(finished_s), float(estimated), float(actual))
    assert errors.windows() == [ErrorWindow(2.0, 2, 15.0, 2 / 3, 0.0), ErrorWindow(4.0, 1, 4.0, 0.25, -0.25)]


def test_calibration_brings_the_error_down() -> None:
    """Actual costs are three times the estimates; the error after n outcomes is 2/3 of 0.8ⁿ."""
    learned, errors = correction(0.2, forgetting=0.8), EstimationError(window=1)
    for second in range(10):
        errors.add(float(second), 2.0 * learned.factors[0, 0], 6.0)
        learned.learn(0, 0, 2.0, 6.0)
    expected = [2 / 3 * 0.8**outcomes for outcomes in range(10)]
    assert [row.absolute for row in errors.windows()] == pytest.approx(expected)


@pytest.mark.parametrize("rate", [0, -0.1, 1.01])
def test_a_rate_outside_its_range_is_refused(rate: float) -> None:
    assert Settings().rate == 0.2
    with pytest.raises(ValidationError, match="rate"):
        Settings(rate=rate)
