"""Which of computed amounts is larger, or the best, but for rounding.

Sums that ought to be equal differ in their last digits by the order in which they were added up: 0.1 + 0.2
is above 0.15 + 0.15. So computed amounts are never asked exactly whether they are equal or which is best.
"""

from __future__ import annotations

import math
from typing import Any, overload

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray

ROUNDING = 1e-9
"""Two amounts are equal if they differ by no more than this share of them: rounding adds up to far less over
all the tasks of a run, and nobody decides by a billionth."""

_LARGEST = np.finfo(np.float64).max / 2
"""Stands in for infinity where the tolerance is added to it."""


@overload
def exceeds(one: float, other: float) -> bool: ...
@overload
def exceeds(one: FloatArray, other: float) -> BoolArray: ...
@overload
def exceeds(one: float | FloatArray, other: FloatArray) -> BoolArray: ...
def exceeds(one: Any, other: Any) -> Any:
    """Whether `one` is larger than `other` by more than rounding; false for NaN. `other` is above −∞."""
    return one > other + ROUNDING * abs(other)


def varies(values: FloatArray) -> bool:
    """Whether any two of the values differ by more than rounding; true where one is NaN."""
    least, most = float(values.min()), float(values.max())
    return not most <= least + ROUNDING * abs(least)


def first_least(values: FloatArray) -> int:
    """Position of the least value, the first of those that are equal to it."""
    least = values.argmin()
    limit = float(values[least])
    return int((values <= limit + ROUNDING * abs(limit)).argmax()) if math.isfinite(limit) else int(least)


def first_greatest(values: FloatArray) -> int:
    """Position of the greatest value, the first of those that are equal to it."""
    greatest = values.argmax()
    limit = float(values[greatest])
    return int((values >= limit - ROUNDING * abs(limit)).argmax()) if math.isfinite(limit) else int(greatest)


def ranks(values: FloatArray) -> IntArray:
    """Each value's place from the least, 0, upwards; values that are equal share one."""
    order = np.argsort(values, kind="stable")
    ascending = np.clip(values[order], -_LARGEST, _LARGEST)
    found = np.zeros(len(values), dtype=np.int64)
    found[order[1:]] = np.cumsum(exceeds(ascending[1:], ascending[:-1]))
    return found


def differences(one: FloatArray, other: FloatArray) -> FloatArray:
    """``one − other``, 0 where the two are equal; NaN where either is."""
    apart: FloatArray = one - other
    return np.where(np.abs(apart) <= ROUNDING * np.minimum(np.abs(one), np.abs(other)), 0.0, apart)
