"""A folder of results, opened: the answer, curves, figures, tables, and where all of it came from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from coalesce_sim.files import ResultsError
from coalesce_sim.lab.pages.results import figure
from coalesce_sim.lab.pages.results.filtering import filters
from coalesce_sim.lab.pages.results.listing import when
from coalesce_sim.lab.parts.answer import answer_of
from coalesce_sim.lab.parts.blocks import show_sections
from coalesce_sim.lab.parts.charts import chart
from coalesce_sim.lab.parts.pictures import picture
from coalesce_sim.lab.parts.repeat import repeat
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.results.filters import kept
from coalesce_sim.lab.results.opening import Mark, Results, fingerprint, open_results
from coalesce_sim.metrics import COST_REDUCTION
from coalesce_sim.report.html.charts import Chart
from coalesce_sim.report.html.page import Block, Drawing, Facts, Page, Section, Table

_CURVES, _FIGURE, _TABLES, _DETAILS = "Curves", "Figure", "Tables", "Details"
_MOST_OPEN = 8


def show(folder: Path) -> None:
    """Show a folder of results. Raises `ResultsError` for what cannot be shown of it."""
    mark = fingerprint(folder)
    if not mark:
        raise ResultsError(f"{folder}: there is no such folder of results any more")
    place = Path(os.path.relpath(folder))
    results = _opened(place, mark, None)
    st.title(plain(results.page.title))
    ranked_by = _ranked_by(results)
    if ranked_by is not None:
        results = _opened(place, mark, ranked_by)
    page = replace(results.page, overline=_overline(results))
    for note in results.notes:
        st.warning(plain(note))
    answer_of(page)
    views = [_CURVES, *([_FIGURE] if figure.can_be_drawn(results) else []), _TABLES, _DETAILS]
    view = st.segmented_control(
        "Shown", views, default=_CURVES, required=True, key="view", bind="query-params"
    )
    if view == _CURVES:
        _curves(results)
    elif view == _FIGURE:
        figure.show(results, mark, _swept(results))
    elif view == _TABLES:
        _tables(results.page)
    else:
        _details(results.page)
    _repeat(results)


@st.cache_resource(max_entries=_MOST_OPEN, show_spinner="Reading the results")
def _opened(folder: Path, mark: Mark, ranked_by: str | None) -> Results:  # noqa: ARG001 - what was in it
    return open_results(folder, ranked_by)


def _overline(results: Results) -> str:
    made = results.made
    told = [results.page.overline, str(results.folder), when(str(made.get("started_utc", "")))]
    return " · ".join([*filter(None, told), f"version {made['coalesce_sim']}"])


def _ranked_by(results: Results) -> str | None:
    """The metric that says which point of a sweep is best, where the reader may choose."""
    opened = results.opened
    if results.kind != "sweep" or opened is None or len(opened.metrics) < 2:
        return None
    metrics = [opened.metric(name) for name in opened.metrics]
    names = {each.name: each.axis for each in metrics}
    first = COST_REDUCTION if COST_REDUCTION in names else metrics[0].name
    chosen = st.selectbox(
        "The best point is the best by",
        list(names),
        list(names).index(first),
        format_func=names.__getitem__,
        key="best",
        bind="query-params",
        width=360,
    )
    return None if chosen in (None, first) else chosen


def _curves(results: Results) -> None:
    """Every chart of the report, and the figures that the folder itself holds."""
    sweep = _swept(results)
    sections = [
        (section, [block for block in section.blocks if isinstance(block, Drawing)])
        for section in sorted(results.page.sections, key=lambda each: each.anchor != "curves")
    ]
    for section, drawings in sections:
        if not drawings:
            continue
        st.header(plain(section.heading), anchor=section.anchor)
        for drawing in drawings:
            shown = drawing.chart
            if shown is sweep:
                shown = kept(sweep, filters(sweep))
                if len(shown.codes[0]) < len(sweep.codes[0]):
                    left = len(sweep.codes[0]) - len(shown.codes[0])
                    told = f"{left:,} of {len(sweep.codes[0]):,} points are filtered out"
                    st.caption(f"{told} of the curves; the answer above is of all points.")
            chart(shown, key=shown.name, bound=True)
    if results.pictures:
        st.header("Figures in the folder", anchor="figures")
        for each in results.pictures:
            picture(each.png, shows=each.shows, key=each.name, name=each.name, width_px=860, least_px=600)


def _swept(results: Results) -> Chart | None:
    """The chart of all points of a sweep."""
    if results.opened is None or results.opened.sweep is None:
        return None
    drawn = [
        block.chart
        for section in results.page.sections
        if section.anchor == "curves"
        for block in section.blocks
        if isinstance(block, Drawing)
    ]
    return drawn[0] if drawn else None


def _tables(page: Page) -> None:
    """Every section that has a table."""
    found = [
        replace(section, blocks=_without_drawings(section))
        for section in page.sections
        if any(isinstance(block, Table) for block in section.blocks)
    ]
    if not found:
        st.info("There are no tables of these results.")
    show_sections(found, key="tables")


def _without_drawings(section: Section) -> Sequence[Block]:
    return [block for block in section.blocks if not isinstance(block, Drawing)]


def _details(page: Page) -> None:
    """Sections without charts and tables: what was asked, what was checked, the scenario, the metrics."""
    show_sections(
        [
            section
            for section in page.sections
            if section.anchor != "provenance"
            and not any(isinstance(block, Drawing | Table) for block in section.blocks)
        ],
        key="details",
    )


def _repeat(results: Results) -> None:
    provenance: dict[str, str] = {}
    for section in results.page.sections:
        if section.anchor == "provenance":
            for block in section.blocks:
                provenance |= block.entries if isinstance(block, Facts) else {}
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    query["folder"] = [str(results.folder)]
    repeat(command=results.command, query=query, files={}, provenance=provenance, key="results")
