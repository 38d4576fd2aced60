"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Protocol

from coalesce_sim.texts import on_one_line

_LARGEST_EXACT = 2.0**53
"""From here on not every whole number is a float."""

NOTHING = "–"
"""Stands where there is no number."""


class Measured(Protocol):
    """A mean, None where there is none, and half of its 95 % interval, such as an `Estimate` has."""

    @property
    def mean(self) -> float | None: ...

    @property
    def half_width(self) -> float | None: ...


def number(value: float | None, decimals: int | None = None) -> str:
    """With thousands separators and the given decimals or, left out, three significant digits at least."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0 and decimals is None:
        return "0"
    if decimals is None:
        decimals = _decimals(value, 3)
        if decimals > 6:
            return f"{value:.2e}"
    return f"{value:,.{decimals}f}"


def column(values: Iterable[float | None]) -> list[str]:
    """Numbers that stand below one another: as many decimals as the largest needs for four digits."""
    values = list(values)
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    decimals = _decimals(largest, 4) if largest else 0
    if decimals > 6:
        return [number(value) for value in values]
    return [number(value, min(decimals, 3) if largest >= 0.01 else decimals) for value in values]


def with_half_width(value: Measured) -> str:
    """A mean and, where there is one, half of its 95 % interval to two significant digits."""
    if not value.half_width:
        return number(value.mean)
    decimals = _decimals(value.half_width, 2)
    return f"{number(value.mean, decimals)} ± {number(value.half_width, decimals)}"


def percent(value: Measured) -> str:
    """A mean in percent, ± half of its 95 % interval where there is one."""
    if not value.half_width:
        return f"{number(value.mean, 1)} %"
    return f"{number(value.mean, 1)} % ± {number(value.half_width, 1)} %"


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


def _decimals(value: float, digits: int) -> int:
    """Decimals that show so many significant digits of a value other than 0."""
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))
