"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Protocol

from coalesce_sim.texts import on_one_line

_LARGEST_EXACT = 2.0**53
"""From here on not every whole number is a float."""

_MOST_DECIMALS = 6
"""Numbers that need more are written with an exponent."""

_NOISE = 1e-9
"""Half of an interval that is a smaller part of the mean comes of rounding: it says nothing."""

NOTHING = "–"
"""Stands where there is no number."""


class Measured(Protocol):
    """A mean, None where there is none, and its 95 % interval, such as an `Estimate` has."""

    @property
    def mean(self) -> float | None: ...

    @property
    def ci95(self) -> tuple[float, float] | None: ...


def number(value: float | None, decimals: int | None = None) -> str:
    """With thousands separators and the given decimals or, left out, three significant digits at least."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0 and decimals is None:
        return "0"
    if decimals is None:
        decimals = _decimals(value, 3)
        if decimals > _MOST_DECIMALS:
            return f"{value:.2e}"
    return f"{round(value, decimals) + 0.0:,.{decimals}f}"  # + 0.0: no -0.0


def column(values: Iterable[float | None]) -> list[str]:
    """Numbers that stand below one another: as many decimals as the largest needs for four digits."""
    values = list(values)
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    decimals = _decimals(largest, 4) if largest else 0
    if decimals > _MOST_DECIMALS:
        return [number(value) for value in values]
    return [number(value, min(decimals, 3) if largest >= 0.01 else decimals) for value in values]


def with_half_width(value: Measured) -> str:
    """A mean and, where there is one, its 95 % interval to two significant digits of half of it."""
    half_width = _half_width(value)
    decimals = _decimals(half_width, 2) if half_width else 0
    if not half_width or decimals > _MOST_DECIMALS:
        return number(value.mean) + (f" ± {half_width:.1e}" if half_width else "")
    return with_interval(value, decimals)


def with_interval(value: Measured, decimals: int, unit: str = "") -> str:
    """A mean ± half of its 95 % interval, where there is one, both with the unit.

    Of an interval that is not symmetrical, as near the ends of a share, both are told: ``99 % [92, 100]``.
    """
    mean, half_width = f"{number(value.mean, decimals)}{unit}", _half_width(value)
    if not half_width or value.mean is None or value.ci95 is None:
        return mean
    low, high = value.ci95
    if abs((low + high) / 2 - value.mean) > 0.5 * 10.0**-decimals:
        return f"{mean} [{number(low, decimals)}, {number(high, decimals)}]"
    return f"{mean} ± {number(half_width, decimals)}{unit}"


def percent(value: Measured) -> str:
    """A mean in percent with its 95 % interval, where there is one."""
    return with_interval(value, 1, " %")


def level_text(value: Any) -> str:
    """A level of a factor, in the words of a sweep file: whole numbers in full, others in six digits,
    texts on one line."""
    plain = value.item() if hasattr(value, "item") else value  # NumPy's scalars
    if plain is None:
        return "null"
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, float):
        whole = plain.is_integer() and abs(plain) < _LARGEST_EXACT
        return str(int(plain)) if whole else f"{plain:.6g}"
    return on_one_line(str(plain))


def plural(count: int, noun: str) -> str:
    """``1 run``, ``2 runs``"""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def duration(seconds: float) -> str:
    """A time in the two largest units that it has, roughly: ``3 h 20 min``."""
    if seconds < 60:
        return f"{seconds:.2g} s"
    units = (("years", 31_557_600), ("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    (name, size), (smaller, part) = next(pair for pair in pairwise(units) if seconds >= pair[0][1])
    whole, rest = int(seconds // size), int(seconds % size // part)
    return f"{whole:,} {name}" + (f" {rest} {smaller}" if rest and name != "years" else "")


def _half_width(value: Measured) -> float:
    """Half of the interval; 0 where there is none, or where it is but rounding."""
    if value.mean is None or value.ci95 is None:
        return 0.0
    half_width = (value.ci95[1] - value.ci95[0]) / 2
    return 0.0 if half_width <= _NOISE * abs(value.mean) else half_width


def _decimals(value: float, digits: int) -> int:
    """Decimals that show so many significant digits of a value other than 0."""
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))
