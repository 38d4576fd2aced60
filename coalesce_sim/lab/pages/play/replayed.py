"""One replication of the market as a picture in time."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.provenance import Origin


def section(origin: Origin, digest: str) -> None:
    """The market replayed: which replication, and its picture."""
    st.header("The market, replayed", anchor="replay")
    st.caption(f"{origin.scenario.name} {digest}")
