"""Numbers that move with time, written in place of a number, and what each of them may be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import MOST, NonNegative, Positive, Real, misfit

MOST_STEPS: Final = 1_000_000
"""In how many steps a number moves at most."""


class Trend(Model):
    """A straight line, in small steps."""

    start: Real
    """What the number is when the clock starts, in the unit of the field that it stands in."""
    per_day: Real
    """What it rises by in 24 hours, in the same unit; it falls where this is negative."""
    every_min: Positive = 15.0
    """Minutes from one step to the next."""


class Walk(Model):
    """A random walk in normal steps, reflected at its bounds; every contractor draws its own."""

    start: Real
    """What the number is when the clock starts, in the unit of the field that it stands in."""
    sd_per_sqrt_h: NonNegative
    """Standard deviation of what it moves by in an hour, bounds left out; in t hours it is √t as much."""
    low: Real
    """What it does not fall below."""
    high: Real
    """What it does not rise above; must be above `low`."""
    every_min: Positive = 15.0
    """Minutes from one step to the next."""


class History(Model):
    """A CSV file with a header, such as a history of prices, of which each row holds until the next."""

    path: str
    """Where the file is: beside the scenario's own, or from the working directory."""
    time: str
    """The column that says from when on a row holds: hours from the start of the clock, or timestamps, which
    are held against `clock.start`. Rows must be in rising order and begin no later than the clock; those
    beyond its end are passed over."""
    value: str
    """The column that holds the number, in the unit of the field that it stands in."""


class Moving(Model):
    """A number that moves with time, in steps: exactly one of these. When the clock is over it stands still.

    Hours count from the start of the clock. It needs a market that learns, where each offer is made by the
    numbers of its moment.
    """

    at_hours: (
        Annotated[
            list[Annotated[list[Real], Field(min_length=2, max_length=2)]],
            Field(min_length=1, max_length=MOST_STEPS),
        ]
        | None
    ) = None
    """Pairs of an hour and what the number is from then on; the first hour is 0."""
    trend: Trend | None = None
    """A straight line."""
    walk: Walk | None = None
    """In normal steps at random, reflected at its bounds."""
    csv: History | None = None
    """What a file says."""

    @model_validator(mode="before")
    @classmethod
    def _exactly_one(cls, data: Any) -> Any:
        if isinstance(data, dict) and set(data) <= set(cls.model_fields):
            named = [name for name, value in data.items() if value is not None]
            if len(named) != 1:
                raise ValueError(f"must name exactly one of {', '.join(cls.model_fields)}")
        return data


class Range(NamedTuple):
    """What a number may be: from `least` to `most`; `positive` says that it must not be 0."""

    least: float
    most: float
    positive: bool = False
    whole: bool = False

    def objection(self, value: float) -> str | None:
        """What it must be, where it is not."""
        if value > self.most:
            return f"must be <= {self.most:g}"
        if self.whole and (value < self.least or value != int(value)):
            return f"must be a whole number >= {self.least:g}"
        return misfit(value, positive=self.positive)


_SHARE, _AMOUNT, _RATE = Range(0, 1), Range(0, MOST), Range(0, MOST, positive=True)

RANGES: Final[dict[str, Range]] = {
    "price_usd": _AMOUNT,
    "input_usd_per_mtok": _AMOUNT,
    "cache_read_usd_per_mtok": _AMOUNT,
    "output_usd_per_mtok": _AMOUNT,
    "request_usd": _AMOUNT,
    "latency_min": _AMOUNT,
    "network_ms": _AMOUNT,
    "prefill_tokens_per_s": _RATE,
    "decode_tokens_per_s": _RATE,
    "reliability": _SHARE,
    "success": _SHARE,
    "own_cost_share": _SHARE,
    "slot_usd_per_h": _RATE,
    "security_risk": _SHARE,
    "quality_risk": _SHARE,
    "unreachable_rate": _SHARE,
    "slots": Range(1, 1_000_000, whole=True),
    "queue_limit": Range(0, 1_000_000, whole=True),
    "bill_usd": _AMOUNT,
    "failed_bill_usd": _AMOUNT,
    "value_usd": _AMOUNT,
    "budget_usd_per_day": _AMOUNT,
}
"""The fields whose numbers may move, and what they may be."""


