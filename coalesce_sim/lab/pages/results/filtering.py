"""Filters of the curves of a sweep, and what they leave."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.results.filters import kept
from coalesce_sim.report.html.charts import Axis, Chart

_MOST_LEVELS = 40
"""Factors with more are filtered by a range."""


def filtered(chart: Chart) -> Chart:
    """The chart of what the reader leaves of its levels."""
    axes = [place for place, axis in enumerate(chart.axes) if len(axis.levels) > 1]
    if not axes:
        return chart
    with st.expander("Filter", icon=":material/filter_alt:"):
        columns = st.container(horizontal=True)
        with columns:
            levels = {place: _levels(chart.axes[place], place) for place in axes}
    found = kept(chart, levels)
    left = len(chart.codes[0]) - len(found.codes[0])
    if left:
        st.caption(f"{left:,} of {len(chart.codes[0]):,} points are filtered out of the curves.")
    return found


def chosen_levels(axis: Axis) -> list[str]:
    """The levels of a factor that the reader keeps; none where all are."""
    return list(st.session_state.get(_key(axis), ()))


def _key(axis: Axis) -> str:
    return f"only.{axis.columns[0] if axis.columns else axis.label}"


def _levels(axis: Axis, place: int) -> list[int]:
    """The levels kept, by number; none where all are."""
    label = f"Only {plain(axis.label)}"
    if axis.values is None or len(axis.levels) <= _MOST_LEVELS:
        chosen = st.multiselect(
            label,
            list(axis.levels),
            key=_key(axis),
            bind="query-params",
            placeholder="all",
            width=280,
        )
        return [axis.levels.index(each) for each in chosen]
    low, high = min(axis.values), max(axis.values)
    from_, to = st.slider(label, low, high, (low, high), key=f"range {place}", width=280)
    return [number for number, value in enumerate(axis.values) if from_ <= value <= to]
