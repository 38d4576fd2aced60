"""What a run did over time, as pictures: each title says the finding, each band how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.runs import RunResult
from coalesce_sim.numbers import number, percent, plural
from coalesce_sim.report.costs import saved
from coalesce_sim.report.curves import DAY_S, Curve, curve_of, draw, last, settled_range, trend
from coalesce_sim.report.look import GREY, VERMILLION, mean_shown, our_style, page, save
from coalesce_sim.report.timeline import Timeline
from coalesce_sim.statistics.intervals import Estimate

_HEIGHT_IN = 2.9
_MOST_BINS = 40
_MOST_POINTS = 400
_BIN_S = tuple(60.0 * minutes for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440))


def draw_figures(folder: Path, result: RunResult, timeline: Timeline) -> list[str]:
    """Draw the figures of a run from its timeline and return their names; none for a run without tasks."""
    if not len(timeline.start_s):
        return []
    interval_s = result.scenario.clock.timeline_min * 60
    end_s = float(timeline.start_s[-1]) + interval_s
    rate = outsourcing_curve(timeline, bin_width_s(end_s, interval_s))
    reduction = cost_reduction_curve(timeline, interval_s)
    with our_style():
        drawn = {
            "outsourcing_rate.png": _outsourcing_figure(result, rate, end_s),
            "cost_reduction.png": _cost_figure(result, reduction, end_s),
        }
        for name, figure in drawn.items():
            save(figure, folder / name)
    return list(drawn)


def canvas(result: RunResult, title: str, shown: str | None = None) -> tuple[Figure, Axes]:
    """An empty figure with its title and what it was drawn from, and its axes.

    `shown` says which replications are drawn, and how; left out: their mean, with a band.
    """
    shown = shown or mean_shown(len(result.replications), "band")
    figure = page(title, f"{result.scenario.name}, seed {result.seed}; {shown}", _HEIGHT_IN)
    return figure, figure.add_subplot()


def outsourcing_curve(timeline: Timeline, bin_s: float) -> Curve:
    """Outsourced tasks in percent of all that arrived in each bin, at the middle of the bin."""
    number, first = np.unique((timeline.start_s / bin_s).astype(int), return_index=True)
    outsourced = np.add.reduceat(timeline.outsourced, first, axis=1)
    rate = _percent(outsourced, np.add.reduceat(timeline.tasks, first, axis=1))
    return curve_of((number + 0.5) * bin_s, rate, share=True)


def cost_reduction_curve(timeline: Timeline, interval_s: float) -> Curve:
    """Cost reduction in percent, cumulative from the start, at the end of each interval."""
    all_local_usd = timeline.all_local_usd.cumsum(axis=1)
    reduction = _percent(all_local_usd - timeline.realised_usd.cumsum(axis=1), all_local_usd)
    intervals = len(timeline.start_s)
    every = math.ceil(intervals / _MOST_POINTS)
    shown = slice((intervals - 1) % every, None, every)  # the last point stays
    return curve_of(timeline.start_s[shown] + interval_s, reduction[:, shown])


def bin_width_s(end_s: float, interval_s: float) -> float:
    """Whole days from 4 days on, else a usual width; the smallest that makes at most 40 bins."""
    least_s = max(end_s / _MOST_BINS, interval_s)
    if end_s < 4 * DAY_S:
        for width_s in _BIN_S:
            if width_s >= least_s:
                return width_s
    return math.ceil(least_s / DAY_S) * DAY_S


def finding(estimates: Mapping[str, Estimate]) -> str:
    """What is saved in cash, delay and losses and in all, in a sentence."""
    mean, interval = estimates["cost_reduction"].mean, estimates["cost_reduction"].ci95
    if mean is None:
        return "No cost to compare with"
    if interval is not None and interval[0] <= 0 <= interval[1]:
        return f"No clear saving against all-local: {saved(estimates)}"
    if mean < 0:
        return f"Outsourcing costs more than all-local. Saved: {saved(estimates)}"
    return f"Outsourcing saves against all-local: {saved(estimates)}"


def _percent(part: FloatArray, whole: FloatArray) -> FloatArray:
    result: FloatArray = np.divide(100 * part, whole, out=np.full(whole.shape, math.nan), where=whole > 0)
    return result


def _outsourcing_figure(result: RunResult, curve: Curve, end_s: float) -> Figure:
    title = f"{percent(result.estimates['outsourcing_rate'])} of tasks are outsourced{trend(curve)}"
    figure, axes = canvas(result, title)
    draw(axes, curve, end_s, marker="o")
    axes.set_ylabel("Tasks outsourced (%)")
    _mark_published(axes, result, "outsourcing_rate")
    axes.set_ylim(0, min(102.0, axes.get_ylim()[1]))
    return figure


def _cost_figure(result: RunResult, curve: Curve, end_s: float) -> Figure:
    figure, axes = canvas(result, finding({**result.estimates, "cost_reduction": last(curve)}))
    axes.axhline(0, color=GREY, linewidth=0.8)
    draw(axes, curve, end_s)
    axes.set_ylabel("Cost saved so far (% of all-local)")
    _mark_published(axes, result, "cost_reduction")
    axes.set_ylim(*settled_range(curve))
    return figure


def _mark_published(axes: Axes, result: RunResult, metric: str) -> None:
    """A labelled line at the figure somebody printed for the metric, if there is one."""
    published = result.scenario.published.get(metric)
    if published is None:
        return
    runs = "" if published.n is None else f" ({plural(published.n, 'run')})"
    axes.axhline(published.mean, color=VERMILLION, linestyle="--")
    axes.annotate(
        f"published: {number(published.mean, 1)} %{runs}",
        (1, published.mean),
        xycoords=("axes fraction", "data"),
        xytext=(-4, 4),
        textcoords="offset points",
        ha="right",
        color=VERMILLION,
    )
