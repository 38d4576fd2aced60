"""A chart of the report on a page of the lab: drawn, with what can be chosen of it and its points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from coalesce_sim.lab.parts.drawn_lines import Choice, Line, caption_of, lines_of, points_of
from coalesce_sim.lab.parts.figure import figure_of, reaches_beyond
from coalesce_sim.lab.parts.folding import folded
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.report.html.charts import Chart

CONFIG = {"displayModeBar": False, "displaylogo": False, "responsive": True, "showTips": False}
"""Of Plotly: nothing above a figure but the page's own buttons."""

Bind = Literal["query-params"] | None

_NOTHING = -1
"""Stands for no axis in a list of axes."""


def chart(
    chart: Chart,
    *,
    key: str,
    title: str = "",
    height_px: int = 420,
    bound: bool = False,
    around_zero: bool = False,
) -> None:
    """Draw a chart with its controls, its caption and, folded, its points; `title` says the finding. Rows of
    names that are differences are drawn `around_zero`.

    `key` is that of its widgets. Where they are `bound`, what they hold stands in the address, by names that
    begin with it, and the page is drawn anew when something is chosen; else only this part of it is.
    """
    if bound:
        _show(chart, key, title, height_px, around_zero, "query-params")
    else:
        st.fragment(_show)(chart, key, title, height_px, around_zero, None)


def _show(chart: Chart, key: str, title: str, height_px: int, around_zero: bool, bind: Bind) -> None:
    if title:
        st.markdown(f"#### {plain(title)}")
    choice = _chosen(chart, key, bind)
    lines, left = lines_of(chart, choice)
    caption = caption_of(chart, choice, left)
    if not lines:
        st.info("Nothing of this is defined here, so there is nothing to draw.")
        return
    if reaches_beyond(chart, choice):
        caption += " The widest intervals reach beyond what is shown; the table has their ends."
    figure = figure_of(chart, choice, dark=is_dark(), height_px=height_px)
    if around_zero:
        figure.update_xaxes(rangemode="tozero", zerolinewidth=2)
    st.plotly_chart(
        figure,
        key=f"{key} figure",
        config=CONFIG,
        alt=f"Chart: {caption} Its points are in the table below it.",
    )
    st.caption(plain(caption))
    with folded("Points behind this figure", f"{key} behind") as unfolded:
        if unfolded:
            _points(chart, choice, lines, caption, key)
    st.space("small")


def _points(chart: Chart, choice: Choice, lines: list[Line], caption: str, key: str) -> None:
    points = points_of(chart, choice, lines)
    st.dataframe(points, hide_index=True, key=f"{key} points", alt=caption)
    st.download_button(
        "Download as CSV",
        points.to_csv(index=False),
        f"{chart.name}-{chart.quantities[choice.quantity].name}.csv",
        "text/csv",
        key=f"{key} csv",
        on_click="ignore",
    )


def is_dark() -> bool:
    """Whether the viewer's page is dark."""
    return st.context.theme.type == "dark"


def _chosen(chart: Chart, key: str, bind: Bind) -> Choice:
    """What the reader chose; lists with one entry are left out."""
    axes = list(range(len(chart.axes)))
    turns = chart.turns and len(axes) > 1
    quantity, x, by = 0, chart.x, chart.by
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(chart.quantities) > 1:
            labels = [each.label for each in chart.quantities]
            quantity = _asked("Show", labels, 0, f"{key}.show", bind, 320)
        if turns:
            names = [each.label for each in chart.axes]
            x = _asked("Along", names, chart.x, f"{key}.along", bind)
            others = [each for each in axes if each != x and (chart.grid or chart.axes[each].values is None)]
            if others:
                offered = others if chart.grid else [_NOTHING, *others]
                first = by if by in offered else offered[0]
                chosen = st.selectbox(
                    "A line for each",
                    offered,
                    offered.index(first),
                    format_func=lambda axis: "nothing" if axis == _NOTHING else names[axis],
                    key=f"{key}.lines",
                    bind=bind,
                    width=240,
                )
                by = None if chosen == _NOTHING else chosen
        held = {}
        for axis, level in Choice.settled(chart, quantity, x, by, {}).held:
            levels = chart.axes[axis].levels
            if len(levels) > 1:
                held[axis] = _asked(plain(chart.axes[axis].label), levels, level, f"{key}.at.{axis}", bind)
    return Choice.settled(chart, quantity, x, by, held)


def _asked(label: str, texts: Sequence[str], first: int, key: str, bind: Bind, width: int = 240) -> int:
    places = list(range(len(texts)))
    return st.selectbox(
        label, places, first, format_func=lambda each: texts[each], key=key, bind=bind, width=width
    )
