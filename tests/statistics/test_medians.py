"""Medians where the largest values are beyond what was observed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coalesce_sim.statistics.changepoints import changepoint
from coalesce_sim.statistics.medians import median


def test_what_was_never_seen_counts_as_later():
    assert median(np.array([1.0, 2.0, math.inf])).mean == 2
    assert median(np.array([1.0, math.inf, math.inf])).mean is None
    assert median(np.array([math.nan, 3.0])).n == 1
    assert median(np.array([math.nan])).mean is None


def test_the_interval_is_that_of_the_sign_test():
    # Of ten values the second from either end: 2 P(B < 2) = 2 · 11/1024 = 2.1 %, but 2 P(B < 3) = 10.9 %.
    ten = median(np.arange(10.0))
    assert ten.mean == 4.5
    assert ten.ci95 == (1, 8)
    assert median(np.arange(5.0)).ci95 is None  # 2 / 32 is more than 5 %
    assert median(np.array([*range(8), math.inf, math.inf], dtype=float)).ci95 is None


def test_a_bend_is_found_and_a_straight_line_has_none():
    x = np.linspace(0, 1, 9)
    noise = np.random.default_rng(1).normal(0, 0.05, (20, 9))
    found = changepoint(x, 4 * np.maximum(0, x - 0.5) + noise)
    assert found is not None
    assert found.at_ci95[0] <= 0.5 <= found.at_ci95[1]
    assert found.change == pytest.approx(4, rel=0.2)
    assert changepoint(x, 2 * x + noise) is None
    assert changepoint(x[:4], noise[:, :4]) is None
