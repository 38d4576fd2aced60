"""What a run did over time, as pictures: each title says the finding, each band how sure it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import matplotlib.style
import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from coalesce_sim.experiments.runs import RunResult
from coalesce_sim.experiments.statistics import Estimate, estimate
from coalesce_sim.report.numbers import number, percent, plural
from coalesce_sim.scenario.distributions import FloatArray

TIMELINE_COLUMNS = ("start_s", "tasks", "outsourced", "realised_usd", "all_local_usd")
"""The columns of the timeline that the figures are drawn from."""

NAMES = ("outsourcing_rate.png", "cost_reduction.png")

# Okabe and Ito (2008): colours that colour-blind readers tell apart.
_BLUE, _VERMILLION, _GREY = "#0072B2", "#D55E00", "#5A5A5A"
_MOST_BINS = 40
_MOST_POINTS = 400
_DAY_S = 86_400.0
_BIN_S = tuple(60.0 * minutes for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440))


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the figures are drawn from: `start_s` of each interval, else (replications, intervals)."""

    start_s: FloatArray
    tasks: FloatArray
    outsourced: FloatArray
    realised_usd: FloatArray
    all_local_usd: FloatArray

    @classmethod
    def of(cls, table: pa.Table, replications: int) -> Timeline:
        """From the rows of all replications one after the other, up to the last interval with a task."""
        columns = {
            name: table[name].to_numpy().astype(float).reshape(replications, -1) for name in TIMELINE_COLUMNS
        }
        busy = np.flatnonzero(columns["tasks"].any(axis=0))
        end = busy[-1] + 1 if len(busy) else 0
        columns = {name: values[:, :end] for name, values in columns.items()}
        return cls(columns.pop("start_s")[0], **columns)


@dataclass(frozen=True, slots=True)
class Curve:
    """A mean over replications and its 95 % band, NaN where fewer than two replications tell; times in s."""

    time_s: FloatArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray


def draw_figures(folder: Path, result: RunResult, timeline: Timeline) -> list[str]:
    """Draw the figures of a run from its timeline and return their names; none for a run without tasks."""
    if not len(timeline.start_s):
        return []
    interval_s = result.scenario.clock.timeline_min * 60
    end_s = float(timeline.start_s[-1]) + interval_s
    rate = outsourcing_curve(timeline, bin_width_s(end_s, interval_s))
    reduction = cost_reduction_curve(timeline, interval_s)
    with _plain_style():
        drawn = (_outsourcing_figure(result, rate, end_s), _cost_figure(result, reduction, end_s))
        for name, figure in zip(NAMES, drawn, strict=True):
            # No version and no time in the file, so that the same results are the same bytes.
            FigureCanvasAgg(figure)
            figure.savefig(folder / name, metadata={"Software": None})
    return list(NAMES)


def outsourcing_curve(timeline: Timeline, bin_s: float) -> Curve:
    """Outsourced tasks in percent of all that arrived in each bin, at the middle of the bin."""
    number, first = np.unique((timeline.start_s / bin_s).astype(int), return_index=True)
    outsourced = np.add.reduceat(timeline.outsourced, first, axis=1)
    return _curve(
        (number + 0.5) * bin_s, _percent(outsourced, np.add.reduceat(timeline.tasks, first, axis=1))
    )


def cost_reduction_curve(timeline: Timeline, interval_s: float) -> Curve:
    """Cost reduction in percent, cumulative from the start, at the end of each interval."""
    all_local_usd = timeline.all_local_usd.cumsum(axis=1)
    reduction = _percent(all_local_usd - timeline.realised_usd.cumsum(axis=1), all_local_usd)
    intervals = len(timeline.start_s)
    every = math.ceil(intervals / _MOST_POINTS)
    shown = slice((intervals - 1) % every, None, every)  # the last point stays
    return _curve(timeline.start_s[shown] + interval_s, reduction[:, shown])


def bin_width_s(end_s: float, interval_s: float) -> float:
    """Whole days from 4 days on, else a usual width; the smallest that makes at most 40 bins."""
    least_s = max(end_s / _MOST_BINS, interval_s)
    if end_s < 4 * _DAY_S:
        for width_s in _BIN_S:
            if width_s >= least_s:
                return width_s
    return math.ceil(least_s / _DAY_S) * _DAY_S


def finding(reduction: Estimate) -> str:
    """What the cost reduction says, in a sentence."""
    mean, interval = reduction.mean, reduction.ci95
    if mean is None:
        return "No cost to compare with"
    if interval is not None and interval[0] <= 0 <= interval[1]:
        return f"No clear saving against all-local: {percent(reduction)}"
    if mean < 0:
        loss = Estimate(-mean, reduction.sd, reduction.ci95, reduction.n)
        return f"Outsourcing costs {percent(loss)} more than all-local"
    return f"Outsourcing saves {percent(reduction)} against all-local"


