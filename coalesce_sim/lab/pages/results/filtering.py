"""Filters of the points of a sweep."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.report.html.charts import Axis, Chart

_MOST_LEVELS = 40
"""Factors with more are filtered by a range."""


def filters(chart: Chart, *, ranges: bool = True) -> dict[int, list[int]]:
    """The levels that the reader keeps, by axis; axes of which all are kept are left out.

    Without `ranges`, factors with many levels cannot be filtered.
    """
    axes = [
        place
        for place, axis in enumerate(chart.axes)
        if len(axis.levels) > 1 and (ranges or not _by_range(axis))
    ]
    if not axes:
        return {}
    with st.expander("Filter", icon=":material/filter_alt:"), st.container(horizontal=True):
        chosen = {place: _levels(chart.axes[place]) for place in axes}
    return {place: levels for place, levels in chosen.items() if levels}


def _by_range(axis: Axis) -> bool:
    return axis.values is not None and len(axis.levels) > _MOST_LEVELS


def _levels(axis: Axis) -> list[int]:
    """The levels kept, by number; none where all are."""
    label, key = f"Only {plain(axis.label)}", f"only.{axis.columns[0] if axis.columns else axis.label}"
    if axis.values is None or not _by_range(axis):
        chosen = st.multiselect(
            label, list(axis.levels), key=key, bind="query-params", placeholder="all", width=280
        )
        return [axis.levels.index(each) for each in chosen]
    low, high = min(axis.values), max(axis.values)
    least, most = st.slider(label, low, high, (low, high), key=key, bind="query-params", width=280)
    if (least, most) == (low, high):
        return []
    return [number for number, value in enumerate(axis.values) if least <= value <= most]
