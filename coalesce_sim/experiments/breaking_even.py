"""At which level of something, such as a defence or a price, what pays stops paying."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.statistics.intervals import Estimate, estimate

Gains = Callable[[float], FloatArray]
"""What is gained at a level, in USD, one entry a replication, on the same random numbers at every level."""

_DOUBLINGS = 12
_HALVINGS = 10
_FAR = 16
"""The upper end of the interval is looked for up to so many times the level."""

_CLOSE = 0.01
"""The search ends where the level is known to this share of it."""


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The level at which the mean gain is 0: None where nothing is gained at level 0 (`pays` is false), or
    where something is at every level up to `most`, the highest that was tried then.

    `ci95` holds the levels at which the 95 % interval of the gain includes 0; its upper end is None where
    it does at every level that was tried. `tried` are the levels that were played, with their gains.
    """

    level: float | None
    ci95: tuple[float, float | None] | None
    pays: bool
    most: float
    tried: Mapping[float, Estimate]

    def as_dict(self) -> dict[str, Any]:
        """The form in which it appears in JSON."""
        return {
            "level": self.level,
            "ci95": None if self.ci95 is None else list(self.ci95),
            "pays_without": self.pays,
            "most_tried": self.most,
            "tried": [{"level": level, "gain_usd": each.as_dict()} for level, each in self.tried.items()],
        }


def break_even(gains: Gains, *, first: float, most: float) -> BreakEven:
    """Double the level from `first` on until nothing is gained, at most to `most`, then halve what lies
    between; the ends of the interval are found between the levels that were played, on straight lines."""
    tried: dict[float, Estimate] = {}

    def mean(level: float) -> float:
        if level not in tried:
            tried[level] = estimate(gains(level).tolist())
        found = tried[level].mean
        assert found is not None
        return found

    def told(level: float | None, *, pays: bool, up_to: float = most) -> BreakEven:
        inside = dict(sorted(tried.items()))
        return BreakEven(level, _interval(inside) if pays else None, pays, up_to, inside)

    if mean(0.0) <= 0:
        return told(None, pays=False)
    low, high = 0.0, min(first, most)
    for _ in range(_DOUBLINGS):
        if mean(high) <= 0 or high == most:
            break
        low, high = high, min(2 * high, most)
    if mean(high) > 0:
        return told(None, pays=True, up_to=high)
    for _ in range(_HALVINGS):
        if high - low <= _CLOSE * high:
            break
        middle = _between(low, mean(low), high, mean(high))
        if mean(middle) > 0:
            low = middle
        else:
            high = middle
    level, beyond = _zero(low, mean(low), high, mean(high)), max(tried)
    while beyond < most and not _shown_not_to_pay(tried[beyond]) and beyond < _FAR * level:
        beyond = min(2 * beyond, most)
        mean(beyond)
    return told(level, pays=True)


def _shown_not_to_pay(gain: Estimate) -> bool:
    return gain.ci95 is not None and gain.ci95[1] <= 0


def _zero(low: float, at_low: float, high: float, at_high: float) -> float:
    """Where the straight line between two points is 0."""
    return low + (high - low) * at_low / (at_low - at_high) if at_low != at_high else high


def _between(low: float, at_low: float, high: float, at_high: float) -> float:
    """The level to try next: where the line says, and not too near an end."""
    share = (_zero(low, at_low, high, at_high) - low) / (high - low)
    return low + min(0.9, max(0.1, share)) * (high - low)


def _interval(tried: Mapping[float, Estimate]) -> tuple[float, float | None] | None:
    """The levels between which the interval of the gain includes 0."""
    levels, ends = list(tried), [each.ci95 for each in tried.values()]
    if any(each is None for each in ends):
        return None
    lower = np.array([each[0] for each in ends if each is not None])
    upper = np.array([each[1] for each in ends if each is not None])
    first, last = _crossing(levels, lower), _crossing(levels, upper)
    return None if first is None else (first, last)


def _crossing(levels: list[float], values: FloatArray) -> float | None:
    """Where values first fall to 0 or below; None where they never do."""
    for place, value in enumerate(values.tolist()):
        if value <= 0:
            if place == 0:
                return levels[0]
            return _zero(levels[place - 1], values.item(place - 1), levels[place], value)
    return None
