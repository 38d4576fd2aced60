"""A chart of the report as a Plotly figure: curves with bands over numbers, rows of points over names."""

from __future__ import annotations

import html
import itertools
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from coalesce_sim.experiments.contenders import UNASKED
from coalesce_sim.lab.parts.drawn_lines import Choice, Line, Point, axis_title, lines_of, told_of
from coalesce_sim.report.html.charts import Chart
from coalesce_sim.report.look import GREY, MARKERS, looks, shown_range
from coalesce_sim.texts import visible

BAND = 0.16
_DENSE = 40
"""Lines of more points have no markers."""

_MOST_TOLD = 34
"""Letters of a name beside an axis or in a legend: the rest appears when one points at it."""

_SYMBOLS = dict(
    zip(
        MARKERS,
        ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x", "star"),
        strict=True,
    )
)
_OPEN = ("circle-open", "square-open", "diamond-open")
_DASHES = {"-": "solid", "--": "dash", "-.": "dashdot", ":": "dot"}
_SPARSE = "2px,7px"
"""Of lines beyond these."""

_ON_DARK = {
    GREY: "#9aa7b4",
    "#000000": "#f2f4f7",
    "#0072B2": "#3a9bdc",
    "#56B4E9": "#b5e3ff",
    "#8C510A": "#c98b4b",
}
"""Those of the colours that are too dark on a dark page, and the one that its neighbour comes too near."""

_ZERO = "rgba(128, 138, 148, 0.7)"


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A line and how it looks."""

    line: Line
    colour: str
    symbol: str
    dash: str
    yardstick: bool


def figure_of(chart: Chart, choice: Choice, *, dark: bool = False, height_px: int = 420) -> go.Figure:
    """The figure of that choice; letters and grid get their colours from the page that shows it.

    `height_px` is that of curves; rows of names take what they need.
    """
    drawn = _looks(lines_of(chart, choice)[0], dark)
    figure = go.Figure()
    figure.update_layout(
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        separators=".,",
        hovermode="closest",
        dragmode=False,
        hoverlabel={"align": "left"},
        margin={"l": 8, "r": 12, "t": 12, "b": 8},
        showlegend=choice.by is not None,
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.02,
            "yanchor": "bottom",
            "title": {"text": "" if choice.by is None else f"{_short(chart.axes[choice.by].label)} "},
        },
    )
    if chart.axes[choice.x].scale == "category":
        _rows(figure, chart, choice, drawn, dark)
    else:
        _curves(figure, chart, choice, drawn, height_px)
    return figure


def _looks(lines: Sequence[Line], dark: bool) -> list[_Drawn]:
    """The lines in the colours, marks and dashes of the report's figures; yardsticks have open marks."""
    drawn = []
    open_symbols = itertools.cycle(_OPEN)
    for line, (colour, marker, style) in zip(lines, looks([line.name for line in lines]), strict=True):
        yardstick = marker not in _SYMBOLS
        symbol = next(open_symbols) if yardstick else _SYMBOLS[marker]
        dash = _DASHES.get(style, _SPARSE)
        drawn.append(_Drawn(line, on_page(colour, dark), symbol, dash, yardstick))
    return drawn


def on_page(colour: str, dark: bool) -> str:
    """One of the colours of the figures, as it is seen on a light or a dark page."""
    return _ON_DARK.get(colour, colour) if dark else colour


def reaches_beyond(chart: Chart, choice: Choice) -> bool:
    """Whether some interval is so wide that a part of it is not drawn."""
    if chart.axes[choice.x].scale == "category":
        return False
    low, high = _height([point for line in lines_of(chart, choice)[0] for point in line.points])
    return any(
        point.low is not None and point.high is not None and (point.low < low or point.high > high)
        for line in lines_of(chart, choice)[0]
        for point in line.points
    )


