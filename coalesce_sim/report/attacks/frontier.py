"""What policies save where everybody is honest, against what the best attacker found takes, as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes

from coalesce_sim.attacks.exploits import Exploit, Exploits
from coalesce_sim.experiments.attacks.written import NONE
from coalesce_sim.metrics import COST_REDUCTION, METRICS
from coalesce_sim.numbers import number
from coalesce_sim.report.look import (
    GREY,
    HUES,
    NOTE_PT,
    mean_shown,
    our_style,
    page,
    save,
    value_axis,
)

FRONTIER = "frontier.png"
_HEIGHT_IN = 4.6
_SHARE_OF_AXES = 0.75
"""Of the figure's height, about."""

_FAR_APART = 100


def draw_frontier(folder: Path, found: Exploits) -> list[str]:
    """Draw the figure into the folder and return its name."""
    with our_style():
        note = (
            f"{found.scenario.name}, seed {found.seed}; "
            f"{mean_shown(found.effort.validation_replications, '±')}; filled: on the frontier"
        )
        figure = page(headline(found), note, _HEIGHT_IN)
        axes: Axes = figure.subplots()
        on_it = found.frontier
        for each in found.found:
            _place(axes, each, frontier=each in on_it)
        _spread(axes, [each.exploitability.mean or 0.0 for each in found.found])
        value_axis(axes, METRICS["exploitability_usd_per_task"].axis, along="y")
        value_axis(axes, f"{METRICS[COST_REDUCTION].axis}, where everybody is honest", along="x")
        _name(axes, found.found, on_it)
        save(figure, folder / FRONTIER)
    return [FRONTIER]


def headline(found: Exploits) -> str:
    """The finding, as a title."""
    known = [each for each in found.found if each.exploitability.mean is not None]
    most = max(known, key=lambda each: each.exploitability.mean or 0.0)
    least = min(known, key=lambda each: each.exploitability.mean or 0.0)
    if most is least:
        taken = number(most.exploitability.mean, 3)
        return f"The best attacker found takes {taken} USD a task from {most.policy}"
    highest, lowest = (number(each.exploitability.mean, 3) for each in (most, least))
    return f"Best attackers found take {highest} USD a task from {most.policy}, {lowest} from {least.policy}"


def _spread(axes: Axes, taken: Sequence[float]) -> None:
    """Policies that lose hundredths beside such that lose tens: in powers of ten, and evenly around zero."""
    least, most = min(map(abs, taken)), max(map(abs, taken))
    if most > _FAR_APART * least:
        around_zero = 10.0 ** max(math.ceil(math.log10(least or most / 10_000)), -4)
        axes.set_yscale("symlog", linthresh=around_zero)


def _place(axes: Axes, each: Exploit, *, frontier: bool) -> None:
    saved, taken = each.cost_reduction, each.exploitability
    if saved.mean is None or taken.mean is None:
        return
    colour = HUES[0] if frontier else GREY
    axes.errorbar(
        saved.mean,
        taken.mean,
        xerr=saved.half_width,
        yerr=taken.half_width,
        color=colour,
        marker="o",
        markerfacecolor=colour if frontier else "white",
        linewidth=0.8,
    )


def _name(axes: Axes, found: Sequence[Exploit], on_it: Sequence[Exploit]) -> None:
    """Write what the policies are called in a column at the right, each with a line to its point."""
    where = axes.transScale + axes.transLimits
    known = [each for each in found if each.exploitability.mean is not None]
    known.sort(key=lambda each: each.exploitability.mean or 0.0)
    tops = [where.transform((0.0, each.exploitability.mean or 0.0))[1] for each in known]
    gap = 1.25 * NOTE_PT / (72 * _HEIGHT_IN * _SHARE_OF_AXES)
    for place in range(1, len(tops)):
        tops[place] = max(tops[place], tops[place - 1] + gap)
    highest = 1.0
    for place in reversed(range(len(tops))):
        tops[place] = min(tops[place], highest)
        highest = tops[place] - gap
    for each, top in zip(known, tops, strict=True):
        label = each.policy if each.defence == NONE else f"{each.policy}, {each.defence}"
        axes.annotate(
            label,
            (each.cost_reduction.mean or 0.0, each.exploitability.mean or 0.0),
            xytext=(1.06, top),
            textcoords="axes fraction",
            fontsize=NOTE_PT,
            color=HUES[0] if each in on_it else GREY,
            verticalalignment="center",
            arrowprops={"arrowstyle": "-", "linewidth": 0.3, "color": GREY, "relpos": (0, 0.5), "shrinkB": 3},
            parse_math=False,
        )
