from __future__ import annotations

import numpy as np
import pytest

from coalesce_sim.numbers import column, level_text, number, percent, plural, with_half_width
from coalesce_sim.statistics.intervals import Estimate


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1234567.8, "1,234,568"),
        (123.45, "123"),
        (12.345, "12.3"),
        (-1.2345, "-1.23"),
        (0.012345, "0.0123"),
        (0.0000055, "5.50e-06"),
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_three_significant_digits_at_least(value: float | None, text: str):
    assert number(value) == text


def test_as_many_decimals_as_asked_for():
    assert number(0.0, 1) == number(-1e-14, 1) == "0.0"
    assert number(1234.56, 1) == "1,234.6"


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([12.345, 0.5], ["12.35", "0.50"]),
        ([0.98765, 0.1, None], ["0.988", "0.100", "–"]),
        ([0.0, 0.0], ["0", "0"]),
        ([5710.4, 33.0], ["5,710", "33"]),
        ([5.5e-6, 0.0], ["5.50e-06", "0"]),
        ([], []),
    ],
)
def test_numbers_in_a_column_have_the_same_decimals(values: list[float | None], texts: list[str]):
    assert column(values) == texts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Estimate(345.2, 50.0, (318.4, 372.0), 20), "345 ± 27"),
        (Estimate(0.22904, 0.01, (0.22712, 0.23096), 20), "0.2290 ± 0.0019"),
        (Estimate(8819.0, 0.0, (8819.0, 8819.0), 20), "8,819"),
        (Estimate(3.5, 4e-16, (3.5 - 4e-16, 3.5 + 9e-16), 20), "3.50"),
        (Estimate(2e-13, 1e-13, (1e-13, 3e-13), 20), "2.00e-13 ± 1.0e-13"),
        (Estimate(99.2, 2.0, (93.1, 99.9), 20), "99.2 [93.1, 99.9]"),
        (Estimate(8819.0, None, None, 1), "8,819"),
        (Estimate(None, None, None, 0), "–"),
    ],
)
def test_an_interval_decides_how_many_digits_are_worth_showing(value: Estimate, text: str):
    assert with_half_width(value) == text


def test_percent_and_plural():
    assert percent(Estimate(23.84, 3.0, (22.24, 25.44), 20)) == "23.8 % ± 1.6 %"
    assert percent(Estimate(99.2, 3.0, (92.0, 100.0), 20)) == "99.2 % [92.0, 100.0]"
    assert percent(Estimate(None, None, None, 0)) == "– %"
    assert [plural(1, "run"), plural(2000, "run")] == ["1 run", "2,000 runs"]


@pytest.mark.parametrize(
    ("level", "text"),
    [
        (1234567, "1234567"),
        (1234567.0, "1234567"),
        (np.int64(1234567), "1234567"),
        (np.float64(1234567.0), "1234567"),
        (2**62, "4611686018427387904"),
        (1e18, "1e+18"),
        (0.1, "0.1"),
        (1e-7, "1e-07"),
        (0.123456789, "0.123457"),
        (-0.0, "0"),
        ("text", "text"),
        (True, "true"),
        (np.False_, "false"),
        (None, "null"),
    ],
)
def test_a_level_reads_as_in_a_sweep_file(level: object, text: str):
    assert level_text(level) == text
