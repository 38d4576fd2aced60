"""Who got the work, as a picture: a bar each share of a type's tasks, with what they cost beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coalesce_sim.experiments.routing import Routing
from coalesce_sim.experiments.runs import RunResult
from coalesce_sim.numbers import number
from coalesce_sim.report.look import BLUE, GREY, NOTE_PT, mean_shown, our_style, page, save
from coalesce_sim.report.routing import MOST_ROWS, headline, others_told
from coalesce_sim.statistics.intervals import Estimate
from coalesce_sim.texts import on_one_line

_LEFT, _RIGHT = 0.25, 0.53
"""Where the bars begin and end, as shares of the width."""

_ROW, _ABOVE, _BELOW = 0.2, 0.2, 0.55
"""Inches a row, and above and below all rows."""

_FIRST, _COLUMN = 1.24, 0.32
"""Where the columns beside the bars end, and how wide each is, as shares of the axes."""

_LONGEST_NAME = 22


def draw_routing(folder: Path, result: RunResult) -> list[str]:
    """Draw the figure into the folder and return its name; none for a run without tasks."""
    if not len(result.routed):
        return []
    with our_style():
        save(_figure(result), folder / "routing.png")
    return ["routing.png"]


def _figure(result: RunResult) -> Figure:
    routing = result.routed
    rows = routing.most(MOST_ROWS)
    heights, heads = _places(routing, rows)
    lines = max(heights) + 1
    scenario, runs = result.scenario.name, len(result.replications)
    origin = f"{scenario}, seed {result.seed}; {mean_shown(runs, 'lines')}"
    figure = page(headline(routing), origin, _ABOVE + _ROW * lines + _BELOW)
    figure.set_layout_engine("none")
    inches = figure.get_size_inches()[1]
    axes = figure.add_axes((_LEFT, _BELOW / inches, _RIGHT - _LEFT, _ROW * lines / inches))
    _bars(axes, routing, rows, heights)
    for kind, height in heads:
        axes.text(-0.02, height, _short(kind), **_beside(axes), ha="right", weight="bold")
    _columns(axes, routing, rows, heights)
    axes.set_ylim(lines - 0.4, -0.6)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    axes.set_xlim(0, 100)
    axes.set_xlabel("Share of the tasks of the type (%)")
    if others := others_told(routing, rows):
        figure.text(0.02, 0.05 / inches, others, fontsize=NOTE_PT, color=GREY, parse_math=False)
    return figure


def _places(routing: Routing, rows: Sequence[int]) -> tuple[list[int], list[tuple[str, int]]]:
    """The line of each row, from the top, and the types with the lines that their names stand on."""
    heights: list[int] = []
    heads: list[tuple[str, int]] = []
    for row in rows:
        if not heads or heads[-1][0] != routing.types[row]:
            heads.append((routing.types[row], len(heights) + len(heads)))
        heights.append(len(heights) + len(heads))
    return heights, heads


def _bars(axes: Axes, routing: Routing, rows: Sequence[int], heights: Sequence[int]) -> None:
    shares = [routing.estimates["share"][row] for row in rows]
    colours = [GREY if routing.contractors[row] is None else BLUE for row in rows]
    axes.barh(heights, [each.mean or 0.0 for each in shares], height=0.7, color=colours, alpha=0.75)
    for share, height in zip(shares, heights, strict=True):
        if share.ci95 is not None:
            axes.plot(share.ci95, [height, height], color="black", linewidth=1.0, clip_on=False)
    for row, height in zip(rows, heights, strict=True):
        axes.text(-0.02, height, _short(routing.labels[row]), **_beside(axes), ha="right")


def _columns(axes: Axes, routing: Routing, rows: Sequence[int], heights: Sequence[int]) -> None:
    """Figures beside the bars; what every row says alike is left out."""
    told = routing.estimates
    columns = {
        "share": [f"{number(told['share'][row].mean, 1)} %" for row in rows],
        "cost a\ntask, USD": [number(told["usd_per_task"][row].mean) for row in rows],
        "turn-\naround, s": [number(told["turnaround_s"][row].mean) for row in rows],
        "late": _rates(told["late_rate"], rows, usual=0.0),
        "good": _rates(told["success_rate"], rows, usual=100.0),
    }
    shown = {name: values for name, values in columns.items() if values}
    for place, (name, values) in enumerate(shown.items()):
        x = _FIRST + _COLUMN * place
        axes.text(x, -0.5, name, **_beside(axes) | {"va": "bottom"}, ha="right", color=GREY)
        for text, height in zip(values, heights, strict=True):
            axes.text(x, height, text, **_beside(axes), ha="right")


def _rates(estimates: Sequence[Estimate], rows: Sequence[int], usual: float) -> list[str]:
    """Rates in percent; none where all are as usual."""
    if all(estimates[row].mean in (None, usual) for row in rows):
        return []
    return [f"{number(estimates[row].mean, 0)} %" for row in rows]


def _beside(axes: Axes) -> dict[str, Any]:
    """At a height in data, and a place across in shares of the axes."""
    return {"transform": axes.get_yaxis_transform(), "fontsize": NOTE_PT, "va": "center", "parse_math": False}


def _short(name: str) -> str:
    name = on_one_line(name)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
