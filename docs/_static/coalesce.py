"""The picture of what COALESCE is: ``python docs/_static/coalesce.py`` draws it beside this file."""

from __future__ import annotations

import itertools
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from coalesce_sim.report.look import (
    BLUE,
    COLOURS,
    GREY,
    NOTE_PT,
    TEXT_PT,
    VERMILLION,
    our_style,
    page,
    save,
)

GREEN = COLOURS[2]
WIDTH, HEIGHT = 2.1, 0.94
STEPS = (
    ("Task", "type, tokens,\nvalue, deadline"),
    ("Decomposition", "whole, or steps\none by one"),
    ("Estimation", "cost at home and\nof each offer"),
    ("ε check", "with ε = 0.1 hire\nanybody at random"),
    ("Skill filter", "three matches,\nθ_skill = 0.7"),
    ("TOPSIS", "cost, reliability,\nlatency, security"),
)
PLACES = [1.1 + 2.36 * step for step in range(len(STEPS))]
TOP, MIDDLE, LOW = 4.4, 2.6, 0.6


def box(axes: Axes, x: float, y: float, title: str, below: str, colour: str) -> None:
    """One step of the decision, centred at (x, y)."""
    shape = FancyBboxPatch(
        (x - WIDTH / 2, y - HEIGHT / 2),
        WIDTH,
        HEIGHT,
        boxstyle="round,pad=0,rounding_size=0.1",
        facecolor="white",
        edgecolor=colour,
        linewidth=1.2,
    )
    axes.add_patch(shape)
    centred = {"ha": "center", "va": "center"}
    axes.text(x, y + 0.24, title, fontsize=TEXT_PT, fontweight="bold", color=colour, **centred)
    axes.text(x, y - 0.15, below, fontsize=NOTE_PT, color=GREY, linespacing=1.1, **centred)


def arrow(axes: Axes, begin: tuple[float, float], end: tuple[float, float], bend: float = 0.0) -> None:
    """An arrow, bent perhaps."""
    axes.add_patch(
        FancyArrowPatch(
            begin,
            end,
            arrowstyle="-|>",
            mutation_scale=8,
            color=GREY,
            linewidth=0.9,
            connectionstyle=f"arc3,rad={bend}",
            shrinkA=0,
            shrinkB=0,
        )
    )


def says(axes: Axes, x: float, y: float, text: str) -> None:
    """A text beside an arrow."""
    axes.text(x, y, text, fontsize=NOTE_PT, color=GREY, ha="center", va="center", linespacing=1.1)


def drawn() -> Figure:
    """The picture."""
    figure = page(
        "A client keeps a task at home or hires for it, and remembers what came of that",
        "one decision in COALESCE, as published",
        2.65,
    )
    axes = figure.add_subplot()
    axes.set_xlim(0, PLACES[-1] + 1.1)
    axes.set_ylim(0, 5)
    axes.axis("off")
    half, _, estimation, check, skills, last = WIDTH / 2, *PLACES[1:]
    for x, (title, below) in zip(PLACES, STEPS, strict=True):
        box(axes, x, TOP, title, below, BLUE)
    for x, following in itertools.pairwise(PLACES):
        arrow(axes, (x + half, TOP), (following - half, TOP))
    box(axes, last, MIDDLE, "Selection", "score, confidence\nhigh enough?", BLUE)
    arrow(axes, (last, TOP - HEIGHT / 2), (last, MIDDLE + HEIGHT / 2))
    box(axes, estimation, MIDDLE, "At home", "the own GPU,\nits queue", GREEN)
    arrow(axes, (last - half, MIDDLE + 0.1), (estimation + half, MIDDLE + 0.1))
    says(axes, skills - 0.2, MIDDLE + 0.35, "no: stay at home")
    box(axes, skills, LOW, "Contract (A2A)", "hired; queue, work,\nmay fail", VERMILLION)
    arrow(axes, (check, TOP - HEIGHT / 2), (skills - half, LOW + 0.3), bend=0.18)
    says(axes, check - 0.1, 1.6, "explored")
    arrow(axes, (last, MIDDLE - HEIGHT / 2), (skills + half, LOW), bend=-0.25)
    says(axes, last - 0.7, 1.65, "yes: hire")
    verification, reputation = estimation + 0.7, PLACES[1]
    box(axes, verification, LOW, "Verification", "found good or bad;\npaid, retried", VERMILLION)
    arrow(axes, (skills - half, LOW), (verification + half, LOW))
    box(axes, reputation, LOW, "Reputation", "public record\nof ratings", VERMILLION)
    arrow(axes, (verification - half, LOW), (reputation + half, LOW))
    arrow(axes, (reputation, LOW + HEIGHT / 2), (estimation - 0.7, TOP - HEIGHT / 2), bend=-0.28)
    says(axes, reputation - 0.85, 2.7, "what was learnt,\nin the next estimate")
    return figure


if __name__ == "__main__":
    with our_style():
        save(drawn(), Path(__file__).with_suffix(".png"))
