"""The pages, and the way from each to the others."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab import laboratory


def show() -> None:
    """Show the page that the address names; Play, or the results that the lab was opened with, by default."""
    st.set_page_config(page_title="coalesce_sim lab", layout="wide", initial_sidebar_state=340)
    opens_results = laboratory.current().results is not None
    pages = [
        st.Page(_play, title="Play", url_path="play", default=not opens_results),
        st.Page(_compare, title="Compare", url_path="compare"),
        st.Page(_results, title="Results", url_path="results", default=opens_results),
        st.Page(_own, title="Your own", url_path="own"),
    ]
    st.navigation(pages, position="top").run()


# Each page is loaded when it is first opened: the first view need not wait for what the others rest on.


def _play() -> None:
    from coalesce_sim.lab.pages.play.page import show

    show()


def _compare() -> None:
    from coalesce_sim.lab.pages.compare.page import show

    show()


def _results() -> None:
    from coalesce_sim.lab.pages.results.page import show

    show()


def _own() -> None:
    from coalesce_sim.lab.pages.own.page import show

    show()
