"""What policies save where everybody is honest, against what the best attacker found takes, as a picture."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes

from coalesce_sim.attacks.exploits import Exploit, Exploits
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
_HEIGHT_IN = 3.6


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
        value_axis(axes, METRICS["exploitability_usd_per_task"].axis, along="y")
        value_axis(axes, f"{METRICS[COST_REDUCTION].axis}, where everybody is honest", along="x")
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
    label = each.policy if each.defence == "none" else f"{each.policy}, {each.defence}"
    axes.annotate(
        label,
        (saved.mean, taken.mean),
        xytext=(4, 4),
        textcoords="offset points",
        fontsize=NOTE_PT,
        color=colour,
        parse_math=False,
    )
