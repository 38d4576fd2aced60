"""What the figures of these pages have in common, in the look of all figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coalesce_sim.numbers import number
from coalesce_sim.statistics.intervals import Estimate, estimate


def points(axes: Axes, places: Any, values: Sequence[Estimate], *, along: str = "y", **look: Any) -> None:
    """Means at their places with their intervals, along the axis of the metric."""
    means = [each.mean for each in values]
    half_widths = [each.half_width for each in values]
    if along == "y":
        axes.errorbar(places, means, half_widths, **look)
    else:
        axes.errorbar(means, places, xerr=half_widths, linestyle="none", **look)


def of_each(runs: pd.DataFrame, metric: str, by: str) -> list[Estimate]:
    """A metric at each level of a factor, in the order of the table."""
    return [estimate(each.tolist()) for _, each in runs.groupby(by, sort=False)[metric]]


def legend_below(figure: Figure, axes: Axes) -> None:
    """One legend for all panels."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))


def span(values: Sequence[float]) -> str:
    """From the least to the most, in whole numbers."""
    low, high = number(min(values), 0), number(max(values), 0)
    return low if low == high else f"{low} to {high}"
