"""How every figure looks: sizes, colours and fonts, title and note, names beside the ends of lines."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.contenders import UNASKED
from coalesce_sim.numbers import plural
from coalesce_sim.texts import visible

if TYPE_CHECKING:  # matplotlib takes half a second to load, and the lab's pages want only the colours
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN_IN, PAGE_IN = 3.5, 7.0
"""The widths of a journal's column and of its page, in inches: every figure has one of the two."""

COLUMN_DPI, PAGE_DPI = 300, 200

# Okabe and Ito (2008): colours that colour-blind readers tell apart; without yellow, which is faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
HUES = (*COLOURS, "#000000", "#8C510A")
BLUE, VERMILLION, GREY = COLOURS[0], COLOURS[1], "#5A5A5A"
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
MOST_LINES = len(MARKERS)
"""More lines than these cannot be told apart."""

TITLE_PT, TEXT_PT, NOTE_PT = 9.0, 8.0, 7.0
BAND = 0.18
"""How opaque the bands of intervals are."""

_YARDSTICK_STYLES: tuple[Any, ...] = (":", "--", (0, (1, 4)))
_MOST_TITLE_LINES = 2
_LETTER_EM = 0.57
"""The mean width of a letter."""

_LINE_EM = 1.25
_MARGIN_IN = 0.05
_LABEL_GAP = 0.075
"""The least distance of two labels at the ends of lines, as a share of the height."""

_LABEL_WIDTH = 34
"""The letters of the longest label on a page; a column has room for 24."""

_HEIGHT_PT, _WIDTH_PT = 150, 200
"""The lengths of the axes, about."""

_KEPT_TOGETHER = re.compile(r" (?=%|=|±)|(?<==|±) |(?<=[a-z]) (?=[-−]?\d[\d.,]* %)|(?<=\bin) (?=all\b)")
"""Spaces between a figure, what it is of, its interval and its unit; in ``factor = value``; in ``in all``."""

_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelsize": TEXT_PT,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": TEXT_PT,
    "font.size": TEXT_PT,
    "grid.color": "#E5E5E5",
    "grid.linewidth": 0.5,
    "legend.fontsize": NOTE_PT,
    "legend.frameon": False,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.2,
    "svg.hashsalt": "coalesce_sim",
    "xtick.labelsize": NOTE_PT,
    "xtick.major.width": 0.6,
    "ytick.labelsize": NOTE_PT,
    "ytick.major.width": 0.6,
}


@contextmanager
def our_style() -> Iterator[None]:
    """Our look, whatever the user's own matplotlib settings are; SVG files repeat byte for byte."""
    from matplotlib import style

    with style.context(["default", _STYLE]):
        yield


def titled(figure: Figure, title: str, note: str, size_in: tuple[float, float]) -> None:
    """Give an empty figure its size, title and note, and leave `size_in` below them to constrained axes."""
    width_in, height_in = size_in
    texts = [
        (wrapped(visible(text), 72 * (width_in - 2 * _MARGIN_IN), size_pt), size_pt, colour)
        for text, size_pt, colour in ((title, TITLE_PT, "black"), (note, NOTE_PT, GREY))
    ]
    head_in = [_LINE_EM * size_pt * (1 + text.count("\n")) / 72 for text, size_pt, _ in texts]
    whole_in = height_in + sum(head_in) + 2 * _MARGIN_IN
    figure.set_size_inches(width_in, whole_in)
    figure.set_layout_engine("constrained", rect=(0, 0, 1, height_in / whole_in))
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


def page(title: str, note: str, height_in: float) -> Figure:
    """A new figure as wide as a page, titled; within `our_style`."""
    from matplotlib.figure import Figure

    figure = Figure(dpi=PAGE_DPI)
    titled(figure, title, note, (PAGE_IN, height_in))
    return figure


