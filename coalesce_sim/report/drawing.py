"""How the pictures of a run are drawn: curves with bands over time, on axes with units."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.optimize import isotonic_regression

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.runs import RunResult
from coalesce_sim.numbers import number, plural
from coalesce_sim.statistics.intervals import Estimate, estimate

# Okabe and Ito (2008): colours that colour-blind readers tell apart; without yellow, which is faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
BLUE, VERMILLION, GREY = COLOURS[0], COLOURS[1], "#5A5A5A"
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Curve:
    """A mean over replications and its 95 % band, NaN where fewer than two replications tell; times in s."""

    time_s: FloatArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray


def curve_of(time_s: FloatArray, values: FloatArray, *, share: bool = False) -> Curve:
    """The curve of (replications, times), shares in percent or not; NaN where a replication does not tell."""
    estimates = [estimate(each, share=share) for each in values.T.tolist()]

    def column(figures: Sequence[float | None]) -> FloatArray:
        return np.array([math.nan if figure is None else figure for figure in figures])

    return Curve(
        time_s,
        column([each.mean for each in estimates]),
        column([None if each.ci95 is None else each.ci95[0] for each in estimates]),
        column([None if each.ci95 is None else each.ci95[1] for each in estimates]),
    )


@contextmanager
def plain_style(*, grid_below: bool = False) -> Iterator[None]:
    """Our look, whatever the user's own matplotlib settings are; the grid lies below lines or all else."""
    look = {
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": grid_below or "line",
        "grid.color": "#E5E5E5",
        "font.size": 10,
    }
    with matplotlib.style.context(["default", look]):
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a figure without version and time, so that the same results are the same bytes."""
    FigureCanvasAgg(figure)
    figure.savefig(path, metadata={"Software": None})


def mean_shown(runs: int, intervals: str) -> str:
    """Says that the mean of so many replications is drawn, and how its intervals are."""
    return (
        f"mean of {plural(runs, 'replication')}, {intervals}: 95 % confidence"
        if runs > 1
        else "1 replication"
    )


def canvas(
    result: RunResult, title: str, *, right: float = 0.97, shown: str | None = None
) -> tuple[Figure, Axes]:
    """An empty figure with its title and what it was drawn from; its axes end at `right`, of its width.

    `shown` says which replications are drawn, and how; left out: their mean, with a band.
    """
    figure = Figure(figsize=(8, 4.5), dpi=150)
    axes = figure.add_axes((0.09, 0.12, right - 0.09, 0.73))
    origin = (
        f"{result.scenario.name}, seed {result.seed}; {shown or mean_shown(len(result.replications), 'band')}"
    )
    axes.set_title(title, loc="left", fontsize=13, pad=22, parse_math=False)
    axes.text(0, 1.03, origin, transform=axes.transAxes, fontsize=9, color=GREY, parse_math=False)
    return figure, axes


def draw(axes: Axes, curve: Curve, end_s: float, marker: str | None = None) -> None:
    """Draw a curve and its band over the time up to `end_s`."""
    scale_s, unit = time_unit(end_s)
    time = curve.time_s / scale_s
    axes.fill_between(time, curve.low, curve.high, color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(time, curve.mean, color=BLUE, linewidth=1.8, marker=marker, markersize=4)
    axes.set_xlabel(f"Time since the start ({unit})")
    axes.set_xlim(0, end_s / scale_s)


def last(curve: Curve) -> Estimate:
    """The last point of a curve, where it has one."""
    mean, low, high = (float(ends[-1]) for ends in (curve.mean, curve.low, curve.high))
    return Estimate(None if math.isnan(mean) else mean, None, None if math.isnan(low) else (low, high), n=1)


def trend(curve: Curve) -> str:
    """How the course of a mean in percent goes, as far as the intervals of its points do not overlap.

    From the first to the last point, unless the mean goes well beyond both in between: then how far.
    """
    first, last = float(curve.mean[0]), float(curve.mean[-1])
    lowest, highest = int(np.nanargmin(curve.mean)), int(np.nanargmax(curve.mean))
    dips = curve.high[lowest] < min(curve.low[0], curve.low[-1])
    peaks = curve.low[highest] > max(curve.high[0], curve.high[-1])
    if dips or peaks:
        ends = number(float(curve.mean[lowest]), 1), number(float(curve.mean[highest]), 1)
        return f", from time to time between {ends[0]} % and {ends[1]} %"
    if curve.low[-1] > curve.high[0]:
        return f", up from {number(first, 1)} % to {number(last, 1)} %"
    if curve.high[-1] < curve.low[0]:
        return f", down from {number(first, 1)} % to {number(last, 1)} %"
    return ""


def settled_range(curve: Curve) -> tuple[float, float]:
    """Limits that show the whole mean, and the band once a tenth of the time has passed."""
    settled = curve.time_s >= 0.1 * curve.time_s[-1]
    seen = np.concatenate([curve.mean, curve.low[settled], curve.high[settled], [0.0]])
    low, high = float(np.nanmin(seen)), float(np.nanmax(seen))
    margin = 0.08 * ((high - low) or 1.0)
    return low - margin, high + margin


def time_unit(end_s: float) -> tuple[float, str]:
    """Seconds a unit, and its name."""
    if end_s >= 2 * DAY_S:
        return DAY_S, "days"
    return (3600.0, "hours") if end_s >= 3 * 3600 else (60.0, "minutes")


def spread(heights: Sequence[float], gap: float) -> FloatArray:
    """Where to put labels that want to be at `heights`, 0 to 1: in the same order, at least `gap` apart.

    Of all such places those nearest to the heights, by least squares.
    """
    order = np.argsort(heights, kind="stable")
    gap = min(gap, 1 / max(1, len(heights) - 1))
    steps = gap * np.arange(len(heights))
    nearest = isotonic_regression(np.asarray(heights)[order] - steps).x
    placed = np.empty(len(heights))
    placed[order] = np.clip(nearest, 0, 1 - steps[-1]) + steps
    return placed