def _percent(part: FloatArray, whole: FloatArray) -> FloatArray:
    result: FloatArray = np.divide(100 * part, whole, out=np.full(whole.shape, math.nan), where=whole > 0)
    return result


def _curve(time_s: FloatArray, values: FloatArray) -> Curve:
    """The curve of (replications, times); NaN where a replication does not tell."""
    estimates = [estimate(each) for each in values.T.tolist()]

    def column(figures: Sequence[float | None]) -> FloatArray:
        return np.array([math.nan if figure is None else figure for figure in figures])

    return Curve(
        time_s,
        column([each.mean for each in estimates]),
        column([None if each.ci95 is None else each.ci95[0] for each in estimates]),
        column([None if each.ci95 is None else each.ci95[1] for each in estimates]),
    )


@contextmanager
def _plain_style() -> Iterator[None]:
    """Our look, whatever the user's own matplotlib settings are."""
    look = {
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": "#E5E5E5",
        "font.size": 10,
    }
    with matplotlib.style.context(["default", look]):
        yield


def _outsourcing_figure(result: RunResult, curve: Curve, end_s: float) -> Figure:
    title = f"{percent(result.estimates['outsourcing_rate'])} of tasks are outsourced{_trend(curve)}"
    figure, axes = _canvas(result, title)
    _draw(axes, curve, end_s, marker="o")
    axes.set_ylabel("Tasks outsourced (%)")
    _mark_published(axes, result, "outsourcing_rate")
    axes.set_ylim(0, min(102.0, axes.get_ylim()[1]))
    return figure


def _cost_figure(result: RunResult, curve: Curve, end_s: float) -> Figure:
    figure, axes = _canvas(result, finding(result.estimates["cost_reduction"]))
    axes.axhline(0, color=_GREY, linewidth=1)
    _draw(axes, curve, end_s)
    axes.set_ylabel("Cost saved so far (% of all-local)")
    _mark_published(axes, result, "cost_reduction")
    axes.set_ylim(*_settled_range(curve))
    return figure


def _canvas(result: RunResult, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, 4.5), dpi=150)
    axes = figure.add_axes((0.09, 0.12, 0.88, 0.73))
    runs = len(result.replications)
    shown = f"mean of {plural(runs, 'replication')}, band: 95 % confidence" if runs > 1 else "1 replication"
    origin = f"{result.scenario.name}, seed {result.seed}; {shown}"
    axes.set_title(title, loc="left", fontsize=13, pad=22)
    axes.text(0, 1.03, origin, transform=axes.transAxes, fontsize=9, color=_GREY, parse_math=False)
    return figure, axes


def _draw(axes: Axes, curve: Curve, end_s: float, marker: str | None = None) -> None:
    scale_s, unit = _time_unit(end_s)
    time = curve.time_s / scale_s
    axes.fill_between(time, curve.low, curve.high, color=_BLUE, alpha=0.2, linewidth=0)
    axes.plot(time, curve.mean, color=_BLUE, linewidth=1.8, marker=marker, markersize=4)
    axes.set_xlabel(f"Time since the start ({unit})")
    axes.set_xlim(0, end_s / scale_s)


def _mark_published(axes: Axes, result: RunResult, metric: str) -> None:
    """A labelled line at the figure somebody printed for the metric, if there is one."""
    published = result.scenario.published.get(metric)
    if published is None:
        return
    runs = "" if published.n is None else f" ({plural(published.n, 'run')})"
    axes.axhline(published.mean, color=_VERMILLION, linestyle="--", linewidth=1.5)
    axes.annotate(
        f"published: {number(published.mean, 1)} %{runs}",
        (1, published.mean),
        xycoords=("axes fraction", "data"),
        xytext=(-4, 4),
        textcoords="offset points",
        ha="right",
        color=_VERMILLION,
    )


def _trend(curve: Curve) -> str:
    """How the first and the last point differ, where their intervals do not overlap."""
    if curve.low[-1] > curve.high[0]:
        word = "up"
    elif curve.high[-1] < curve.low[0]:
        word = "down"
    else:
        return ""
    return f", {word} from {number(curve.mean[0], 1)} % to {number(curve.mean[-1], 1)} %"


def _settled_range(curve: Curve) -> tuple[float, float]:
    """Limits that show the whole mean, and the band once a tenth of the time has passed."""
    settled = curve.time_s >= 0.1 * curve.time_s[-1]
    seen = np.concatenate([curve.mean, curve.low[settled], curve.high[settled], [0.0]])
    low, high = float(np.nanmin(seen)), float(np.nanmax(seen))
    margin = 0.08 * ((high - low) or 1.0)
    return low - margin, high + margin


def _time_unit(end_s: float) -> tuple[float, str]:
    """Seconds a unit, and its name."""
    if end_s >= 2 * _DAY_S:
        return _DAY_S, "days"
    return (3600.0, "hours") if end_s >= 3 * 3600 else (60.0, "minutes")
