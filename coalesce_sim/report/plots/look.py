"""How every plot looks: its title and note, on the user's axes or in a figure as wide as a column."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.contenders import YARDSTICKS
from coalesce_sim.report.drawing import COLOURS, GREY, plain_style, spread

COLUMN_IN = 3.5
"""The width of a journal's column, in inches."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
MOST_LINES = len(MARKERS)
"""More lines than these cannot be told apart."""

HUES = (*COLOURS, "#000000", "#8C510A")
_TITLE_PT, _NOTE_PT, _TEXT_PT = 9.0, 7.0, 8.0
_LETTER_EM = 0.57
"""The mean width of a letter."""

_LINE_EM = 1.25
_MARGIN_IN = 0.05
_LABEL_GAP = 0.075
"""The least distance of two labels at the ends of lines, as a share of the height."""

_LABEL_WIDTH = 24
_HEIGHT_PT, _WIDTH_PT = 150, 200
"""The lengths of the axes, about."""

_KEPT_TOGETHER = re.compile(r" (?=%|=)|(?<==) ")
"""Spaces within a figure with its unit, or within ``factor = value``."""

_STYLE: Any = {
    "font.size": _TEXT_PT,
    "axes.labelsize": _TEXT_PT,
    "axes.linewidth": 0.6,
    "grid.linewidth": 0.5,
    "xtick.labelsize": _NOTE_PT,
    "ytick.labelsize": _NOTE_PT,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": _NOTE_PT,
    "legend.frameon": False,
    "svg.hashsalt": "coalesce_sim",
}


class Plot(Protocol):
    """Something that can be drawn.

    `title` says the finding, `note` in a line what is shown, `caption` the rest in sentences; `size_in` is
    width and height without title and note. `draw` draws all but these two.
    """

    @property
    def title(self) -> str: ...

    @property
    def note(self) -> str: ...

    @property
    def caption(self) -> list[str]: ...

    @property
    def size_in(self) -> tuple[float, float]: ...

    def draw(self, axes: Axes) -> None: ...


@contextmanager
def column_style() -> Iterator[None]:
    """Our look at the size of a journal's column; SVG files repeat byte for byte."""
    with plain_style(grid_below=True), mpl.rc_context(_STYLE):
        yield


def plotted(plot: Plot, axes: Axes | None) -> Axes:
    """Draw on the given axes or, without any, in a new figure of pyplot; returns the axes drawn on."""
    if axes is None:
        import matplotlib.pyplot as plt

        new = plt.figure(dpi=150)  # outside the style, whose end would undo the backend of a first figure
        with column_style():
            return fill(new, plot)
    figure = axes.get_figure(root=True)
    assert figure is not None
    width_pt = 72 * axes.get_window_extent().width / figure.dpi
    plot.draw(axes)
    axes.spines[["top", "right"]].set_visible(False)
    title = wrapped(plot.title, width_pt, _TITLE_PT)
    axes.set_title(title, loc="left", fontsize=_TITLE_PT, pad=2.2 * _NOTE_PT, parse_math=False)
    axes.annotate(
        plot.note,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 0.6 * _NOTE_PT),
        textcoords="offset points",
        fontsize=_NOTE_PT,
        color=GREY,
        parse_math=False,
    )
    return axes


def fill(figure: Figure, plot: Plot) -> Axes:
    """Draw into an empty figure, which takes the plot's size; within `column_style`."""
    width_in, height_in = plot.size_in
    texts = [
        (wrapped(text, 72 * (width_in - 2 * _MARGIN_IN), size_pt), size_pt, colour)
        for text, size_pt, colour in ((plot.title, _TITLE_PT, "black"), (plot.note, _NOTE_PT, GREY))
    ]
    head_in = [_LINE_EM * size_pt * (1 + text.count("\n")) / 72 for text, size_pt, _ in texts]
    whole_in = height_in + sum(head_in) + 2 * _MARGIN_IN
    figure.set_size_inches(width_in, whole_in)
    figure.set_layout_engine("constrained", rect=(0, 0, 1, height_in / whole_in))
    axes = figure.add_subplot()
    plot.draw(axes)
    top_in = _MARGIN_IN
    for (text, size_pt, colour), text_in in zip(texts, head_in, strict=True):
        figure.text(
            _MARGIN_IN / width_in,
            1 - top_in / whole_in,
            text,
            fontsize=size_pt,
            color=colour,
            va="top",
            linespacing=1.1,
            parse_math=False,
        )
        top_in += text_in
    return axes


