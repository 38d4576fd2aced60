"""Estimates that learn, and their error over time."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from coalesce_sim import LOCAL
from coalesce_sim.economics.correction import Calibration, ErrorWindow, EstimationError
from coalesce_sim.scenario.calibration import Calibration as Settings


def test_the_factor_is_the_papers_running_mean_of_the_cost() -> None:
    calibration = Calibration(0.2, types=2, contractors=3)
    mean = 10.0
    for actual in (30.0, 12.0, 18.0, 5.0):
        calibration.learn(1, 2, 10.0, actual)
        mean = 0.2 * actual + 0.8 * mean
        assert 10.0 * calibration.factors[1, 2] == pytest.approx(mean)


def test_a_steady_error_is_corrected_at_the_rate() -> None:
    calibration = Calibration(0.1, types=1, contractors=1)
    for _ in range(20):
        calibration.learn(0, 0, 4.0, 8.0)
    assert calibration.factors[0, 0] == pytest.approx(2 - 0.9**20)


def test_every_type_and_contractor_learns_for_itself_and_home_is_the_last() -> None:
    calibration = Calibration(0.5, types=2, contractors=2)
    calibration.learn(0, LOCAL, 1.0, 3.0)
    calibration.learn(1, 0, 2.0, 1.0)
    assert calibration.factors.tolist() == [[1, 1, 2], [0.75, 1, 1]]


def test_an_estimate_of_nothing_teaches_nothing() -> None:
    calibration = Calibration(0.5, types=1, contractors=1)
    calibration.learn(0, 0, 0.0, 3.0)
    assert calibration.factors.tolist() == [[1, 1]]


def test_errors_are_told_by_windows_of_outcomes() -> None:
    errors = EstimationError(window=2)
    assert errors.windows() == []
    for finished_s, estimated, actual in ((1, 10, 5), (2, 5, 10), (3, 1, 0), (4, 3, 4)):
        errors.add(float(finished_s), float(estimated), float(actual))
    assert errors.windows() == [ErrorWindow(2.0, 2, 15.0, 2 / 3, 0.0), ErrorWindow(4.0, 1, 4.0, 0.25, -0.25)]


def test_calibration_brings_the_error_down() -> None:
    """Actual costs are three times the estimates; the error after n outcomes is 2/3 of 0.8ⁿ."""
    calibration, errors = Calibration(0.2, types=1, contractors=1), EstimationError(window=1)
    for second in range(10):
        errors.add(float(second), 2.0 * calibration.factors[0, 0], 6.0)
        calibration.learn(0, 0, 2.0, 6.0)
    expected = [2 / 3 * 0.8**outcomes for outcomes in range(10)]
    assert [row.absolute for row in errors.windows()] == pytest.approx(expected)


@pytest.mark.parametrize("rate", [0, -0.1, 1.01])
def test_a_rate_outside_its_range_is_refused(rate: float) -> None:
    assert Settings().rate == 0.2
    with pytest.raises(ValidationError, match="rate"):
        Settings(rate=rate)
