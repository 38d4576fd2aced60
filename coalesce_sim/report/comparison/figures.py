"""A comparison as pictures: what it has cost so far, and what is saved as the run goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.comparison import Comparison
from coalesce_sim.experiments.learning import Learning
from coalesce_sim.numbers import plural
from coalesce_sim.report.comparison.findings import aftermath, change, headline
from coalesce_sim.report.look import BAND, GREY, NOTE_PT, label_ends, looks, mean_shown, our_style, page, save

_UNITS = ((1e6, "million USD"), (1e3, "thousand USD"), (1.0, "USD"))
_MOST_UNITS = 100
_MOST_BINS = 16
"""In the figure of learning: wide enough that lines can be told apart."""

_HEIGHT_IN = 3.3
_NOTE: dict[str, Any] = {"color": GREY, "fontsize": NOTE_PT, "va": "bottom", "ha": "left"}


def draw_figures(folder: Path, comparison: Comparison) -> None:
    """Draw both figures into the folder; none where there are too few tasks."""
    wide = Learning([each.bins for each in comparison.played], _MOST_BINS)
    if not len(wide.last_task):
        return
    with our_style():
        save(_cost_figure(comparison), folder / "cumulative_cost.png")
        save(_learning_figure(comparison, wide), folder / "learning.png")


def _cost_figure(comparison: Comparison) -> Figure:
    course = comparison.course
    figure, axes = _canvas(comparison, course, headline(comparison))
    tasks = np.concatenate([[0.0], course.last_task])
    home_usd = course.width * course.curves[0].all_local_usd[0].cumsum()
    largest_usd = max(home_usd[-1], *(curve.spent_usd[0][-1] for curve in course.curves))
    unit_usd, unit = next(each for each in _UNITS if largest_usd >= each[0] * _MOST_UNITS or each[0] == 1)
    curves = [_from_zero(curve.spent_usd, unit_usd) for curve in course.curves]
    home = _from_zero((home_usd, np.zeros_like(home_usd)), unit_usd)
    axes.plot(tasks, home[0], color=GREY, linewidth=0.8)
    axes.text(tasks[-1], home[0][-1], "all-local ", color=GREY, fontsize=NOTE_PT, ha="right", va="bottom")
    _draw(axes, comparison, tasks, curves, also=[home])
    axes.set_ylabel(f"Cost so far ({unit})")
    return figure


def _learning_figure(comparison: Comparison, course: Learning) -> Figure:
    figure, axes = _canvas(
        comparison, course, aftermath(comparison) or change(comparison) or headline(comparison)
    )
    axes.axhline(0, color=GREY, linewidth=0.8)
    for each in comparison.changes:
        if each.task < course.last_task[-1]:
            axes.axvline(each.task, color=GREY, linewidth=0.8, linestyle=":")
            told = f" change at {each.at_s / 3600:g} h"
            axes.text(each.task, 1.0, told, **_NOTE, transform=axes.get_xaxis_transform())
    curves = [curve.cost_reduction for curve in course.curves]
    middles = (course.last_task - (course.width - 1) / 2).astype(np.float64)
    _draw(axes, comparison, middles, curves)
    tasks = "of each task" if course.width == 1 else f"of each {course.width} tasks"
    axes.set_ylabel(f"Cost reduction {tasks} (%)")
    return figure


def _from_zero(values: tuple[FloatArray, FloatArray], unit: float) -> tuple[FloatArray, FloatArray]:
    mean, half_width = values
    return np.concatenate([[0.0], mean / unit]), np.concatenate([[0.0], half_width / unit])


def _canvas(comparison: Comparison, course: Learning, title: str) -> tuple[Figure, Axes]:
    tasks = plural(int(course.last_task[-1]), "task")
    origin = f"{comparison.scenario.name}, seed {comparison.seed}; first {tasks}"
    figure = page(title, f"{origin}; {mean_shown(course.replications, 'band')}", _HEIGHT_IN)
    axes = figure.add_subplot()
    axes.set_xlabel("Number of the task")
    return figure, axes


def _draw(
    axes: Axes,
    comparison: Comparison,
    tasks: FloatArray,
    curves: Sequence[tuple[FloatArray, FloatArray]],
    also: Sequence[tuple[FloatArray, FloatArray]] = (),
) -> None:
    """All policies' curves with their labels; `also` names curves for which there must be room."""
    unasked = [contender.label for contender in comparison.field if contender.yardstick]
    found = looks(comparison.labels, unasked)
    for (mean, half_width), (colour, _, style) in zip(curves, found, strict=True):
        axes.fill_between(tasks, mean - half_width, mean + half_width, color=colour, alpha=BAND, linewidth=0)
        axes.plot(tasks, mean, color=colour, linestyle=style)
    axes.set_xlim(0, tasks[-1])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:,g}")
    _fit_height(axes, [*curves, *also])
    ends, colours = [float(mean[-1]) for mean, _ in curves], [colour for colour, *_ in found]
    label_ends(axes, "policy", comparison.labels, ends, colours)


def _fit_height(axes: Axes, curves: Sequence[tuple[FloatArray, FloatArray]]) -> None:
    """Show all means, and of the bands what does not squeeze them."""
    means = np.concatenate([np.zeros(1), *(mean for mean, _ in curves)])
    lows = np.concatenate([means, *(mean - half_width for mean, half_width in curves)])
    highs = np.concatenate([means, *(mean + half_width for mean, half_width in curves)])
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    room = 0.18 * ((high - low) or 1.0)
    axes.set_ylim(max(low - room, np.nanmin(lows) - room / 6), min(high + room, np.nanmax(highs) + room / 6))
