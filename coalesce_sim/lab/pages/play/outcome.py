"""What a market came to: the answer, what is saved, the curves, who got the work, and the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from coalesce_sim.lab.parts.answer import answer_of
from coalesce_sim.lab.parts.blocks import show_blocks, show_warnings
from coalesce_sim.lab.parts.charts import chart
from coalesce_sim.lab.parts.folding import folded
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.metrics import COST_REDUCTION, METRICS, SAVINGS
from coalesce_sim.numbers import percent
from coalesce_sim.report.html.charts import Axis, Chart, Quantity, columns_of
from coalesce_sim.report.html.page import Drawing, Facts, Page, Section
from coalesce_sim.report.html.run import run_page
from coalesce_sim.report.opening import Opened, open_folder
from coalesce_sim.statistics.intervals import Estimate

_APART = ("asked", "routing", "curves", "provenance")
"""Sections of the report that have their own place on the page."""


@dataclass(frozen=True, slots=True)
class Told:
    """A run, opened, and its report."""

    opened: Opened
    page: Page
    estimates: Mapping[str, Estimate]

    def section(self, anchor: str) -> Section | None:
        """The section of the report that has this anchor, if it has."""
        return next((each for each in self.page.sections if each.anchor == anchor), None)


@st.cache_resource(max_entries=24, show_spinner=False)
def opened(folder: Path) -> Told:
    """The run of a folder, which never changes: its name holds all that it depends on."""
    found = open_folder(folder)
    estimates = {name: Estimate.of_dict(each) for name, each in found.facts["metrics"].items()}
    return Told(found, run_page(found, (), None), estimates)


def headline(told: Told) -> None:
    """The answer in a sentence, what is saved in cash, delay and losses, and how that came about."""
    st.title(plain(told.page.title), anchor=False)
    answer_of(told.page)
    checks = told.section("diagnostics")
    if checks is not None:
        show_warnings(checks.blocks, key="warned")
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.header("What is saved", anchor="saved")
        saved = _savings_chart(told.estimates)
        if saved is not None:
            chart(saved, key="saved", height_px=260)
    curves = told.section("curves")
    if curves is not None:
        with right:
            st.header("How it came about", anchor="curves")
            show_blocks(curves.blocks, key="curves")


def work(told: Told) -> None:
    """Who got the work."""
    section = told.section("routing")
    if section is not None:
        st.header(section.heading, anchor="work")
        drawings = [each for each in section.blocks if isinstance(each, Drawing)]
        others = [each for each in section.blocks if not isinstance(each, Drawing)]
        show_blocks(drawings, key="work")
        with folded("The figures", "work folded") as unfolded:
            if unfolded:
                show_blocks(others, key="work figures")


def rest(told: Told) -> None:
    """All else that the report of a run tells, folded."""
    st.header("More of it", anchor="more")
    for section in told.page.sections:
        if section.anchor not in _APART:
            with folded(section.heading, f"more {section.anchor} folded") as unfolded:
                if unfolded:
                    show_blocks(section.blocks, key=f"more {section.anchor}")


def provenance(told: Told) -> Mapping[str, str]:
    """Where the run came from."""
    section = told.section("provenance")
    assert section is not None
    (facts,) = [each for each in section.blocks if isinstance(each, Facts)]
    return facts.entries


def _savings_chart(estimates: Mapping[str, Estimate]) -> Chart | None:
    """What is saved of cash, delay and losses, and in all; parts that come to nothing are left out."""
    names = [name for name in SAVINGS if (each := estimates.get(name)) is not None and each.mean]
    names.append(COST_REDUCTION)
    shown = [estimates[name] for name in names]
    if all(each.mean is None for each in shown):
        return None
    labels = tuple("In all" if name == COST_REDUCTION else METRICS[name].label for name in names)
    return Chart(
        name="saved",
        quantities=[Quantity("saved", "Saved of all-local", "%")],
        axes=[Axis("Part", labels, None)],
        codes=[list(range(len(names)))],
        figures=[columns_of(shown)],
        x=0,
        by=None,
        start=[0],
        describes=_in_words(labels, shown),
        grid=False,
    )


def _in_words(labels: Sequence[str], shown: Sequence[Estimate]) -> str:
    parts = [f"{label} {percent(each)}" for label, each in zip(labels, shown, strict=True)]
    return f"{', '.join(parts)}. The parts add up to the whole; bars are 95 % intervals."
