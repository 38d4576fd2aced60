"""What a chart shows: quantities with intervals over the levels of a few factors.

The same form serves the points of a sweep, the policies of a comparison, learning curves and timelines. The
page's script draws it and lets the reader choose the quantity and the factors.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coalesce_sim.experiments.contenders import UNASKED
from coalesce_sim.numbers import level_text, number
from coalesce_sim.report.fields import label_of
from coalesce_sim.statistics.intervals import Estimate

if TYPE_CHECKING:
    import pandas as pd

MOST_LINES = 8
MOST_FIGURES = 100_000
"""Means with intervals that a chart may hold: more would make the file too large to send."""

_WIDE, _LOW = 100.0, 0.1
"""An axis is logarithmic if its levels span this ratio at least, and half of them lie in the lowest tenth."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What can be drawn; `unit` is empty for counts and indices."""

    name: str
    label: str
    unit: str

    def as_dict(self) -> dict[str, str]:
        """The form in which the script reads it."""
        axis = f"{self.label} ({self.unit})" if self.unit else self.label
        return {"label": self.label, "unit": self.unit, "axis": axis}


@dataclass(frozen=True, slots=True)
class Axis:
    """A factor, the labels of its levels in order and, where they are numbers, those.

    `columns` are all columns that change together with it, itself first.
    """

    label: str
    levels: tuple[str, ...]
    values: tuple[float, ...] | None
    columns: tuple[str, ...] = ()

    @property
    def scale(self) -> str:
        """How it is drawn: ``linear``, ``log`` or, for labels, ``category``."""
        if self.values is None:
            return "category"
        low, high, middle = min(self.values), max(self.values), statistics.median(self.values)
        proportional = low > 0 and high / low >= _WIDE and middle <= low + _LOW * (high - low)
        return "log" if proportional else "linear"

    def as_dict(self) -> dict[str, Any]:
        """The form in which the script reads it."""
        return {"label": self.label, "levels": self.levels, "values": self.values, "scale": self.scale}


@dataclass(frozen=True, slots=True)
class Chart:
    """Points, each with a level (by number) of every axis, and means with intervals of every quantity.

    `codes` has one list an axis, `figures` one dict a quantity with ``mean``, ``low``, ``high`` and ``n``.
    `x` and `by` are the axes drawn first, `by` None for a single line; the others are held at the levels of
    `start`. With `grid`, every combination of levels is one point and lines join them; without, points stand
    alone. Where it `turns`, the reader chooses the axes. `describes` ends the caption.
    """

    name: str
    quantities: Sequence[Quantity]
    axes: Sequence[Axis]
    codes: Sequence[Sequence[int]]
    figures: Sequence[dict[str, list[float | None]]]
    x: int
    by: int | None
    start: Sequence[int]
    describes: str
    grid: bool = True
    turns: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The form in which the script reads it."""
        return {
            "name": self.name,
            "quantities": [each.as_dict() for each in self.quantities],
            "axes": [each.as_dict() for each in self.axes],
            "codes": self.codes,
            "figures": self.figures,
            "x": self.x,
            "by": self.by,
            "start": self.start,
            "describes": self.describes,
            "grid": self.grid,
            "turns": self.turns,
            "mostLines": MOST_LINES,
            "colours": _colours(),
            "yardsticks": UNASKED,
        }


def _colours() -> tuple[str, ...]:
    """Those of the other figures, for as many lines as are drawn."""
    from coalesce_sim.report.look import HUES

    return HUES


def axis_of(name: str, values: pd.Series[Any], together: Sequence[str] = ()) -> tuple[Axis, list[int]]:
    """The axis of a column, and the level of every row; numbers in ascending order, labels as they come."""
    distinct = list(dict.fromkeys(values.tolist()))
    numeric = is_numeric(distinct)
    if numeric:
        distinct.sort()
    place: dict[Hashable, int] = {value: index for index, value in enumerate(distinct)}
    label = label_of(name)
    if together:
        label = f"{label} (with {', '.join(map(label_of, together))})"
    axis = Axis(
        label,
        tuple(map(level_text, distinct)),
        tuple(map(float, distinct)) if numeric else None,
        (name, *together),
    )
    return axis, [place[value] for value in values.tolist()]


def is_numeric(values: Iterable[Any]) -> bool:
    """Whether all are numbers; booleans are labels."""
    return all(isinstance(each, int | float) and not isinstance(each, bool) for each in values)


def point_labels(frame: pd.DataFrame, factors: Sequence[str]) -> list[str]:
    """``exploration rate ε = 0.1, policy = topsis``, for every row."""
    columns = [
        [f"{label_of(name)} = {level_text(value)}" for value in frame[name].tolist()] for name in factors
    ]
    return [", ".join(levels) for levels in zip(*columns, strict=True)]


def rounded(values: Iterable[float | None]) -> list[float | None]:
    """Six significant digits, which no screen tells apart; None for what is undefined."""
    return [None if value is None or not math.isfinite(value) else float(f"{value:.6g}") for value in values]


def figures_of(estimates: pd.DataFrame) -> dict[str, list[float | None]]:
    """From a table with the columns mean, low, high and n, one row a point."""
    return {name: rounded(estimates[name].tolist()) for name in ("mean", "low", "high", "n")}


def columns_of(estimates: Sequence[Estimate]) -> dict[str, list[float | None]]:
    """The same from estimates, one a point."""
    return {
        "mean": rounded(each.mean for each in estimates),
        "low": rounded(each.ci95[0] if each.ci95 else None for each in estimates),
        "high": rounded(each.ci95[1] if each.ci95 else None for each in estimates),
        "n": rounded(each.n for each in estimates),
    }


def first_axes(axes: Sequence[Axis]) -> tuple[int, int | None]:
    """Which axis to draw along, the numeric one with most levels, and which has a line a level."""
    order = sorted(
        range(len(axes)), key=lambda each: (axes[each].values is None, -len(axes[each].levels), each)
    )
    others = [each for each in range(len(axes)) if each != order[0]]
    few = [each for each in others if len(axes[each].levels) <= MOST_LINES]
    return order[0], next(iter(few or others), None)


def counted(values: Iterable[float]) -> str:
    """``20`` or, where they differ, ``10 to 40``."""
    present = [value for value in values if math.isfinite(value)]
    if not present:
        return "0"
    low, high = min(present), max(present)
    return number(low, 0) if low == high else f"{number(low, 0)} to {number(high, 0)}"