def _curves(figure: go.Figure, chart: Chart, choice: Choice, drawn: Sequence[_Drawn], height_px: int) -> None:
    """A line a level of the second axis, along an axis of numbers; without a grid, points alone."""
    axis = chart.axes[choice.x]
    assert axis.values is not None
    for each in drawn:
        points = each.line.points
        banded = [point for point in points if point.low is not None and point.high is not None]
        if chart.grid and len(banded) > 1:
            along = [axis.values[point.level] for point in banded]
            around = [point.high for point in banded], [point.low for point in reversed(banded)]
            figure.add_scatter(
                x=[*along, *reversed(along)],
                y=[*around[0], *around[1]],
                mode="lines",
                line={"width": 0},
                fill="toself",
                fillcolor=_faint(each.colour),
                hoverinfo="skip",
                showlegend=False,
                legendgroup=each.line.name,
            )
        marked = not each.yardstick and (not chart.grid or len(points) <= _DENSE)
        mode = "lines+markers" if marked else "lines"
        figure.add_scatter(
            x=[axis.values[point.level] for point in points],
            y=[point.mean for point in points],
            mode=mode if chart.grid and len(points) > 1 else "markers",
            error_y=None if chart.grid and len(banded) > 1 else _bars(points, each.colour),
            line={"color": each.colour, "dash": each.dash, "width": 2},
            marker={"color": each.colour, "symbol": each.symbol, "size": 5 if len(points) > _DENSE else 7},
            **_named(chart, choice, each),
        )
    every = [point for each in drawn for point in each.line.points]
    figure.update_xaxes(
        title={"text": _shown(axis.label)},
        type=axis.scale,
        tickformat=",.6~g",
        exponentformat="none",
        automargin=True,
        showgrid=True,
        zeroline=False,
    )
    figure.update_yaxes(
        title={"text": _broken(axis_title(chart, choice), height_px // 10)},
        range=_height(every) if every else None,
        tickformat=",.6~g",
        automargin=True,
        zeroline=True,
        zerolinecolor=_ZERO,
    )
    figure.update_layout(height=height_px)


def _rows(figure: go.Figure, chart: Chart, choice: Choice, drawn: Sequence[_Drawn], dark: bool) -> None:
    """A row a level of an axis of names, with the interval as a bar; the first on top."""
    levels = chart.axes[choice.x].levels
    for k, each in enumerate(drawn):
        points = each.line.points
        apart = 0.6 * ((k + 0.5) / len(drawn) - 0.5)
        grey = on_page(GREY, dark)
        colours = [grey if levels[point.level] in UNASKED else each.colour for point in points]
        for colour in dict.fromkeys(colours):
            own = [point for point, its in zip(points, colours, strict=True) if its == colour]
            figure.add_scatter(
                x=[point.mean for point in own],
                y=[point.level + apart for point in own],
                mode="markers",
                error_x=_bars(own, colour),
                marker={"color": colour, "symbol": each.symbol, "size": 9},
                **{**_named(chart, choice, each, own), "showlegend": colour == colours[0]},
            )
    names = [_broken(level, 24) for level in levels]
    row_px = max(26, 15 * len(drawn), *(17 * (name.count("<br>") + 1) for name in names))
    figure.update_xaxes(
        title={"text": _broken(axis_title(chart, choice), 40)},
        tickformat=",.6~g",
        automargin=True,
        showgrid=True,
        zeroline=True,
        zerolinecolor=_ZERO,
    )
    figure.update_yaxes(
        tickvals=list(range(len(levels))),
        ticktext=names,
        range=[len(levels) - 0.4, -0.6],
        showgrid=False,
        zeroline=False,
        automargin=True,
    )
    figure.update_layout(height=100 + row_px * max(2, len(levels)) + (30 if choice.by is not None else 0))


def _named(
    chart: Chart, choice: Choice, each: _Drawn, points: Sequence[Point] | None = None
) -> dict[str, Any]:
    """Its name in the legend, and what is told of each of its points."""
    told = [
        "<br>".join(map(_shown, told_of(chart, choice, each.line, point)))
        for point in (each.line.points if points is None else points)
    ]
    return {
        "name": _short(each.line.name),
        "legendgroup": each.line.name,
        "hovertext": told,
        "hoverinfo": "text",
    }


def _bars(points: Sequence[Point], colour: str) -> dict[str, Any]:
    """Intervals; those of many points are faint, for they would hide them."""
    above = [None if point.high is None else point.high - point.mean for point in points]
    below = [None if point.low is None else point.mean - point.low for point in points]
    bars = {"type": "data", "symmetric": False, "array": above, "arrayminus": below}
    many = len(points) > _DENSE
    look = {"color": _faint(colour), "thickness": 1} if many else {"color": colour, "thickness": 1.8}
    return {**bars, **look, "width": 0}


def _height(points: Sequence[Point]) -> list[float]:
    ends = [(point.low, point.high) for point in points if point.low is not None and point.high is not None]
    return list(
        shown_range([point.mean for point in points], [low for low, _ in ends], [high for _, high in ends])
    )


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {BAND})"


def _shown(text: str) -> str:
    """Anybody's text, where Plotly reads a few elements of HTML."""
    return html.escape(visible(text), quote=False)


def _short(text: str) -> str:
    return _shown(text if len(text) <= _MOST_TOLD else f"{text[: _MOST_TOLD - 1]}…")


def _broken(text: str, most: int) -> str:
    """In two lines at most."""
    lines = textwrap.wrap(visible(text), max(12, most), max_lines=2, placeholder=" …")
    return "<br>".join(html.escape(line, quote=False) for line in lines)
