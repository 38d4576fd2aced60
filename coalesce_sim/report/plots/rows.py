"""A metric for each of some names, down the side: points with error bars."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from coalesce_sim.experiments.contenders import YARDSTICKS
from coalesce_sim.numbers import level_text
from coalesce_sim.report.fields import label_of
from coalesce_sim.report.look import COLUMN_IN, GREY, name_axis, value_axis
from coalesce_sim.report.plots.findings import tests_told
from coalesce_sim.report.plots.sentences import note_of, points_told
from coalesce_sim.report.plots.series import POLICY, Series, bars, columns

_ROW_IN = 0.19
_SERIES_IN = 0.11
"""What each further series adds to a row."""

_LEGEND_PT = 7.0
_LEGEND_BELOW_PT = 32.0
"""How far below the axis the legend begins: its ticks and its label are in between."""

_LEGEND_LETTERS = 50
"""About as many fit on a line."""


@dataclass(frozen=True)
class Rows(Series):
    """One row a value of `x`, the series of each beside one another."""

    @property
    def note(self) -> str:
        """Replications and intervals."""
        return note_of(self.points, "bars")

    @property
    def caption(self) -> list[str]:
        """The metric, replications, intervals and tests."""
        return [*points_told(self.points, "bars"), tests_told(self.points)]

    @property
    def size_in(self) -> tuple[float, float]:
        """A column wide; names and their series take room each."""
        count = len(self.parts)
        legend_in = 0.0 if self.by is None else 0.16 * (1 - -count // self._legend_columns)
        return COLUMN_IN, 0.55 + max(3, len(self.names)) * (_ROW_IN + _SERIES_IN * (count - 1)) + legend_in

    @cached_property
    def names(self) -> list[Any]:
        """The values of `x` from the top down; policies by their mean, the best on top."""
        table = self.points.table
        if self.x == POLICY and self.by is None:
            table = table.sort_values("mean", ascending=self.points.metric.better == "lower")
        names: list[Any] = table[self.x].drop_duplicates().tolist()
        return names

    def draw(self, axes: Axes) -> None:
        """Points with bars; yardsticks are grey."""
        count = len(self.parts)
        for position, (part, (colour, marker, _)) in enumerate(zip(self.parts, self.looks, strict=True)):
            offset = 0.0 if count == 1 else 0.6 * (position / (count - 1) - 0.5)
            at = np.array([self.names.index(name) for name in part[self.x]]) + offset
            mean, low, high = columns(part, "mean", "low", "high")
            label = "" if self.by is None else level_text(self.labels[position])
            grey = part[self.x].isin(YARDSTICKS).to_numpy() | (label in YARDSTICKS)
            marker = "d" if marker == "none" else marker
            for some, shade in ((~grey, colour), (grey, GREY)):
                bars(axes, at[some], low[some], high[some], shade, along="x")
                axes.plot(mean[some], at[some], color=shade, marker=marker, linestyle="none", markersize=4)
            shade, named = GREY if grey.all() else colour, str(position)  # a label `_x` would be left out
            axes.plot([], color=shade, marker=marker, linestyle="none", label=named)
        name_axis(axes, list(map(level_text, self.names)))
        value_axis(axes, self.points.metric.axis, along="x")
        if self.by is not None:
            self._name_series(axes)

    def _name_series(self, axes: Axes) -> None:
        legend = axes.legend(
            title=label_of(self.by or ""),
            loc="upper center",
            bbox_to_anchor=(0.5, 0),
            borderaxespad=_LEGEND_BELOW_PT / _LEGEND_PT,
            ncols=self._legend_columns,
            fontsize=_LEGEND_PT,
            title_fontsize=_LEGEND_PT,
            frameon=False,
            markerscale=0.7,
            handletextpad=0.2,
            columnspacing=1.0,
        )
        for text, label in zip(legend.get_texts(), self.labels, strict=True):
            text.set_text(level_text(label))
        for text in (*legend.get_texts(), legend.get_title()):
            text.set_parse_math(False)

    @property
    def _legend_columns(self) -> int:
        longest = max(len(level_text(label)) for label in self.labels)
        return max(1, min(len(self.labels), _LEGEND_LETTERS // (longest + 4)))
