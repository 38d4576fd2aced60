"""What a choice among the quantities and axes of a chart shows: its lines, its caption, its points."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coalesce_sim.numbers import number
from coalesce_sim.report.html.charts import MOST_LINES, Chart

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Choice:
    """Which quantity of a chart is drawn along which axis, and the axis with a line a level, None for a
    single line; `held` has, by axis, the levels at which the others of a grid are held."""

    quantity: int
    x: int
    by: int | None
    held: tuple[tuple[int, int], ...] = ()

    @classmethod
    def first(cls, chart: Chart, quantity: int = 0) -> Choice:
        """What is shown before anybody chose."""
        return cls.settled(chart, quantity, chart.x, chart.by, {})

    @classmethod
    def settled(cls, chart: Chart, quantity: int, x: int, by: int | None, held: dict[int, int]) -> Choice:
        """The same made whole: lines are not along the axis itself, all other axes of a grid have a level."""
        if by == x:
            others = [axis for axis in range(len(chart.axes)) if axis != x]
            by = others[0] if chart.grid and others else None
        if not chart.grid:
            return cls(quantity, x, by)
        rest = [axis for axis in range(len(chart.axes)) if axis not in (x, by)]
        return cls(quantity, x, by, tuple((axis, held.get(axis, chart.start[axis])) for axis in rest))


@dataclass(frozen=True, slots=True)
class Point:
    """A level by its number, and the mean there with its interval, None where there is none, and n."""

    level: int
    mean: float
    low: float | None
    high: float | None
    n: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """Points in the order of their levels; `name` is the level of the axis that has a line a level."""

    name: str
    points: tuple[Point, ...]


def lines_of(chart: Chart, choice: Choice) -> tuple[list[Line], int]:
    """The lines drawn, and how many more there are: at most `MOST_LINES`, evenly over the levels."""
    figures = chart.figures[choice.quantity]
    groups: dict[int, list[Point]] = defaultdict(list)
    for place, mean in enumerate(figures["mean"]):
        if mean is None or any(chart.codes[axis][place] != level for axis, level in choice.held):
            continue
        group = 0 if choice.by is None else chart.codes[choice.by][place]
        low, high, n = (figures[name][place] for name in ("low", "high", "n"))
        groups[group].append(Point(chart.codes[choice.x][place], mean, low, high, n))
    kept = _spread(sorted(groups), MOST_LINES)
    names = [""] if choice.by is None else chart.axes[choice.by].levels
    lines = [Line(names[group], tuple(sorted(groups[group], key=lambda each: each.level))) for group in kept]
    return lines, len(groups) - len(kept)


def caption_of(chart: Chart, choice: Choice, left: int) -> str:
    """What is drawn, at which levels of the rest, and what is not drawn."""
    held = [
        f"{chart.axes[axis].label} = {chart.axes[axis].levels[level]}"
        for axis, level in choice.held
        if len(chart.axes[axis].levels) > 1
    ]
    at = f", at {', '.join(held)}" if held else ""
    along = chart.axes[choice.x]
    word = f"against {along.label}" if along.values else f"by {along.label[0].lower()}{along.label[1:]}"
    told = f"{axis_title(chart, choice)} {word}{at}. {chart.describes}"
    if left:
        told += f" {MOST_LINES} lines are drawn, evenly over the levels; {left} more are in the results."
    return told


def axis_title(chart: Chart, choice: Choice) -> str:
    """The quantity with its unit."""
    return chart.quantities[choice.quantity].as_dict()["axis"]


def points_of(chart: Chart, choice: Choice, lines: list[Line]) -> pd.DataFrame:
    """The points drawn, a row each: where it is, its mean, the ends of its 95 % interval, and n."""
    import pandas as pd

    axis = chart.axes[choice.x]
    rows: list[dict[str, Any]] = []
    for line in lines:
        named = {} if choice.by is None else {chart.axes[choice.by].label: line.name}
        for point in line.points:
            at = axis.levels[point.level] if axis.values is None else axis.values[point.level]
            interval = {"95 % interval from": point.low, "to": point.high, "n": point.n}
            rows.append({**named, axis.label: at, axis_title(chart, choice): point.mean, **interval})
    return pd.DataFrame(rows)


def told_of(chart: Chart, choice: Choice, line: Line, point: Point) -> list[str]:
    """What is said of a point: where it is, its value, its interval and n."""
    axis, unit = chart.axes[choice.x], chart.quantities[choice.quantity].unit
    told = [] if choice.by is None else [f"{chart.axes[choice.by].label}: {line.name}"]
    told += [f"{axis.label}: {axis.levels[point.level]}", f"{number(point.mean)} {unit}".strip()]
    if point.low is not None and point.high is not None:
        told.append(f"95 % interval {number(point.low)} to {number(point.high)}")
    return [*told, f"n = {number(point.n, 0)}"]


def _spread(groups: list[int], most: int) -> list[int]:
    """At most so many, evenly from the first to the last."""
    if len(groups) <= most:
        return groups
    return [groups[round(place * (len(groups) - 1) / (most - 1))] for place in range(most)]
