"""What can be drawn, on the user's axes or in a figure as wide as a column."""

from __future__ import annotations

from typing import Protocol

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coalesce_sim.report.look import GREY, NOTE_PT, TITLE_PT, our_style, titled, wrapped


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


def plotted(plot: Plot, axes: Axes | None) -> Axes:
    """Draw on the given axes or, without any, in a new figure of pyplot; returns the axes drawn on."""
    if axes is None:
        import matplotlib.pyplot as plt

        new = plt.figure(dpi=150)  # outside the style, whose end would undo the backend of a first figure
        with our_style():
            return fill(new, plot)
    figure = axes.get_figure(root=True)
    assert figure is not None
    width_pt = 72 * axes.get_window_extent().width / figure.dpi
    plot.draw(axes)
    axes.spines[["top", "right"]].set_visible(False)
    title = wrapped(plot.title, width_pt, TITLE_PT)
    note = wrapped(plot.note, width_pt, NOTE_PT)
    above = (1 + 1.2 * (1 + note.count("\n"))) * NOTE_PT
    axes.set_title(title, loc="left", fontsize=TITLE_PT, pad=above, parse_math=False)
    axes.annotate(
        note,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 0.6 * NOTE_PT),
        textcoords="offset points",
        fontsize=NOTE_PT,
        color=GREY,
        parse_math=False,
    )
    return axes


def fill(figure: Figure, plot: Plot) -> Axes:
    """Draw into an empty figure, which takes the plot's size; within `our_style`."""
    titled(figure, plot.title, plot.note, plot.size_in)
    axes = figure.add_subplot()
    plot.draw(axes)
    return axes