def range_of(name: str) -> Range:
    """What the number in a field may be; that of a type of task is called ``outcomes.TYPE.FIELD``."""
    return RANGES[name.rpartition(".")[2]]


def extremes(number: float | Moving) -> tuple[float, float]:
    """The least and the most that a number, which may move, can be; infinite where a clock or a file says."""
    if not isinstance(number, Moving):
        return number, number
    if number.at_hours is not None:
        values = [value for _, value in number.at_hours]
        return min(values), max(values)
    if number.trend is not None:
        start, per_day = number.trend.start, number.trend.per_day
        return (-math.inf if per_day < 0 else start), (math.inf if per_day > 0 else start)
    return (-math.inf, math.inf) if number.walk is None else (number.walk.low, number.walk.high)


def moving_in(stated: Model) -> dict[str, Moving]:
    """The fields of a mapping that hold a number that moves, those of its outcomes by type of task too."""
    found = {name: getattr(stated, name, None) for name in RANGES}
    for type_name, outcome in (getattr(stated, "outcomes", None) or {}).items():
        found |= {f"outcomes.{type_name}.{name}": value for name, value in outcome}
    return {name: value for name, value in found.items() if isinstance(value, Moving)}


def objections(name: str, number: Moving, horizon_h: float) -> Iterator[str]:
    """What is wrong with a moving number in a field of that name, each beginning with the part it is about.

    What a file says is looked at when it is read.
    """
    within = range_of(name)
    if within.whole and number.at_hours is None:
        yield f"at_hours: missing, but {name} must move in steps that are listed"
        return
    if number.at_hours is not None:
        yield from _of_steps(within, number.at_hours, horizon_h)
    if number.trend is not None:
        yield from _of_trend(within, number.trend, horizon_h)
    if number.walk is not None:
        yield from _of_walk(within, number.walk, horizon_h)


def _of_steps(within: Range, steps: list[list[float]], horizon_h: float) -> Iterator[str]:
    before_h = -math.inf
    for place, (hour, value) in enumerate(steps):
        at = f"at_hours[{place}]"
        if place == 0 and hour != 0:
            yield f"{at}[0]: must be 0, for what holds before is not said (got {hour:g})"
        elif hour <= before_h:
            yield f"{at}[0]: must be later than hour {before_h:g}, the one before it (got {hour:g})"
        elif hour >= horizon_h:
            yield f"{at}[0]: must be before the clock ends, at hour {horizon_h:g} (got {hour:g})"
        if (message := within.objection(value)) is not None:
            yield f"{at}[1]: {message}, and is not from hour {hour:g} on (got {value:g})"
        before_h = hour


def _of_trend(within: Range, trend: Trend, horizon_h: float) -> Iterator[str]:
    if (message := _too_many(trend.every_min, horizon_h)) is not None:
        yield f"trend.{message}"
    if (message := within.objection(trend.start)) is not None:
        yield f"trend.start: {message} (got {trend.start:g})"
        return
    end = trend.start + trend.per_day * horizon_h / 24
    if (message := within.objection(end)) is not None:
        bound = within.most if end > within.most else within.least
        hour = 24 * (bound - trend.start) / trend.per_day
        yield f"trend.per_day: {message}, and is not from hour {hour:.4g} on (got {trend.per_day:g})"


def _of_walk(within: Range, walk: Walk, horizon_h: float) -> Iterator[str]:
    if (message := _too_many(walk.every_min, horizon_h)) is not None:
        yield f"walk.{message}"
    if walk.high <= walk.low:
        yield f"walk.high: must be above low, {walk.low:g} (got {walk.high:g})"
    elif not walk.low <= walk.start <= walk.high:
        yield f"walk.start: must be from low to high, {walk.low:g} to {walk.high:g} (got {walk.start:g})"
    for name in ("low", "high"):
        value = getattr(walk, name)
        if (message := within.objection(value)) is not None:
            yield f"walk.{name}: {message}, at any hour (got {value:g})"


def _too_many(every_min: float, horizon_h: float) -> str | None:
    if horizon_h * 60 / every_min <= MOST_STEPS:
        return None
    return f"every_min: makes more than {MOST_STEPS:,} steps (got {every_min:g})"
