"""A metric over the values of a factor: lines with bands or, for names, points with error bars."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from coalesce_sim.numbers import level_text
from coalesce_sim.report.fields import axis_of, label_of
from coalesce_sim.report.look import COLUMN_IN, label_ends, value_axis
from coalesce_sim.report.plots.findings import tests_told
from coalesce_sim.report.plots.plot import plotted
from coalesce_sim.report.plots.points import Where, is_numeric, points_of
from coalesce_sim.report.plots.rows import Rows
from coalesce_sim.report.plots.sentences import note_of, points_told
from coalesce_sim.report.plots.series import Series, bars, columns
from coalesce_sim.statistics.intervals import Interval

_LOG_FROM = 50.0
"""Values that span so large a factor go on a logarithmic axis."""

_MOST_TICKS = 7


def plot_lines(
    runs: pd.DataFrame,
    x: str,
    y: str,
    by: str | None = None,
    *,
    ax: Axes | None = None,
    interval: Interval = "t",
    where: Where | None = None,
) -> Axes:
    """Draw the mean of metric `y` over factor `x` with 95 % intervals, a line for each value of factor `by`.

    `runs` has a row a replication and design point, as `SweepResult.runs` or `Comparison.runs`. Where `x` has
    names for values, they go down the side, each with a point and an error bar. `interval` is ``t`` or
    ``bca`` (bootstrap). `where` keeps the runs with those values of factors: ``{"skills.threshold": 0.5}``.
    The title says what paired tests show. Without `ax` a figure as wide as a column is made.

    Raises `ResultsError` for what is not in the table, for another factor that varies, over which an average
    would mislead, and for more lines than can be told apart.
    """
    return plotted(lines_of(runs, x, y, by, where=where, interval=interval), ax)


def lines_of(
    runs: pd.DataFrame,
    x: str,
    y: str,
    by: str | None = None,
    *,
    where: Where | None = None,
    interval: Interval = "t",
) -> Series:
    """What `plot_lines` draws: `Lines` over numbers, `Rows` of names."""
    points = points_of(runs, y, [x] if by is None else [x, by], where=where, interval=interval)
    return Lines(points, x, by) if is_numeric(points.table[x]) else Rows(points, x, by)


@dataclass(frozen=True)
class Lines(Series):
    """A line with its band a series, named at its end; points with bars where another factor varies too."""

    @property
    def note(self) -> str:
        """Replications and intervals."""
        return note_of(self.points, "band" if self._joined else "bars")

    @property
    def caption(self) -> list[str]:
        """The metric, replications, intervals and tests."""
        return [*points_told(self.points, "bands" if self._joined else "bars"), tests_told(self.points)]

    @property
    def size_in(self) -> tuple[float, float]:
        """A column wide."""
        return COLUMN_IN, 2.3

    def draw(self, axes: Axes) -> None:
        """Lines, their bands and their names."""
        for part, (colour, marker, style) in zip(self.parts, self.looks, strict=True):
            x, mean, low, high = columns(part, self.x, "mean", "low", "high")
            if self._joined:
                axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
            else:
                bars(axes, x, low, high, colour, along="y")
            style = style if self._joined else "none"
            axes.plot(x, mean, color=colour, marker=marker, linestyle=style, linewidth=1.3, markersize=3.2)
        self._scale(axes)
        value_axis(axes, self.points.metric.axis, along="y")
        if self.by is not None:
            ends = [float(part["mean"].iloc[-1]) for part in self.parts]
            label_ends(
                axes,
                label_of(self.by),
                list(map(level_text, self.labels)),
                ends,
                [colour for colour, *_ in self.looks],
            )

    def _scale(self, axes: Axes) -> None:
        """The axis of the factor: ticks at its values if they are few, logarithmic if they span much."""
        values = np.unique(self.points.table[self.x].to_numpy(dtype=np.float64))
        if values[0] > 0 and values[-1] >= _LOG_FROM * values[0]:
            axes.set_xscale("log")
        if len(values) <= _MOST_TICKS:
            axes.xaxis.set_major_locator(FixedLocator(values.tolist()))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: level_text(value)))
        axes.set_xlabel(axis_of(self.x), parse_math=False)

    @cached_property
    def _joined(self) -> bool:
        """Whether a line may join the points: there are several, and no other factor varies at random."""
        return max(map(len, self.parts)) > 1 and all(map(self._in_step, self.points.moving))

    def _in_step(self, name: str) -> bool:
        """Whether another factor moves along with `x`, as paired ones do: up, down, or name by name."""
        columns = [part[name] for part in self.parts]
        return all(
            values.is_monotonic_increasing or values.is_monotonic_decreasing
            if is_numeric(values)
            else values.is_unique
            for values in columns
        )
