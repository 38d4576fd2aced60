"""The picture of what COALESCE is: ``python docs/_static/coalesce.py`` draws it beside this file."""

from __future__ import annotations

import itertools
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from coalesce_sim.report.look import BLUE, COLOURS, GREY, VERMILLION, our_style

GREEN = COLOURS[2]
WIDTH, HEIGHT = 1.72, 0.86


def box(axes: Axes, x: float, y: float, title: str, below: str, colour: str) -> None:
    """One step of the decision, centred at (x, y)."""
    shape = FancyBboxPatch(
        (x - WIDTH / 2, y - HEIGHT / 2), WIDTH, HEIGHT, boxstyle="round,pad=0,rounding_size=0.1",
        facecolor="white", edgecolor=colour, linewidth=1.8,
    )  # fmt: skip
    axes.add_patch(shape)
    axes.text(x, y + 0.17, title, ha="center", va="center", fontsize=10.5, fontweight="bold", color=colour)
    axes.text(x, y - 0.16, below, ha="center", va="center", fontsize=8.2, color=GREY, linespacing=1.15)


def arrow(
    axes: Axes, begin: tuple[float, float], end: tuple[float, float], says: str = "", bend: float = 0
) -> None:
    """An arrow, with what it says beside its middle."""
    axes.add_patch(
        FancyArrowPatch(
            begin, end, arrowstyle="-|>", mutation_scale=13, color=GREY, linewidth=1.3,
            connectionstyle=f"arc3,rad={bend}", shrinkA=0, shrinkB=0,
        )
    )  # fmt: skip
    if says:
        x, y = (begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2
        axes.text(x, y + 0.1, says, ha="center", va="bottom", fontsize=8.2, color=GREY)


def draw(path: Path) -> None:
    """Draw the picture into a file."""
    with our_style():
        figure, axes = plt.subplots(figsize=(10.6, 4.5))
        figure.subplots_adjust(left=0.01, right=0.99, top=0.98, bottom=0.02)
        axes.set_xlim(0, 12.2)
        axes.set_ylim(0, 5.0)
        axes.axis("off")
        top, middle, low = 4.3, 2.6, 0.8
        steps = (
            (1.0, "Task", "type, tokens, value,\ndeadline"),
            (3.05, "Decomposition", "whole, or steps\none by one"),
            (5.1, "Cost estimation", "own GPU against\neach offer"),
            (7.15, "ε check", "with ε = 0.1 hire\nanybody at random"),
            (9.2, "Skill filter", "three matches,\nθ_skill = 0.7"),
            (11.25, "TOPSIS", "cost, reliability,\nlatency, security"),
        )
        for x, title, below in steps:
            box(axes, x, top, title, below, BLUE)
        for (x, *_), (following, *_) in itertools.pairwise(steps):
            arrow(axes, (x + WIDTH / 2, top), (following - WIDTH / 2, top))
        box(axes, 11.25, middle, "Selection", "score and confidence\nhigh enough?", BLUE)
        arrow(axes, (11.25, top - HEIGHT / 2), (11.25, middle + HEIGHT / 2))
        box(axes, 5.1, middle, "At home", "the client's own GPU,\nits queue", GREEN)
        arrow(axes, (11.25 - WIDTH / 2, middle + 0.12), (5.1 + WIDTH / 2, middle + 0.12), "no: stay at home")
        arrow(axes, (7.15, top - HEIGHT / 2), (9.2 - WIDTH / 2, low + 0.3), bend=0.18)
        axes.text(7.2, 1.62, "explored", fontsize=8.2, color=GREY, ha="center")
        box(axes, 9.2, low, "Contract (A2A)", "hired; queue, work,\nmay fail", VERMILLION)
        arrow(axes, (11.25, middle - HEIGHT / 2), (9.2 + WIDTH / 2, low + 0.1), "  yes: hire", bend=-0.25)
        box(axes, 6.1, low, "Verification", "found good or bad;\npaid, retried", VERMILLION)
        arrow(axes, (9.2 - WIDTH / 2, low), (6.1 + WIDTH / 2, low))
        box(axes, 3.05, low, "Reputation", "public record\nof ratings", VERMILLION)
        arrow(axes, (6.1 - WIDTH / 2, low), (3.05 + WIDTH / 2, low))
        arrow(axes, (3.05, low + HEIGHT / 2), (4.6, top - HEIGHT / 2), bend=-0.28)
        axes.text(
            2.55,
            2.6,
            "what was learnt,\nin the next estimate",
            fontsize=8.2,
            color=GREY,
            ha="center",
            va="center",
        )
        figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    draw(Path(__file__).with_suffix(".png"))
