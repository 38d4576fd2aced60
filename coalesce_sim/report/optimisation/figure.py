"""The picture of a search: what every trial came to, over each field that was searched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from coalesce_sim.arrays import FloatArray
from coalesce_sim.metrics import Metric, describe
from coalesce_sim.numbers import level_text, plural
from coalesce_sim.optimisation.result import Optimisation
from coalesce_sim.optimisation.search import Trial
from coalesce_sim.report.fields import axis_of, label_of
from coalesce_sim.report.look import BLUE, GREY, VERMILLION, our_style, page, save
from coalesce_sim.report.optimisation.findings import best_told
from coalesce_sim.statistics.intervals import Estimate

_PANELS_IN_A_ROW = 3
_MOST_PANELS = 12
_ROW_IN, _LEGEND_IN = 2.3, 0.25
"""What a row of panels and the legend take of the height."""


def draw_trials(path: Path, found: Optimisation) -> None:
    """One panel a field, of the first dozen: each trial's mean with its 95 % interval."""
    goal = describe(found.question.goal.metric)
    fields = list(found.trials[0].setting)[:_MOST_PANELS]
    across = min(len(fields), _PANELS_IN_A_ROW)
    rows = math.ceil(len(fields) / across)
    with our_style():
        figure = page(_title(found, goal), _note(found), rows * _ROW_IN + _LEGEND_IN)
        for index, field in enumerate(fields):
            axes = figure.add_subplot(rows, across, index + 1)
            _panel(axes, found, field)
            axes.set_xlabel(axis_of(field), parse_math=False)
            axes.yaxis.set_major_formatter("{x:,g}")
            if index % across == 0:
                axes.set_ylabel(goal.axis, parse_math=False)
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        save(figure, path)


def _panel(axes: Axes, found: Optimisation, field: str) -> None:
    metric, best = found.question.goal.metric, found.best
    told = [trial for trial in found.trials if trial.mean(metric) is not None]
    cells = [
        row[axis.factor.columns.index(field)].cell
        for axis in found.question.axes
        if field in axis.factor.columns
        for row in axis.factor.levels or ()
    ]
    words = any(isinstance(cell, str | bool) for cell in cells)

    def place(trials: Sequence[Trial]) -> FloatArray:
        values = [trial.setting[field] for trial in trials]
        return np.array([cells.index(each) for each in values] if words else values, dtype=np.float64)

    groups = [
        ("mean keeps all constraints" if found.question.constraints else "trial", BLUE, "o", True),
        ("breaks one", GREY, "x", False),
    ]
    for label, colour, marker, feasible in groups:
        trials = [trial for trial in told if trial.feasible == feasible]
        if trials:
            _points(axes, place(trials), trials, metric, colour, marker, label)
    if words:
        axes.set_xticks(range(len(cells)), list(map(level_text, cells)), parse_math=False)
        axes.set_xlim(-0.5, len(cells) - 0.5)
    if best is None or found.validation is None or found.validation.error is not None:
        return
    at = place([best])
    ring: Any = {"color": "black", "markerfacecolor": "none", "markersize": 7, "zorder": 5}
    means = np.array([best.mean(metric)], dtype=np.float64)
    axes.plot(at, means, "o", label="best of the search", **ring)
    value = found.validation.best[metric]
    if value.mean is not None:
        axes.errorbar(at, value.mean, _reach([value]), fmt="D", color=VERMILLION, label="validated", zorder=4)


def _points(
    axes: Axes, at: FloatArray, trials: Sequence[Trial], metric: str, colour: str, marker: str, label: str
) -> None:
    means = np.array([trial.mean(metric) for trial in trials], dtype=np.float64)
    axes.errorbar(
        at,
        means,
        _reach([trial.figures[metric] for trial in trials]),
        fmt=marker,
        color=colour,
        elinewidth=0.6,
        alpha=0.8,
        label=label,
    )


def _reach(values: Sequence[Estimate]) -> FloatArray:
    """How far intervals reach below their means and above them: two rows."""
    ends = [(value.mean, *(value.ci95 or (value.mean, value.mean))) for value in values]
    mean, low, high = np.array(ends, dtype=np.float64).T
    return np.array([mean - low, high - mean])


def _note(found: Optimisation) -> str:
    tried = f"{plural(len(found.trials), 'trial')} of {plural(found.replications, 'replication')}"
    told = f"{found.question.own.name}, {tried}, seed {found.question.plan.seed}"
    if found.validation is not None:
        told += f"; validated on seed {found.validation.seed}, n = {found.validation.replications}"
    return f"{told}; bars: 95 % interval"


def _title(found: Optimisation, goal: Metric) -> str:
    """What the best setting comes to, and how far that holds, before the setting itself."""
    if found.best is None:
        return f"{goal.label}: none of {plural(len(found.trials), 'trial')} keeps all constraints"
    assert found.validation is not None
    fresh = goal.name in found.validation.best
    figures = found.validation.best if fresh else found.best.figures
    value = best_told(found.question.goal, figures, found.outcome, fresh=fresh)
    setting = ", ".join(f"{label_of(path)} = {level_text(cell)}" for path, cell in found.best.setting.items())
    return f"{value} at {setting}"
