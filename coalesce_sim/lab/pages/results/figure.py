"""The figure that ``coalesce-sim plot`` draws, with what is to be drawn chosen from lists."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TypeVar

import pandas as pd
import streamlit as st

from coalesce_sim.lab.pages.results.filtering import filters
from coalesce_sim.lab.parts.pictures import picture
from coalesce_sim.lab.parts.problems import told_here
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.results.filters import where_of
from coalesce_sim.lab.results.opening import Mark, Results
from coalesce_sim.numbers import level_text
from coalesce_sim.report.fields import label_of
from coalesce_sim.report.html.charts import Chart
from coalesce_sim.report.opening import Opened
from coalesce_sim.report.plots.drawable import drawn_of, kinds_of
from coalesce_sim.report.plots.folder import Picture
from coalesce_sim.report.plots.folder import picture as drawn_picture
from coalesce_sim.report.plots.points import factors_of, select
from coalesce_sim.report.plots.wanted import FigureKind, Wanted, completed
from coalesce_sim.statistics.intervals import Interval

Choice = TypeVar("Choice", bound=str)

_KINDS: Mapping[FigureKind, str] = {
    "lines": "Lines or rows",
    "heat_map": "Heat map",
    "tornado": "Tornado",
    "learning": "Learning curves",
    "timeline": "Over time",
}
_INTERVALS: Mapping[Interval, str] = {"t": "Student's t", "bca": "Bootstrap, for skewed metrics"}
_NONE = "none"
_WIDTH_PX = 620

_drawing = threading.Lock()
"""matplotlib keeps its style for the whole process: one figure at a time."""


def can_be_drawn(results: Results) -> bool:
    """Whether ``plot`` draws such results."""
    return results.opened is not None and bool(kinds_of(results.opened))


def show(results: Results, mark: Mark, points: Chart | None) -> None:
    """Show the figure with its caption and its points; `points` are those of a sweep, to be filtered."""
    st.header("Figure for a paper", anchor="figure")
    opened = results.opened
    assert opened is not None
    with told_here():
        drawn = _drawn(opened, mark, _chosen(opened, points))
        for sentence in drawn.missing:
            st.warning(plain(sentence))
        left, right = st.columns(2, gap="medium")
        with left:
            picture(
                drawn.png, svg=drawn.svg, shows=drawn.title, key="figure", name=drawn.stem, width_px=_WIDTH_PX
            )
        with right:
            st.caption(plain(" ".join(drawn.told).replace("`", "")))
            st.caption("The command leaves the figure as PNG and SVG, with this caption:")
            st.code(drawn.command, language="bash", wrap_lines=True)
        with st.expander("Points behind this figure"):
            st.dataframe(drawn.points, hide_index=True, key="figure points", alt=drawn.title)
            st.download_button(
                "Download as CSV",
                drawn.points.to_csv(index=False),
                f"{drawn.stem}.csv",
                "text/csv",
                key="figure csv",
                on_click="ignore",
            )


def _chosen(opened: Opened, points: Chart | None) -> Wanted:
    """What the reader wants drawn, at first what ``plot`` draws."""
    above = st.container()  # only some kinds can be filtered
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kinds = kinds_of(opened)
        kind = _asked("Kind", kinds, kinds[0], "figure", _KINDS)
        if kind not in ("lines", "heat_map"):
            metrics = {each.name: each.axis for each in drawn_of(opened, kind)}
            first = completed(opened, Wanted(kind)).y
            assert first is not None
            return Wanted(kind, y=_asked("Of", tuple(metrics), first, "y", metrics))
        with above:
            where = {} if points is None else where_of(points, filters(points, ranges=False))
        return _with_axes(opened, kind, where)


def _with_axes(opened: Opened, kind: FigureKind, where: Mapping[str, Sequence[str]]) -> Wanted:
    """Of a figure along a factor: which, a line for each of which, and where the others are held."""
    metrics = {each.name: each.axis for each in drawn_of(opened, kind)}
    first = completed(opened, Wanted("lines", where=where))
    assert first.y is not None
    assert first.x is not None
    assert opened.runs is not None
    y = _asked("Of", tuple(metrics), first.y, "y", metrics)
    labels = {name: label_of(name) for name in opened.factors}
    x = _asked("Along", opened.factors, first.x, "x", labels)
    runs = select(opened.runs, where, factors_of(opened.runs))
    varying = [name for name in opened.factors if runs[name].nunique() > 1]
    others = [name for name in varying if name != x]
    by = None
    if others:
        start = next(iter(_open(runs, [x], others)), _NONE if kind == "lines" else others[0])
        choices = (*others, _NONE) if kind == "lines" else tuple(others)
        picked = _asked("A line for each", choices, start, "by", {**labels, _NONE: "nothing"})
        by = None if picked == _NONE else picked
    drawn = [x] if by is None else [x, by]
    held = _held(runs, _open(runs, drawn, [name for name in others if name != by]), labels)
    interval = _asked("Intervals", tuple(_INTERVALS), "t", "interval", _INTERVALS)
    return Wanted(kind, x, y, by, {**where, **held}, interval)


def _open(runs: pd.DataFrame, drawn: list[str], factors: Sequence[str]) -> list[str]:
    """The factors that differ between points that would be drawn at one place."""
    at = runs.groupby(drawn, observed=True)
    return [name for name in factors if at[name].nunique().max() > 1]


def _held(runs: pd.DataFrame, factors: Sequence[str], labels: Mapping[str, str]) -> dict[str, list[str]]:
    """The level at which each of the other factors is held; what moves with one that is held needs none."""
    where: dict[str, list[str]] = {}
    left = runs
    for name in factors:
        levels = tuple(dict.fromkeys(map(level_text, left[name].tolist())))
        if len(levels) > 1:
            level = _asked(f"At {labels[name]}", levels, levels[0], f"at.{name}", {})
            where[name] = [level]
            left = left[left[name].map(level_text) == level]
    return where


def _asked(
    label: str, choices: Sequence[Choice], first: Choice, key: str, called: Mapping[Choice, str]
) -> Choice:
    """What is chosen of a list; of one with a single entry, that."""
    if len(choices) == 1:
        return choices[0]
    chosen = st.selectbox(
        plain(label),
        list(choices),
        list(choices).index(first),
        format_func=lambda each: called.get(each, each),
        key=key,
        bind="query-params",
        width=250,
    )
    assert chosen is not None
    return chosen


def _told(wanted: Wanted) -> str:
    """What tells one figure from another."""
    where = {name: list(values) for name, values in wanted.where.items()}
    return repr((wanted.kind, wanted.x, wanted.y, wanted.by, where, wanted.interval))


@st.cache_data(
    max_entries=64,
    show_spinner="Drawing",
    hash_funcs={Opened: lambda opened: str(opened.folder), Wanted: _told},
)
def _drawn(opened: Opened, mark: Mark, wanted: Wanted) -> Picture:  # noqa: ARG001 - what was in the folder
    with _drawing:
        return drawn_picture(opened, wanted)
