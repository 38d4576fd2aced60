"""The level of a defence at which an attack stops paying, from gains that are known."""

from __future__ import annotations

import numpy as np
import pytest

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.breaking_even import Gains, break_even

LUCK = np.array([-1.5, -0.5, 0.5, 1.5])


def falling(start_usd: float, per_level_usd: float) -> Gains:
    def gains(level: float) -> FloatArray:
        values: FloatArray = start_usd - per_level_usd * level + LUCK
        return values

    return gains


def test_a_gain_that_falls_in_a_line_breaks_even_where_the_line_does() -> None:
    found = break_even(falling(6.0, 2.0), first=1.0, most=100.0)
    assert found.pays
    assert found.level == pytest.approx(3.0)
    assert found.ci95 is not None
    half = 3.182446305 * 1.2909944487 / 2 / 2  # t(3), sd of LUCK over √4, over the slope of 2
    assert found.ci95 == pytest.approx((3.0 - half, 3.0 + half), rel=1e-6)


def test_an_attack_that_does_not_pay_has_no_break_even() -> None:
    found = break_even(falling(-1.0, 2.0), first=1.0, most=100.0)
    assert (found.pays, found.level, found.ci95) == (False, None, None)
    assert list(found.tried) == [0.0]


def test_a_defence_that_does_not_bite_is_said_not_to() -> None:
    found = break_even(falling(6.0, 0.0), first=0.1, most=0.8)
    assert (found.pays, found.level) == (True, None)
    assert list(found.tried) == [0.0, 0.1, 0.2, 0.4, 0.8]


def test_it_is_never_told_of_a_level_that_was_not_tried() -> None:
    found = break_even(falling(6.0, 0.0), first=0.01, most=100.0)
    assert found.level is None
    assert found.most == max(found.tried) < 100


def test_the_upper_end_is_open_where_the_gain_is_not_shown_to_be_below_0() -> None:
    found = break_even(falling(1.0, 1.0), first=0.5, most=1.5)
    assert found.level == pytest.approx(1.0)
    assert found.ci95 is not None
    assert found.ci95 == (0.0, None)
    assert max(found.tried) == 1.5
