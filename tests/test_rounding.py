"""Comparing computed amounts: what is equal but for rounding, and what is not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coalesce_sim import rounding

SUM, SAME = 0.1 + 0.2, 0.15 + 0.15
"""Equal on paper; as floats the first is larger by 5.6e-17."""


def test_sums_of_the_same_amounts_are_equal_in_any_order_and_a_millionth_is_a_difference() -> None:
    assert SUM > SAME
    assert not rounding.exceeds(SUM, SAME)
    assert rounding.exceeds(1.000001, 1.0)
    assert rounding.exceeds(-1.0, -1.000001)
    assert rounding.exceeds(1e-300, 0.0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_tolerance_is_relative(sign: float) -> None:
    for scale in (1e-12, 1.0, 1e12):
        assert not rounding.exceeds(sign * scale * (1 + sign * 1e-12), sign * scale)
        assert rounding.exceeds(sign * scale * (1 + sign * 1e-6), sign * scale)


def test_infinity_is_more_than_anything_and_equal_to_itself_and_nan_is_neither() -> None:
    assert rounding.exceeds(math.inf, 1e308)
    assert not rounding.exceeds(math.inf, math.inf)
    assert not rounding.exceeds(1e308, math.inf)
    assert not rounding.exceeds(math.nan, 0.0)
    assert not rounding.exceeds(0.0, math.nan)


def test_the_best_is_the_first_of_equals_but_not_the_first_of_all() -> None:
    values = np.array([0.4, SUM, SAME, 0.2])
    assert rounding.first_least(values[:3]) == 1
    assert rounding.first_least(values) == 3
    assert rounding.first_greatest(np.array([0.2, SAME, SUM])) == 1
    assert rounding.first_greatest(np.array([1.0, math.inf, math.inf])) == 1
    assert rounding.first_least(np.array([math.inf, math.inf])) == 0
    assert rounding.first_least(np.array([-2.0, 1e300, -2.0])) == 0, "what is far away makes nobody equal"


def test_values_vary_if_any_two_differ_by_more_than_rounding() -> None:
    assert not rounding.varies(np.array([SUM, SAME, 0.3]))
    assert rounding.varies(np.array([SUM, SAME, 0.3001]))
    assert rounding.varies(np.array([1.0, math.nan]))


def test_equals_share_a_rank() -> None:
    assert rounding.ranks(np.array([0.4, SUM, SAME, 0.2, math.inf, -math.inf])).tolist() == [3, 2, 2, 1, 4, 0]
    assert rounding.ranks(np.empty(0)).tolist() == []


def test_differences_of_equals_are_0_and_undefined_ones_stay_undefined() -> None:
    one, other = np.array([SUM, 2.0, math.nan, 0.0]), np.array([SAME, 1.0, 1.0, 0.0])
    assert rounding.differences(one, other)[:2].tolist() == [0.0, 1.0]
    assert math.isnan(rounding.differences(one, other)[2])
    assert rounding.differences(one, other)[3] == 0.0
