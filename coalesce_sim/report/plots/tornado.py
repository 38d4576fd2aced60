"""Which factors a metric depends on: bars of their indices, the longest on top."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coalesce_sim.arrays import FloatArray
from coalesce_sim.metrics import METRICS
from coalesce_sim.numbers import number
from coalesce_sim.report.fields import capital, label_of
from coalesce_sim.report.look import BLUE, COLOURS, COLUMN_IN, VERMILLION, name_axis, value_axis
from coalesce_sim.report.opening import ResultsError
from coalesce_sim.report.plots.plot import plotted
from coalesce_sim.report.sensitivity.sentences import NOISE_RAISES

Method = Literal["sobol", "morris"]

_COLUMNS: dict[Method, tuple[str, ...]] = {
    "sobol": ("factor", "first", "first_half_width", "total", "total_half_width"),
    "morris": ("factor", "mu_star", "mu_star_half_width", "sigma"),
}
_LIGHT_BLUE = COLOURS[5]
_ROW_IN = 0.3
_BAR = 0.36
"""The height of a bar, in rows."""


def plot_tornado(indices: pd.DataFrame, *, metric: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the Sobol indices or the Morris screening of factors with their 95 % intervals.

    `indices` has a row a factor, with the columns factor, first, first_half_width, total and total_half_width
    (Sobol) or factor, mu_star, mu_star_half_width and sigma (Morris). `metric` is what they were computed of.
    Raises `ResultsError` for a table that is neither.
    """
    return plotted(Tornado.of(indices, metric), ax)


@dataclass(frozen=True)
class Tornado:
    """`table` has a row a factor, the one with the largest total effect first."""

    method: Method
    table: pd.DataFrame
    metric: str | None

    @classmethod
    def of(cls, indices: pd.DataFrame, metric: str | None = None) -> Tornado:
        """As `plot_tornado`."""
        for method, columns in _COLUMNS.items():
            if set(columns) <= set(indices.columns) and len(indices):
                table = indices.sort_values(columns[-2 if method == "sobol" else 1], ascending=False)
                return cls(method, table.reset_index(drop=True), metric)
        told = " or ".join(", ".join(columns) for columns in _COLUMNS.values())
        raise ResultsError(f"indices: must have the columns {told} (got {', '.join(indices.columns)})")

    @property
    def title(self) -> str:
        """Which factors matter most, as far as their intervals tell."""
        leaders, of = self._leaders, self._of
        if len(leaders) == len(self.table) > 1:
            return f"{capital(of)}: no factor is shown to matter more than the others"
        if len(leaders) > 1:
            return capital(
                f"{', '.join(leaders[:-1])} and {leaders[-1]} matter most to {of}; which of them is not shown"
            )
        value = float(self.table[self._size].iloc[0])
        if self.method == "sobol":
            # An estimated index may exceed the 1 that a share cannot.
            share = f"{number(100 * value, 0)} %" if value < 0.995 else "all"
            return f"{capital(leaders[0])} matters most to {of}: it has a part in {share} of the variance"
        return f"{capital(leaders[0])} moves {of} most: by {number(value)} {self._unit} over its range"

    @property
    def note(self) -> str:
        """What bars and whiskers are."""
        return (
            "whiskers: 95 % bootstrap intervals" if self.method == "sobol" else "whiskers: 95 % t intervals"
        )

    @property
    def caption(self) -> list[str]:
        """What the indices mean."""
        if self.method == "sobol":
            return [
                f"Sobol indices of {self._of}: the share of the variance between design points that a factor "
                "makes alone (first-order) and with its interactions (total).",
                "Whiskers: 95 % bootstrap intervals over the base samples.",
            ]
        return [
            f"Morris screening of {self._of}: μ* is the mean of the absolute changes as one factor goes over "
            "its whole range, σ their standard deviation: 0 where the change does not depend on the other "
            "factors.",
            "Whiskers: 95 % t intervals of μ* over the trajectories.",
            NOISE_RAISES,
        ]

    @property
    def size_in(self) -> tuple[float, float]:
        """A column wide; factors take room each."""
        return COLUMN_IN, 0.75 + _ROW_IN * max(3, len(self.table))

    def draw(self, axes: Axes) -> None:
        """Bars from the longest down."""
        rows = np.arange(len(self.table), dtype=np.float64)
        if self.method == "sobol":
            self._bars(axes, rows - _BAR / 2, "total", BLUE, "total")
            self._bars(axes, rows + _BAR / 2, "first", _LIGHT_BLUE, "first-order")
            label = f"Share of the variance of {self._of}"
        else:
            self._bars(axes, rows, "mu_star", BLUE, "μ*")
            axes.plot(self.table["sigma"], rows + _BAR, "D", color=VERMILLION, markersize=4, label="σ")
            label = f"Change of {self._of}" + (f" ({self._unit})" if self._unit else "")
        name_axis(axes, list(map(label_of, self.table["factor"])))
        value_axis(axes, label, along="x")
        axes.legend(loc="lower right")

    @property
    def _size(self) -> str:
        """The column by which factors are ranked."""
        return "total" if self.method == "sobol" else "mu_star"

    @property
    def _of(self) -> str:
        name = self.metric or "the metric"
        label = METRICS[name].label if name in METRICS else name
        return label[:1].lower() + label[1:]

    @property
    def _unit(self) -> str:
        unit = METRICS[self.metric].unit if self.metric and self.metric in METRICS else ""
        return "points" if unit == "%" else unit

    @cached_property
    def _leaders(self) -> list[str]:
        """The first factor, and those whose intervals reach its own."""
        size, half = self.table[self._size], self.table[f"{self._size}_half_width"]
        reaches = size + half >= size.iloc[0] - half.iloc[0]
        return list(map(label_of, self.table["factor"][reaches]))

    def _bars(self, axes: Axes, rows: FloatArray, name: str, colour: str, label: str) -> None:
        values, half = self.table[name].to_numpy(), self.table[f"{name}_half_width"].to_numpy()
        axes.barh(rows, values, _BAR, color=colour, label=label)
        axes.hlines(rows, values - half, values + half, colors="black", linewidth=0.9)
