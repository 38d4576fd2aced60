"""Hardware fitted to runs whose law is known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import t

from coalesce_sim import fit_hardware

PROMPT = np.array([800.0, 4000, 9000, 2000, 500, 6000])
OUTPUT = np.array([200.0, 50, 400, 700, 100, 300])
PARTS = {"prefill": PROMPT, "decode": OUTPUT}


def test_the_law_itself_is_found_again() -> None:
    fit = fit_hardware(0.5 + PROMPT / 2000 + OUTPUT / 40, PARTS, start=True)
    assert [rate.value for rate in fit.rates.values()] == pytest.approx([2000, 40])
    assert fit.start_s is not None
    assert fit.start_s.value == pytest.approx(0.5)
    assert fit.error.mean == pytest.approx(0, abs=1e-12)
    assert fit.predict({"prefill": [4000], "decode": [400]}) == pytest.approx([12.5])


def test_a_single_rate_is_one_over_the_mean_of_seconds_a_unit() -> None:
    flop, seconds = np.array([1e15, 2e15, 4e15, 8e15]), np.array([50.0, 90, 220, 380])
    fit = fit_hardware(seconds, {"flop": flop}, peak_flop_s=5e13)
    per_flop_s = seconds / flop
    mean_s, half_s = (
        per_flop_s.mean(),
        t.ppf(0.975, 3) * math.sqrt(((per_flop_s - per_flop_s.mean()) ** 2).sum()) / 3,
    )
    rate = fit.rates["flop"]
    assert rate.value == pytest.approx(1 / mean_s)
    assert rate.ci95 == pytest.approx((1 / (mean_s + half_s), 1 / (mean_s - half_s)))
    assert fit.utilisation["flop"].value == pytest.approx(rate.value / 5e13)
    errors = np.abs(flop / rate.value / seconds - 1)
    assert fit.error.mean == pytest.approx(errors.mean())
    assert fit.error_on([100], {"flop": [rate.value * 110]}).mean == pytest.approx(0.1)


def test_relative_errors_count_so_that_a_long_run_does_not_drown_short_ones() -> None:
    flop, seconds = np.array([1.0, 1, 1, 1000]), np.array([1.0, 1, 1, 1200])
    assert 1 / fit_hardware(seconds, {"flop": flop}).rates["flop"].value == pytest.approx(1.05)


def test_a_part_that_takes_no_time_is_infinitely_fast() -> None:
    fit = fit_hardware(OUTPUT / 40 - PROMPT / 1e5, PARTS)
    value, (low, high) = fit.rates["prefill"]
    assert value == math.inf
    assert 0 < low < high == math.inf


@pytest.mark.parametrize(
    ("seconds", "work", "options", "message"),
    [
        ([1, 2, 0], {"flop": [1, 2, 3]}, {}, r"seconds: must be a list of times above 0"),
        ([1, 2, math.nan], {"flop": [1, 2, 3]}, {}, "seconds: must be finite"),
        ([1, 2, 3], {"flop": [1, 2]}, {}, r"work\['flop'\]: must have 3 entries as seconds has \(got 2\)"),
        ([1, 2, 3], {"flop": [1, -2, 3]}, {}, r"work\['flop'\]: must be >= 0"),
        ([1, 2, 3], {"flop": [0, 0, 0]}, {}, "somewhere above it"),
        ([1, 2, 3], {}, {}, "work: must have a part"),
        ([1, 2], {"flop": [1, 2]}, {"start": True}, "2 runs are too few for 2 figures"),
        ([1, 2, 3], {"a": [1, 2, 3], "b": [2, 4, 6]}, {}, "a, b cannot be told apart"),
        ([1, 2, 3], {"flop": [2, 2, 2]}, {"start": True}, "flop, the start cannot be told apart"),
        ([1, 2, 3], {"flop": [1, 2, 3]}, {"peak_flop_s": 0.0}, "peak_flop_s: must be > 0"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    seconds: list[float], work: dict[str, list[float]], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        fit_hardware(seconds, work, **options)


def test_a_prediction_needs_the_parts_that_were_fitted() -> None:
    fit = fit_hardware(OUTPUT / 40, {"decode": OUTPUT})
    with pytest.raises(ValueError, match=r"work: must have the parts decode \(got prefill\)"):
        fit.predict({"prefill": PROMPT})
