"""A metric over two factors: a map of cells, each with its mean and half of its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis

from coalesce_sim.arrays import FloatArray
from coalesce_sim.numbers import level_text, number
from coalesce_sim.report.fields import axis_of
from coalesce_sim.report.look import COLUMN_IN
from coalesce_sim.report.opening import ResultsError
from coalesce_sim.report.plots.findings import finding, tests_told
from coalesce_sim.report.plots.plot import plotted
from coalesce_sim.report.plots.points import Points, Where, is_numeric, points_of
from coalesce_sim.report.plots.sentences import note_of, points_told
from coalesce_sim.statistics.intervals import Interval

_COLOURS = "cividis"
"""Perceptually uniform, made for colour-blind readers (Nuñez, Anderton and Renslow, 2018)."""

_LEAST_FILLED = 0.5
"""The share of the cells that must have runs for a map to be one."""

_CELL_IN = 0.42
_LETTER_IN = 0.055
_TEXT_PT = 6.5
_AROUND_IN = 1.35
"""What labels and the scale of the colours take beside the cells."""

_TICK_IN = 0.055
_MOST_TICKS = 20
_MOST_IN = 5.5
_DARK = 0.45
"""Cells above this share of the range are light: their text is black."""


def plot_heat_map(
    runs: pd.DataFrame,
    x: str,
    y_factor: str,
    value: str,
    *,
    ax: Axes | None = None,
    interval: Interval = "t",
    where: Where | None = None,
) -> Axes:
    """Draw the mean of the metric `value` over the factors `x` and `y_factor`, a cell a pair of values.

    Where there is room, each cell says its mean ± half of its 95 % interval. Otherwise as `plot_lines`.

    Raises `ResultsError` for what is not in the table, for another factor that varies, over which an average
    would mislead, and where the runs are no grid over the two factors.
    """
    return plotted(HeatMap.of(runs, x, y_factor, value, where=where, interval=interval), ax)


@dataclass(frozen=True)
class HeatMap:
    """Cells of equal size, whatever the distance of the values."""

    points: Points
    x: str
    y_factor: str

    @classmethod
    def of(
        cls,
        runs: pd.DataFrame,
        x: str,
        y_factor: str,
        value: str,
        *,
        where: Where | None = None,
        interval: Interval = "t",
    ) -> HeatMap:
        """As `plot_heat_map`."""
        points = points_of(runs, value, [x, y_factor], where=where, interval=interval)
        drawn = cls(points, x, y_factor)
        cells = len(drawn._columns) * len(drawn._rows)
        if len(points.table) < _LEAST_FILLED * cells:
            raise ResultsError(
                f"{x}, {y_factor}: no grid: {len(points.table)} of {cells} cells have runs; "
                "draw lines (--kind lines)"
            )
        return drawn

    @cached_property
    def title(self) -> str:
        """What the points show."""
        return finding(self.points)

    @property
    def note(self) -> str:
        """Replications and intervals."""
        return note_of(self.points, "±" if self._has_room else "")

    @property
    def caption(self) -> list[str]:
        """The metric, replications, intervals and tests."""
        return [*points_told(self.points, "±" if self._has_room else ""), tests_told(self.points)]

    @property
    def size_in(self) -> tuple[float, float]:
        """A column wide, or up to two where cells need it to hold their text."""
        width_in = max(COLUMN_IN, self._needs_in) if self._has_room else COLUMN_IN
        cell_in = _CELL_IN if self._has_room else _CELL_IN / 2
        return width_in, 0.6 + min(_MOST_IN, max(4 * _CELL_IN, cell_in * len(self._rows)))

    def draw(self, axes: Axes) -> None:
        """Cells, their text and the scale of the colours."""
        mean = self._grid("mean")
        image = axes.imshow(mean, cmap=_COLOURS, aspect="auto", origin="lower", interpolation="nearest")
        axes.set_facecolor("#DDDDDD")
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        widest = max(len(level_text(value)) for value in self._columns)
        _ticks(axes.xaxis, self._columns, int((self.size_in[0] - _AROUND_IN) / (_TICK_IN * (widest + 1))))
        _ticks(axes.yaxis, self._rows, _MOST_TICKS)
        axes.set_xlabel(axis_of(self.x), parse_math=False)
        axes.set_ylabel(axis_of(self.y_factor), parse_math=False)
        figure = axes.get_figure(root=True)
        assert figure is not None
        bar = figure.colorbar(image, ax=axes, pad=0.02)
        bar.outline.set_linewidth(0)
        bar.ax.grid(visible=False)
        bar.set_label(self.points.metric.axis, parse_math=False)
        width_in = axes.get_window_extent().width / figure.dpi
        if self._has_room and len(self._columns) * self._text_in <= max(
            width_in, self.size_in[0] - _AROUND_IN
        ):
            for row, column in np.argwhere(~np.isnan(mean)):
                shade = (mean[row, column] - np.nanmin(mean)) / (np.ptp(mean[~np.isnan(mean)]) or 1.0)
                colour = "black" if shade > _DARK else "white"
                centred: dict[str, Any] = {"ha": "center", "va": "center", "linespacing": 1.1}
                axes.text(column, row, self._texts[row][column], color=colour, fontsize=_TEXT_PT, **centred)

    @cached_property
    def _columns(self) -> list[Any]:
        return self._values(self.x)

    @cached_property
    def _rows(self) -> list[Any]:
        return self._values(self.y_factor)

    def _values(self, axis: str) -> list[Any]:
        values = self.points.table[axis].drop_duplicates()
        listed: list[Any] = (values.sort_values() if is_numeric(values) else values).tolist()
        return listed

    def _grid(self, name: str) -> FloatArray:
        """(rows, columns); NaN where there are no runs."""
        table = self.points.table.pivot(index=self.y_factor, columns=self.x, values=name)
        grid: FloatArray = table.reindex(index=self._rows, columns=self._columns).to_numpy(dtype=np.float64)
        return grid

    @cached_property
    def _texts(self) -> list[list[str]]:
        """Mean ± half of the interval, which need not be symmetrical, of each cell."""
        half_width = (self._grid("high") - self._grid("low")) / 2
        decimals = decimals_of(half_width if self.points.has_intervals else self._grid("mean"))
        return [
            [
                number(mean, decimals) + ("" if np.isnan(half) else f"\n±{number(half, decimals)}")
                for mean, half in zip(*row, strict=True)
            ]
            for row in zip(self._grid("mean").tolist(), half_width.tolist(), strict=True)
        ]

    @cached_property
    def _text_in(self) -> float:
        """What the widest text of a cell takes."""
        lines = [line for row in self._texts for text in row for line in text.split("\n")]
        return _LETTER_IN * (1 + max(map(len, lines)))

    @property
    def _has_room(self) -> bool:
        """Whether a figure of two columns at most can hold the text of all cells."""
        return self._needs_in <= 2 * COLUMN_IN and len(self._rows) * _CELL_IN <= _MOST_IN

    @cached_property
    def _needs_in(self) -> float:
        return _AROUND_IN + len(self._columns) * self._text_in


def decimals_of(values: FloatArray) -> int:
    """How many decimals show two digits of the typical value."""
    typical = float(np.nanmedian(np.abs(values)))
    return (
        0 if typical == 0 else int(np.clip(1 - np.floor(np.log10(typical)), 0, 3 if typical >= 0.01 else 6))
    )


def _ticks(axis: Axis, values: Sequence[Any], most: int) -> None:
    """The values, or so many of them as can be read, evenly spread."""
    step = -(-len(values) // max(1, most))
    axis.set_ticks(
        range(0, len(values), step), [level_text(value) for value in values[::step]], parse_math=False
    )
