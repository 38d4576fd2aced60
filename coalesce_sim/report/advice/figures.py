"""An advice as pictures, for its folder and for notebooks: what policies cost, who should do what, and what
would turn it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coalesce_sim.advice.advice import Advice, Job
from coalesce_sim.advice.turning import REPLICATIONS, Turn
from coalesce_sim.cost_parts import GROUPS
from coalesce_sim.numbers import number
from coalesce_sim.report.advice.findings import headline, period
from coalesce_sim.report.advice.table import turns_at
from coalesce_sim.report.look import (
    BAND,
    BLUE,
    COLOURS,
    GREY,
    NOTE_PT,
    VERMILLION,
    mean_shown,
    name_axis,
    our_style,
    page,
    save,
    value_axis,
)

COSTS, WHO, TURNING = "costs.png", "who.png", "turning.png"

_ROW_IN, _ROOM_IN, _PANEL_IN = 0.22, 0.8, 1.9
_PANELS_IN_A_ROW = 3
_WRAPPED = 36
_MOST_TYPES = 12
_MOST_NAMED = len(COLOURS)


def draw_figures(folder: Path, advice: Advice) -> list[str]:
    """Draw the figures into the folder and return their names."""
    drawn = {COSTS: plot_costs(advice), WHO: plot_who(advice)}
    if advice.turns:
        drawn[TURNING] = plot_turning(advice)
    with our_style():
        for name, figure in drawn.items():
            save(figure, folder / name)
    return list(drawn)


def plot_costs(advice: Advice) -> Figure:
    """A bar a policy that is advised, in its parts, with the interval of the whole."""
    with our_style():
        return _costs(advice)


def plot_who(advice: Advice) -> Figure:
    """A bar a type of task: which share of it each worker does under the best policy."""
    with our_style():
        return _who(advice)


def plot_turning(advice: Advice) -> Figure:
    """A panel a lever: by how much the best is ahead of the second at the levels that were played.

    Raises ValueError where there is no second advice that it could turn to.
    """
    if not advice.turns:
        raise ValueError("advice: there is no other advice that this one could turn to")
    with our_style():
        return _turning(advice)


def _note(advice: Advice, intervals: str, count: int) -> str:
    return f"{advice.scenario.name}, seed {advice.seed}; {mean_shown(count, intervals)}"


def _costs(advice: Advice) -> Figure:
    field = advice.ranked
    figure = page(
        headline(advice), _note(advice, "lines", len(advice.best.plays)), _ROOM_IN + _ROW_IN * len(field)
    )
    axes = figure.add_subplot()
    left = np.zeros(len(field))
    for group, colour in zip(GROUPS, COLOURS, strict=False):
        usd = np.array(
            [advice.scale * np.mean([one.group_usd(group) for one in each.plays]) for each in field]
        )
        if usd.any():
            axes.barh(range(len(field)), usd, left=left, height=0.7, color=colour, alpha=0.8, label=group)
            left += usd
    for row, each in enumerate(field):
        ends = advice.costs[each.label].ci95
        if ends is not None:
            axes.plot(ends, [row, row], color="black", linewidth=1.0)
    name_axis(axes, [each.label for each in field])
    value_axis(axes, f"Cost, USD {period(advice)}", along="x")
    figure.legend(loc="outside lower center", ncols=len(GROUPS))
    return figure


def _who(advice: Advice) -> Figure:
    jobs = advice.jobs
    types = list(dict.fromkeys(each.type for each in jobs))[:_MOST_TYPES]
    workers = _workers(jobs)
    title = _who_title(types, jobs)
    note = f"{advice.scenario.name}, seed {advice.seed}; {advice.best.label}"
    figure = page(title, note, _ROOM_IN + _ROW_IN * len(types))
    axes = figure.add_subplot()
    left = np.zeros(len(types))
    for worker, colour in zip(workers, [*COLOURS, GREY], strict=False):
        shares = np.array([_share(jobs, kind, worker, workers) for kind in types])
        axes.barh(range(len(types)), shares, left=left, height=0.7, color=colour, alpha=0.8, label=worker)
        left += shares
    name_axis(axes, types)
    axes.set_xlim(0, 100)
    value_axis(axes, "Share of the tasks of the type (%)", along="x")
    figure.legend(loc="outside lower center", ncols=min(3, len(workers)))
    return figure


_OTHERS = "others"


def _workers(jobs: Sequence[Job]) -> list[str]:
    """The workers that are named, and `others` where there are more than can be told apart."""
    names = list(dict.fromkeys(each.worker for each in jobs))
    return names if len(names) <= _MOST_NAMED else [*names[:_MOST_NAMED], _OTHERS]


def _share(jobs: Sequence[Job], kind: str, worker: str, named: Sequence[str]) -> float:
    return math.fsum(
        each.share.mean or 0.0
        for each in jobs
        if each.type == kind and (each.worker == worker or (worker == _OTHERS and each.worker not in named))
    )


def _who_title(types: Sequence[str], jobs: Sequence[Job]) -> str:
    """Who does most of the type that has most tasks."""
    first = max((each for each in jobs if each.type == types[0]), key=lambda each: each.share.mean or 0.0)
    told = f"{number(first.share.mean, 0)} % of {first.type} should go to {first.worker}"
    return told if len(types) == 1 else f"{told}, and so on by type"


def _turning(advice: Advice) -> Figure:
    assert advice.second is not None
    turns = advice.turns
    across = min(_PANELS_IN_A_ROW, len(turns))
    rows = math.ceil(len(turns) / across)
    count = min(REPLICATIONS, len(advice.best.plays))
    figure = page(_turning_title(advice), _note(advice, "bands", count), rows * _PANEL_IN + 0.3)
    for place, turn in enumerate(turns):
        axes = figure.add_subplot(rows, across, place + 1)
        _panel(axes, advice, turn)
        if place % across == 0:
            axes.set_ylabel(f"Ahead of {advice.second.label},\nUSD {period(advice)}", parse_math=False)
    return figure


def _panel(axes: Axes, advice: Advice, turn: Turn) -> None:
    lever, found = turn.lever, turn.found
    levels = np.array([lever.shown(each) for each in found.tried])
    gains = list(found.tried.values())
    means = advice.scale * np.array([each.mean for each in gains], dtype=np.float64)
    ends = [each.ci95 or (each.mean, each.mean) for each in gains]
    low, high = advice.scale * np.array(ends, dtype=np.float64).T
    axes.fill_between(levels, low, high, color=BLUE, alpha=BAND, linewidth=0)
    axes.plot(levels, means, color=BLUE, marker="o")
    axes.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    if found.level is not None:
        axes.axvline(lever.shown(found.level), color=VERMILLION, linestyle="--", linewidth=1.0)
    head = turns_at(turn)
    axes.set_title(head, fontsize=NOTE_PT, parse_math=False)
    axes.set_xlabel(textwrap.fill(f"{lever.name} ({lever.unit})", _WRAPPED), parse_math=False)
    axes.yaxis.set_major_formatter("{x:,g}")


def _turning_title(advice: Advice) -> str:
    """Whether anything turns the advice, and what does so soonest."""
    assert advice.second is not None
    turned = [each for each in advice.turns if each.found.level is not None]
    label = advice.second.label
    if not turned:
        return f"Nothing that was tried turns the advice to: {label}"
    nearest = min(turned, key=lambda each: (each.found.level or 0.0) / each.lever.first)
    return f"To {label} the advice turns with {nearest.lever.name} {turns_at(nearest)}"