def save(figure: Figure, path: Path | IO[bytes]) -> None:
    """Write a figure as PNG without version and time, so that the same results are the same bytes.

    `Figure.savefig` would draw all of it once more beforehand, only for the layout.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.print_png(path, metadata={"Software": None})  # type: ignore[no-untyped-call]


def mean_shown(runs: int, intervals: str) -> str:
    """Says that the mean of so many replications is drawn, and what stands for its 95 % intervals."""
    if runs == 1:
        return "1 replication, no interval"
    return f"mean of {plural(runs, 'replication')}; {intervals}: 95 % interval"


def wrapped(text: str, width_pt: float, size_pt: float) -> str:
    """The text in as few lines as that width allows, two at most, about equally long."""
    text = _KEPT_TOGETHER.sub("\u00a0", text)
    most = max(12, int(width_pt / (_LETTER_EM * size_pt)))
    fewest = len(textwrap.wrap(text, most))
    if fewest > _MOST_TITLE_LINES:
        return textwrap.fill(text, most, max_lines=_MOST_TITLE_LINES, placeholder=" …")
    widths = range(math.ceil(len(text) / max(1, fewest)), most)
    width = next((width for width in widths if len(textwrap.wrap(text, width)) == fewest), most)
    return textwrap.fill(text, width)


def looks(labels: Sequence[Any], yardsticks: Sequence[Any] = UNASKED) -> list[tuple[str, str, Any]]:
    """Colour, marker and line style of each line; yardsticks such as `oracle` are grey and dotted."""
    found: list[tuple[str, str, Any]] = []
    hue = grey = 0
    for label in labels:
        if label in yardsticks:
            found.append((GREY, "none", _YARDSTICK_STYLES[grey % len(_YARDSTICK_STYLES)]))
            grey += 1
        else:
            style = ("-", "--", "-.")[hue // len(HUES) % 3]
            found.append((HUES[hue % len(HUES)], MARKERS[hue % len(MARKERS)], style))
            hue += 1
    return found


def value_axis(axes: Axes, label: str, *, along: str) -> None:
    """The axis of the metric: its label in lines that fit, and a line at 0 where that lies in between."""
    axis = axes.yaxis if along == "y" else axes.xaxis
    axis.set_label_text(wrapped(label, _HEIGHT_PT if along == "y" else _WIDTH_PT, TEXT_PT), parse_math=False)
    axis.set_major_formatter("{x:,g}")
    low, high = axis.get_view_interval()
    if low < 0 < high:
        line = axes.axhline if along == "y" else axes.axvline
        line(0, color=GREY, linewidth=0.8, zorder=1)


def fit_height(axes: Axes, means: FloatArray, lows: FloatArray, highs: FloatArray) -> None:
    """Show the range of `shown_range`."""
    axes.set_ylim(shown_range(means, lows, highs))


def shown_range(means: ArrayLike, lows: ArrayLike, highs: ArrayLike) -> tuple[float, float]:
    """A range with all means, and of their bands as much again above and below: single wide ones squeeze
    nothing."""
    least, most = float(np.nanmin(means)), float(np.nanmax(means))
    room = (most - least) or abs(most) or 1.0
    low = max(least - room, float(np.nanmin(np.append(lows, least))))
    high = min(most + room, float(np.nanmax(np.append(highs, most))))
    margin = 0.05 * ((high - low) or room)
    return low - margin, high + margin


def name_axis(axes: Axes, names: Sequence[str]) -> None:
    """Names down the side, the first on top."""
    axes.set_yticks(range(len(names)), list(map(visible, names)), parse_math=False)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")


def label_ends(
    axes: Axes, heading: str, labels: Sequence[str], ends: Sequence[float], colours: Sequence[str]
) -> None:
    """Write each line's name beside its end, apart from the others, below the heading."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    width_in = figure.get_size_inches()[0]
    most, aside = min(_LABEL_WIDTH, round(_LABEL_WIDTH * width_in / PAGE_IN) + 7), 1 + 0.2 / width_in
    low, high = axes.get_ylim()
    heights = [0.0 if math.isnan(end) else (end - low) / (high - low) for end in ends]
    *places, top = spread([*heights, 1.0], _LABEL_GAP)
    beside: dict[str, Any] = {
        "xycoords": "axes fraction",
        "textcoords": "axes fraction",
        "fontsize": NOTE_PT,
        "va": "center",
        "parse_math": False,
        "annotation_clip": False,
    }
    for label, at, height, colour in zip(labels, places, heights, colours, strict=True):
        pointer = {"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkA": 1, "shrinkB": 0}
        axes.annotate(
            label if len(label) <= most else f"{label[: most - 1]}…",
            (1, height),
            xytext=(aside, at),
            color=colour,
            arrowprops={**pointer, "relpos": (0, 0.5)},
            **beside,
        )
    axes.annotate(heading, (1, top), xytext=(aside, top), color=GREY, **beside)


def spread(heights: Sequence[float], gap: float) -> FloatArray:
    """Where to put labels that want to be at `heights`, 0 to 1: in the same order, at least `gap` apart.

    Of all such places those nearest to the heights, by least squares.
    """
    order = np.argsort(heights, kind="stable")
    gap = min(gap, 1 / max(1, len(heights) - 1))
    steps = gap * np.arange(len(heights))
    nearest = _rising((np.asarray(heights)[order] - steps).tolist())
    placed = np.empty(len(heights))
    placed[order] = np.clip(nearest, 0, 1 - steps[-1]) + steps
    return placed


def _rising(values: Sequence[float]) -> list[float]:
    """The nearest sequence that nowhere falls, by least squares: isotonic regression by its formula of means.

    Source: Robertson, Wright and Dykstra (1988), theorem 1.4.4. SciPy's takes 0.3 s of a core to import.
    """
    places = range(len(values))
    means = [[sum(values[i : j + 1]) / (j + 1 - i) if j >= i else 0.0 for j in places] for i in places]
    return [max(min(means[i][at:]) for i in range(at + 1)) for at in places]
