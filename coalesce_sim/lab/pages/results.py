"""The page results."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab.parts.answer import answer_of
from coalesce_sim.lab.parts.blocks import show_sections
from coalesce_sim.lab.parts.problems import told_here


def show() -> None:
    """Show it."""
    from coalesce_sim.report.html.writing import page_of
    from coalesce_sim.report.opening import open_folder

    with told_here():
        page = page_of(open_folder(st.query_params.get("folder", "results/dur_03-sweep")))
        st.title(page.title)
        answer_of(page)
        show_sections(page.sections, key="report")