def wrapped(text: str, width_pt: float, size_pt: float) -> str:
    """The text in as few lines as that width allows, about equally long."""
    text = _KEPT_TOGETHER.sub("\u00a0", text)
    most = max(12, int(width_pt / (_LETTER_EM * size_pt)))
    fewest = len(textwrap.wrap(text, most))
    widths = range(math.ceil(len(text) / fewest), most)
    width = next((width for width in widths if len(textwrap.wrap(text, width)) == fewest), most)
    return textwrap.fill(text, width)


def looks(labels: Sequence[Any]) -> list[tuple[str, str, str]]:
    """Colour, marker and line style of each line; yardsticks such as `oracle` are grey and dotted."""
    found, hue = [], 0
    for label in labels:
        if label in YARDSTICKS:
            found.append((GREY, "none", (":", "--")[YARDSTICKS.index(label) % 2]))
        else:
            found.append((HUES[hue % len(HUES)], MARKERS[hue % len(MARKERS)], "-"))
            hue += 1
    return found


def value_axis(axes: Axes, label: str, *, along: str) -> None:
    """The axis of the metric: its label in lines that fit, and a line at 0 where that lies in between."""
    axis = axes.yaxis if along == "y" else axes.xaxis
    axis.set_label_text(wrapped(label, _HEIGHT_PT if along == "y" else _WIDTH_PT, _TEXT_PT), parse_math=False)
    axis.set_major_formatter("{x:,g}")
    low, high = axis.get_view_interval()
    if low < 0 < high:
        line = axes.axhline if along == "y" else axes.axvline
        line(0, color=GREY, linewidth=0.8, zorder=1)


def fit_height(axes: Axes, means: FloatArray, lows: FloatArray, highs: FloatArray) -> None:
    """Show all means, and of their bands as much again above and below: single wide ones squeeze nothing."""
    least, most = float(np.nanmin(means)), float(np.nanmax(means))
    room = (most - least) or abs(most) or 1.0
    low = max(least - room, float(np.nanmin([least, *lows])))
    high = min(most + room, float(np.nanmax([most, *highs])))
    margin = 0.05 * ((high - low) or room)
    axes.set_ylim(low - margin, high + margin)


def name_axis(axes: Axes, names: Sequence[str]) -> None:
    """Names down the side, the first on top."""
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")


def label_ends(
    axes: Axes, heading: str, labels: Sequence[str], ends: Sequence[float], colours: Sequence[str]
) -> None:
    """Write each line's name beside its end, apart from the others, below the heading."""
    low, high = axes.get_ylim()
    heights = [0.0 if math.isnan(end) else (end - low) / (high - low) for end in ends]
    *places, top = spread([*heights, 1.0], _LABEL_GAP)
    beside: dict[str, Any] = {
        "xycoords": "axes fraction",
        "textcoords": "axes fraction",
        "fontsize": _NOTE_PT,
        "va": "center",
        "parse_math": False,
        "annotation_clip": False,
    }
    for label, at, height, colour in zip(labels, places, heights, colours, strict=True):
        pointer = {"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkA": 1, "shrinkB": 0}
        axes.annotate(
            label if len(label) <= _LABEL_WIDTH else f"{label[: _LABEL_WIDTH - 1]}…",
            (1, height),
            xytext=(1.06, at),
            color=colour,
            arrowprops={**pointer, "relpos": (0, 0.5)},
            **beside,
        )
    axes.annotate(heading, (1, top), xytext=(1.06, top), color=GREY, **beside)
