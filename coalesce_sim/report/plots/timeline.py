"""A run over time: the mean over replications of one column of its timeline, with a band."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from pandas.api.types import is_numeric_dtype

from coalesce_sim.metrics import Metric
from coalesce_sim.numbers import percent, with_half_width
from coalesce_sim.report.curves import Curve, curve_of, draw
from coalesce_sim.report.look import COLUMN_IN, fit_height, mean_shown, value_axis
from coalesce_sim.report.opening import ResultsError
from coalesce_sim.report.over_time import column_of, stands_at_s
from coalesce_sim.report.plots.plot import plotted
from coalesce_sim.statistics.intervals import Estimate, estimate

_KEYS = ("replication", "start_s")
_MOST_POINTS = 300


def plot_timeline(
    timeline: pd.DataFrame, y: str = "cumulative_cost_reduction", *, ax: Axes | None = None
) -> Axes:
    """Draw a column of `RunResult.timeline`, or of timeline.parquet, over time.

    Raises `ResultsError` for a column that there is not.
    """
    return plotted(TimeCurve.of(timeline, y), ax)


def columns_over_time(timeline: pd.DataFrame) -> list[str]:
    """The columns of a timeline that can be drawn."""
    return [name for name in timeline.columns if name not in _KEYS and is_numeric_dtype(timeline[name])]


@dataclass(frozen=True)
class TimeCurve:
    """The mean of a column over the intervals, or over as many of them as can be told apart."""

    y: str
    curve: Curve
    end: Estimate
    end_s: float
    replications: int

    @classmethod
    def of(cls, timeline: pd.DataFrame, y: str = "cumulative_cost_reduction") -> TimeCurve:
        """As `plot_timeline`."""
        columns = columns_over_time(timeline)
        if y not in columns:
            raise ResultsError(f"{y}: no such column of the timeline. There are: {', '.join(columns)}")
        values = timeline.pivot(index="replication", columns="start_s", values=y)
        defined = np.flatnonzero(values.notna().any().to_numpy())
        if not len(defined):
            raise ResultsError(f"{y}: is undefined at all times")
        time_s = stands_at_s(y, values.columns.to_numpy(dtype=np.float64))
        every = -(-len(defined) // _MOST_POINTS)
        shown = defined[(len(defined) - 1) % every :: every]  # the last point stays
        values = values.iloc[:, shown]
        share = column_of(y).share
        curve = curve_of(time_s[shown], values.to_numpy(dtype=np.float64), share=share)
        end = estimate(values.iloc[:, -1].tolist(), share=share)
        return cls(y, curve, end, float(time_s[shown][-1]) or 1.0, len(values))

    @property
    def title(self) -> str:
        """The column, and where it ends."""
        label, unit = self._column.label, self._column.unit
        if unit == "%":
            return f"{label} ends at {percent(self.end)}"
        return f"{label} ends at {with_half_width(self.end)} {unit}".rstrip()

    @property
    def note(self) -> str:
        """Replications and intervals."""
        return mean_shown(self.replications, "band")

    @property
    def caption(self) -> list[str]:
        """Replications and intervals."""
        count = self.replications
        shown = "band: 95 % t intervals of the mean" if count > 1 else "no interval"
        return [
            f"The column `{self.y}` of the timeline, n = {count:,} replication{'s' * (count > 1)}; {shown}."
        ]

    @property
    def size_in(self) -> tuple[float, float]:
        """A column wide."""
        return COLUMN_IN, 2.2

    def draw(self, axes: Axes) -> None:
        """The curve and its band."""
        draw(axes, self.curve, self.end_s)
        fit_height(axes, self.curve.mean, self.curve.low, self.curve.high)
        value_axis(axes, self._column.axis, along="y")

    @cached_property
    def _column(self) -> Metric:
        return column_of(self.y)
