"""A folder of a comparison, opened: its differences, and the parts of its report that the page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from coalesce_sim.lab.pages.compare.contest import Contest
from coalesce_sim.numbers import plural
from coalesce_sim.report.html.comparison import comparison_page
from coalesce_sim.report.html.page import Block, Drawing, Facts, Page, Table
from coalesce_sim.report.html.sweep import sweep_page
from coalesce_sim.report.opening import Opened, open_folder


@dataclass(frozen=True, slots=True)
class Told:
    """What a folder tells. `contest` is None where no run ended well; `failed` says which did not."""

    contest: Contest | None
    course: Sequence[Block]
    work: Sequence[Block]
    levels: Sequence[Block]
    checks: Sequence[Block]
    provenance: Mapping[str, str]
    failed: str


@st.cache_resource(max_entries=24, show_spinner=False)
def told_of(folder: Path) -> Told:
    """That of a folder, which never changes: its name holds all that it depends on."""
    opened = open_folder(folder)
    page = _page(opened)
    (facts,) = [each for each in _blocks(page, "provenance") if isinstance(each, Facts)]
    curves = [each for each in _blocks(page, "curves") if isinstance(each, Drawing)]
    results = [each for each in _blocks(page, "results") if isinstance(each, Table)]
    return Told(
        Contest.of(opened) if opened.runs is not None and len(opened.runs) else None,
        [each for each in curves if each.chart.name == "learning"],
        _blocks(page, "routing"),
        [*(each for each in curves if each.chart.name != "learning"), *results[:1]],
        _blocks(page, "diagnostics"),
        facts.entries,
        _failed(opened),
    )


def _page(opened: Opened) -> Page:
    if opened.sweep is not None:
        return sweep_page(opened.sweep, (), None, None)
    return comparison_page(opened, (), None)


def _blocks(page: Page, anchor: str) -> Sequence[Block]:
    return next((section.blocks for section in page.sections if section.anchor == anchor), ())


def _failed(opened: Opened) -> str:
    """Which runs failed, and why the first of them did; empty where none."""
    if opened.sweep is None or not len(opened.sweep.failed_rows):
        return ""
    rows = opened.sweep.failed_rows
    first = rows["error"][0].as_py()
    return f"{plural(len(rows), 'run')} failed and are left out of what follows. The first: {first}"
