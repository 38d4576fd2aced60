"""When replications are enough: half-widths, the rule and the plan of totals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coalesce_sim.statistics.intervals import estimate
from coalesce_sim.statistics.stopping import next_total, running_half_widths, satisfied_at

NAN = math.nan
RULE: dict[str, Any] = {"half_width": 1.0, "minimum": 10, "look_ahead": 5}


def by_definition(values: Sequence[float], half_width: float, minimum: int, look_ahead: int) -> int | None:
    """The rule word by word."""
    for n in range(minimum, len(values) + 1):
        ahead = look_ahead if n <= 100 else max(look_ahead, math.ceil(look_ahead * n / 100))
        if n + ahead > len(values):
            return None
        widths = [estimate(values[:i]).half_width for i in range(n, n + ahead + 1)]
        if all(width is not None and width <= half_width for width in widths):
            return n
    return None


def plan(values: Sequence[float], cap: int = 1000, **changes: Any) -> list[int]:
    """The totals asked for, one after the other."""
    totals: list[int] = []
    while (
        total := next_total(values[: totals[-1] if totals else 0], cap=cap, **(RULE | changes))
    ) is not None:
        totals.append(total)
    return totals


@settings(max_examples=40)
@given(st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(NAN)), max_size=30), st.floats(-1e7, 1e7))
def test_half_widths_are_those_of_the_estimates(values: list[float], offset: float) -> None:
    values = [value + offset for value in values]
    expected = [estimate(values[: n + 1]).half_width for n in range(len(values))]
    found = running_half_widths(values)
    assert found == pytest.approx([NAN if each is None else each for each in expected], abs=1e-4, nan_ok=True)


def test_half_widths_keep_their_digits_far_from_0() -> None:
    values = np.random.default_rng(1).normal(0, 1, 200)
    shifted = values + 1e9
    assert running_half_widths(shifted) == pytest.approx(running_half_widths(shifted - 1e9), nan_ok=True)


def test_half_widths_of_a_prefix_are_a_prefix_to_the_last_bit() -> None:
    values = np.random.default_rng(2).lognormal(0, 2, 300)
    values[[0, 40, 41]] = NAN
    whole = running_half_widths(values)
    for n in (0, 1, 2, 17, 45, 299):
        np.testing.assert_array_equal(running_half_widths(values[:n]), whole[:n])


def test_an_infinite_value_counts_as_an_undefined_one() -> None:
    """On resuming, too: a run that came to infinity is there, and cannot be played away."""
    values = [1.0, NAN, math.inf, 2.0, -math.inf, 4.0, *[3.0] * 60]
    undefined = [value if math.isfinite(value) else NAN for value in values]
    np.testing.assert_array_equal(running_half_widths(values), running_half_widths(undefined))
    assert satisfied_at(values, **RULE) == satisfied_at(undefined, **RULE) is not None
    assert plan(values) == plan(undefined)


@pytest.mark.parametrize(("look_ahead", "minimum", "half_width"), [(0, 2, 1.0), (5, 10, 0.6), (7, 2, 0.32)])
def test_the_rule_is_its_definition(look_ahead: int, minimum: int, half_width: float) -> None:
    rng = np.random.default_rng(4)
    found = []
    for _ in range(6):
        values = rng.normal(0, 2, 220)
        values[rng.random(220) < 0.1] = NAN
        expected = by_definition(values.tolist(), half_width, minimum, look_ahead)
        assert (
            satisfied_at(values.tolist(), half_width=half_width, minimum=minimum, look_ahead=look_ahead)
            == expected
        )
        found.append(expected)
    assert any(found)
    assert half_width > 0.5 or max(each or 0 for each in found) > 120, "so that looking ahead has grown"


def test_a_width_that_is_small_by_chance_does_not_count() -> None:
    """Ten that agree, and then one that does not; it is enough again when its weight is lost."""
    values = [5.0] * 10 + [9.0] + [5.0] * 39
    assert satisfied_at(values, **(RULE | {"look_ahead": 0})) == 10
    widths = running_half_widths(values)
    assert widths[10] < 1, "so that only a narrower target tells the two rules apart"
    narrow = RULE | {"half_width": 0.5}
    again = satisfied_at(values, **narrow)
    assert satisfied_at(values, **(narrow | {"look_ahead": 0})) == 10
    assert again is not None
    assert widths[again - 2] > 0.5 >= widths[again - 1]


def test_it_takes_the_minimum_and_the_look_ahead_even_where_nothing_varies() -> None:
    assert satisfied_at([3.0] * 14, **RULE) is None
    assert satisfied_at([3.0] * 15, **RULE) == 10
    assert plan([3.0] * 50) == [15]


def test_undefined_values_count_as_replications_only() -> None:
    assert satisfied_at([NAN] * 8 + [3.0] * 7, **RULE) == 10
    assert satisfied_at([NAN] * 13 + [3.0] * 2, **RULE) is None
    assert plan([NAN] * 14 + [3.0] + [NAN] * 185, cap=100) == [15, 22, 33, 49, 73, 100]


@pytest.mark.parametrize("undefined", [NAN, math.inf])
def test_a_point_that_comes_to_nothing_at_first_is_given_up(undefined: float) -> None:
    """Whatever there is beyond: the plan depends on the first values alone."""
    assert plan([undefined] * 200) == [15]
    assert plan([undefined] * 15 + [3.0] * 185) == [15]
    assert plan([undefined] * 200, cap=12) == [12]
    assert next_total([undefined] * 14, cap=100, **RULE) == 15


def test_totals_grow_towards_the_target_and_end_where_it_is_met() -> None:
    values = np.random.default_rng(5).normal(50, 5, 1000).tolist()
    totals = plan(values)
    enough = satisfied_at(values, **RULE)
    assert enough is not None
    assert 80 < enough < 120, "(1.98·5/1)² is 98"
    assert totals[0] == 15
    assert totals[-2] < enough + 5 <= totals[-1] <= 1.1 * (enough + 5)
    for before, after in pairwise(totals):
        assert before < after <= max(before + 5, 1.5 * before)


def test_a_width_that_has_just_become_narrow_is_watched_for_its_look_ahead() -> None:
    """It first suffices at the 16th, so that the rule may be satisfied at 16 and five more."""
    values = [0.0, 4.0] * 8
    widths = running_half_widths(values)
    half_width = float(widths[-1]) * 1.0001
    assert not (widths[:-1] <= half_width).any()
    assert next_total(values, half_width=half_width, minimum=11, look_ahead=5, cap=1000) == 21


def test_beyond_a_hundred_the_look_ahead_is_a_share_rounded_up() -> None:
    rule = {"half_width": 1.0, "look_ahead": 5, "cap": 1000}
    totals = [next_total([], minimum=n, **rule) for n in (100, 101, 150, 160)]  # type: ignore[arg-type]
    assert totals == [105, 107, 158, 168]


def test_an_interval_that_has_grown_too_wide_again_is_not_what_was_asked_for() -> None:
    """The rule is satisfied within the second total, of 22, but its last value is far off."""
    values = [1.85, -1.85] * 7 + [1.85] + [0.0] * 6 + [15.0] + [0.0] * 200
    assert satisfied_at(values[:22], **RULE) is not None
    widths = running_half_widths(values)
    assert widths[21] > 1
    totals = plan(values)
    assert totals[1] == 22 < totals[-1]
    assert widths[totals[-1] - 1] <= 1


def test_the_plan_is_the_same_wherever_playing_was_interrupted() -> None:
    values = np.random.default_rng(6).normal(50, 4, 300).tolist()
    totals = plan(values)
    assert len(totals) > 3
    for played in range(totals[-1]):
        following = next(total for total in totals if total > played)
        assert next_total(values[:played], cap=1000, **RULE) == following
    for played in range(totals[-1], 300):
        assert next_total(values[:played], cap=1000, **RULE) is None


def test_no_plan_goes_beyond_the_cap() -> None:
    values = np.random.default_rng(7).normal(50, 40, 60).tolist()
    assert plan(values, cap=60)[-1] == 60
    assert plan(values, cap=12) == [12]
    assert satisfied_at(values, **RULE) is None
    assert plan([0.0, 1e150] * 30, cap=40)[-1] == 40


def test_without_look_ahead_and_with_the_least_minimum_it_still_ends() -> None:
    values = np.random.default_rng(8).normal(0, 3, 400).tolist()
    totals = plan(values, minimum=2, look_ahead=0)
    assert totals[0] == 2
    assert satisfied_at(values[: totals[-1]], half_width=1.0, minimum=2, look_ahead=0) is not None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"half_width": 0.0}, r"half_width: must be > 0 and finite \(got 0.0\)"),
        ({"half_width": NAN}, r"half_width: must be > 0 and finite \(got nan\)"),
        ({"minimum": 1}, r"minimum: must be >= 2 \(got 1\)"),
        ({"look_ahead": -1}, r"look_ahead: must be >= 0 \(got -1\)"),
        ({"cap": 9}, r"cap: must be >= minimum, 10 \(got 9\)"),
    ],
)
def test_settings_out_of_range(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        next_total([], **(RULE | {"cap": 100} | changes))


def test_a_thousand_values_are_looked_at_in_a_blink() -> None:
    values = np.random.default_rng(9).normal(0, 1, 1000).tolist()
    satisfied_at(values, **RULE)
    took_s = []
    for _ in range(20):
        begin_s = perf_counter()
        satisfied_at(values, **(RULE | {"half_width": 0.01}))
        took_s.append(perf_counter() - begin_s)
    assert min(took_s) < 0.001
