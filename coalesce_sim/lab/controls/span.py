"""From where to where a slider goes, and in which steps."""

from __future__ import annotations

import math
from typing import NamedTuple

from coalesce_sim.lab.controls.described import Field

_WIDEST, _FAR = 100.0, 50.0
"""An interval that the schema bounds at both ends is shown whole up to this width, and up to so many times
the value: 0.005 on a scale from 0 to 1 could not be moved."""

_REACH = 3.0
"""Else a slider reaches at least so many times the scenario's value."""

_STEPS = 100

_USUAL = {
    "tasks": 1000.0,
    "limit": 1000.0,
    "usd": 10.0,
    "ms": 1000.0,
    "_s": 600.0,
    "_min": 60.0,
    "_h": 24.0,
    "hours": 24.0,
    "days": 30.0,
    "factor": 10.0,
    "_per_day": 10.0,
}
"""How far a slider goes where a scenario says nothing, or 0, by how the name of the field ends."""


class Span(NamedTuple):
    """Ends of a slider, both included, and its step."""

    low: float
    high: float
    step: float

    def at_least(self, value: float | None) -> Span:
        """The same, stretched to a value that lies outside, if there is one."""
        if value is None or self.low <= value <= self.high:
            return self
        high = _round_up(value) if value > self.high else self.high
        return Span(min(self.low, value), high, self.step)


def span_of(field: Field, value: float | None) -> Span:
    """The slider of a field that a scenario says to be `value`, None where it does not say.

    Where the schema has both ends and these are not far from the value (a share, a percentage) it goes from
    one to the other. Else it begins at the schema's lower end, or 0, and reaches the next 1, 2 or 5 times a
    power of ten from three times the value on; of shares and weights up to 1; where there is no value, as far
    as one in its unit usually is. What must be above 0 begins at one step. The schema allows more: a
    number box beside the slider takes all of it.
    """
    least, most = field.least, field.most
    if least is not None and most is not None and _is_near(field, most - least, value):
        low, high = least, most
    else:
        low = least if least is not None else min(0.0, -_reach(field, value) if value and value < 0 else 0.0)
        high = _reach(field, value)
        high = min(high, most) if most is not None else high
        high = max(high, low + 1) if field.whole else high
    step = _round_up((high - low) / _STEPS)
    step = max(1.0, step) if field.whole else step
    low = step if field.whole and 0 < low < step else low
    low += step if field.above_least and not field.whole and low == least else 0
    high -= step if field.below_most and high == most else 0
    return Span(_tidy(low), _tidy(high), _tidy(step))


def _is_near(field: Field, width: float, value: float | None) -> bool:
    if value:
        return width <= _WIDEST and width <= _FAR * abs(value)
    return width <= 1 or (width <= _WIDEST and (field.whole or str(field.steps[-1]).endswith("percent")))


def _reach(field: Field, value: float | None) -> float:
    name = str(field.steps[-1])
    relative = name == "share" or "weights" in field.steps
    if relative and (value is None or value <= 1):
        return 1.0
    if value:
        return _round_up(_REACH * abs(value))
    usual = (most for unit, most in _USUAL.items() if name.endswith(unit))
    return next(usual, 10.0 if field.whole else 1.0)


def _round_up(value: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not below a number above 0."""
    power = 10.0 ** math.floor(math.log10(value))
    return _tidy(next(each * power for each in (1, 2, 5, 10) if each * power >= value * (1 - 1e-9)))


def _tidy(value: float) -> float:
    return float(f"{value:.12g}")
