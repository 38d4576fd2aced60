"""The points of a figure, one series a value of a factor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.contenders import YARDSTICKS
from coalesce_sim.numbers import level_text
from coalesce_sim.report.look import MOST_LINES, looks
from coalesce_sim.report.opening import ResultsError
from coalesce_sim.report.plots.findings import finding
from coalesce_sim.report.plots.points import Points, is_numeric

POLICY = "policy"


@dataclass(frozen=True)
class Series(ABC):
    """Points over the factor `x`, in one series a value of the factor `by`, or one in all.

    Raises `ResultsError` for more series than can be told apart.
    """

    points: Points
    x: str
    by: str | None

    def __post_init__(self) -> None:
        count = sum(label not in YARDSTICKS for label in self.labels)
        if count > MOST_LINES:
            example = f"--where {self.by}={level_text(self.labels[0])}"
            raise ResultsError(
                f"{self.by}: has {count} values, and no more than {MOST_LINES} lines can be told apart; "
                f"choose some with where ({example}, repeated), or draw a heat map (--kind heat_map)"
            )

    @cached_property
    def title(self) -> str:
        """What the points show."""
        return finding(self.points)

    @property
    @abstractmethod
    def note(self) -> str:
        """Replications and intervals."""

    @property
    @abstractmethod
    def caption(self) -> list[str]:
        """The metric, replications, intervals and tests."""

    @property
    @abstractmethod
    def size_in(self) -> tuple[float, float]:
        """Width and height without the title."""

    @abstractmethod
    def draw(self, axes: Axes) -> None:
        """Draw all but title and note."""

    @cached_property
    def labels(self) -> list[Any]:
        """The values of `by`."""
        return [] if self.by is None else self.points.table[self.by].drop_duplicates().tolist()

    @cached_property
    def parts(self) -> list[pd.DataFrame]:
        """The points of each series."""
        table = self.points.table
        return [table] if self.by is None else [table[table[self.by] == label] for label in self.labels]

    @cached_property
    def looks(self) -> list[tuple[str, str, str]]:
        """Colour, marker and line style of each; ordered values have ordered colours."""
        found = looks(self.labels or [""])
        if self.by is None or not is_numeric(self.points.table[self.by]) or len(found) < 3:
            return found
        shades = mpl.colormaps["viridis"](np.linspace(0, 0.8, len(found)))
        hues = map(mpl.colors.to_hex, shades)
        return [(hue, marker, style) for hue, (_, marker, style) in zip(hues, found, strict=True)]


def columns(table: pd.DataFrame, *names: str) -> list[FloatArray]:
    """Columns as arrays of numbers."""
    return [table[name].to_numpy(dtype=np.float64) for name in names]


def bars(axes: Axes, at: FloatArray, low: FloatArray, high: FloatArray, colour: str, *, along: str) -> None:
    """Error bars without caps along the x or y axis, where there are intervals."""
    there = ~np.isnan(low)
    if there.any():
        lines = axes.vlines if along == "y" else axes.hlines
        lines(at[there], low[there], high[there], colors=colour, linewidth=1.1)
