"""The page from top to bottom."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from coalesce_sim.files import ResultsError
from coalesce_sim.lab import laboratory
from coalesce_sim.lab.pages.results import listing, opened
from coalesce_sim.lab.parts.problems import tell, told_here
from coalesce_sim.lab.results.places import folder_at


def show() -> None:
    """Show the folder that the address names, that which the lab was opened with, or a list of all."""
    lab = laboratory.current()
    asked = st.query_params.get("folder")
    if asked is None and lab.results is not None:
        asked = str(lab.results)
    if not asked:
        st.title("Results")
        listing.show(lab.start)
        return
    st.button("All results", key="back", icon=":material/arrow_back:", type="tertiary", on_click=_list)
    folder = _folder(asked, lab)
    if folder is not None:
        with told_here():
            opened.show(folder)


def _list() -> None:
    st.query_params["folder"] = ""


def _folder(asked: str, lab: laboratory.Lab) -> Path | None:
    """The folder asked for; None where it may not be looked at, which is told."""
    try:
        return folder_at(asked, lab.start, lab.results)
    except ResultsError as error:
        tell(error)
        return None
