"""A study of frictions as a picture: from gross to net savings, a bar a friction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from coalesce_sim.frictions.results import GROSS, NET, FrictionStudy
from coalesce_sim.numbers import with_half_width
from coalesce_sim.report.frictions.findings import headline
from coalesce_sim.report.frictions.table import tested
from coalesce_sim.report.look import (
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

WATERFALL = "waterfall.png"

_GREEN = COLOURS[2]
_ROW_IN, _ROOM_IN = 0.24, 0.75
_FAINT = 0.45
"""How opaque bars are that are not shown to differ from 0."""


def draw_figures(folder: Path, study: FrictionStudy) -> list[str]:
    """Draw the figure into the folder and return its name."""
    figure = plot_waterfall(study)
    with our_style():
        save(figure, folder / WATERFALL)
    return [WATERFALL]


def plot_waterfall(study: FrictionStudy) -> Figure:
    """Bars from what is saved without any friction down to what is left with all of them."""
    with our_style():
        return _waterfall(study)


def _waterfall(study: FrictionStudy) -> Figure:
    labels = [GROSS, *(each.label for each in study.bars), NET]
    note = (
        f"{study.scenario.name}, seed {study.seed}; {mean_shown(study.replications, 'lines')}; faint: not "
        "shown to differ from 0 (Holm)"
    )
    figure = page(headline(study), note, _ROOM_IN + _ROW_IN * len(labels))
    axes = figure.add_subplot()
    means = [each.difference.mean or 0.0 for each in study.tested]
    halves = [each.difference.half_width or 0.0 for each in study.tested]
    gross, net = study.gross.mean or 0.0, study.net.mean or 0.0
    left = np.cumsum([gross, *(-each for each in means)])
    last = len(labels) - 1
    for row, whole, value in ((0, gross, study.gross), (last, net, study.net)):
        axes.barh(row, whole, height=0.7, color=BLUE, alpha=0.8)
        axes.errorbar(whole, row, xerr=value.half_width or 0.0, color="black", linewidth=1.0, capsize=2)
    for row, (mean, half, test) in enumerate(zip(means, halves, study.tested, strict=True), 1):
        colour, alpha = VERMILLION if mean > 0 else _GREEN, 0.8 if test.shown else _FAINT
        axes.barh(row, -mean, left=left[row - 1], height=0.7, color=colour, alpha=alpha)
        axes.errorbar(left[row], row, xerr=half, color="black", linewidth=1.0, capsize=2)
    for row, at in enumerate(left):
        axes.plot([at, at], [row - 0.35, min(row + 1.35, last + 0.35)], color=GREY, linewidth=0.6, zorder=0)
    told = [with_half_width(study.gross), *map(tested, study.tested), with_half_width(study.net)]
    for row, text in enumerate(told):
        axes.annotate(
            text,
            (1, row),
            xytext=(6, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            fontsize=NOTE_PT,
            va="center",
            annotation_clip=False,
        )
    name_axis(axes, labels)
    value_axis(axes, "Saved against all-local, USD a task", along="x")
    kinds = {"saved": BLUE, "taken": VERMILLION, "given back": _GREEN}
    figure.legend(
        handles=[Patch(color=colour, alpha=0.8, label=name) for name, colour in kinds.items()],
        loc="outside lower center",
        ncols=len(kinds),
    )
    return figure
