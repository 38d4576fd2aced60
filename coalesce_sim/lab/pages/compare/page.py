"""The page from top to bottom: what is put together, and what it came to."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab.pages.compare import policies, result, settings
from coalesce_sim.lab.pages.compare.address import arrived, leave_in_address
from coalesce_sim.lab.pages.compare.asked import Asked
from coalesce_sim.lab.pages.compare.draft import Mode, draft, seeded
from coalesce_sim.lab.parts.problems import told_here

_ASKED = "compare asked"
_TOLD: dict[Mode, str] = {
    "Policies": "Who decides best? Policies on the tasks of one market.",
    "Settings": "What is a change worth? Up to six settings of markets, each with changes of its own.",
}


def show() -> None:
    """Show what the address names, or what was compared last, and let the reader change it."""
    st.title("Compare", anchor=False)
    current = draft()
    with told_here():
        found = arrived(current, st.session_state.get(_ASKED))
        if found is not None:
            st.session_state[_ASKED] = found
    mode = st.segmented_control(
        "What to compare",
        list(_TOLD),
        required=True,
        key=seeded("compare mode", current.mode),
        label_visibility="collapsed",
    )
    current.mode = mode or current.mode
    st.caption(f"{_TOLD[current.mode]} All meet the same random numbers.")
    ready = settings.bench(current) if current.mode == "Settings" else policies.bench(current)
    if st.button("Compare", type="primary", disabled=not ready, key="compare go"):
        st.session_state[_ASKED] = current.asked
        leave_in_address(current.asked)
    asked: Asked | None = st.session_state.get(_ASKED)
    if asked is None:
        return
    st.divider()
    if asked != current.asked:
        st.info("What is shown below was asked for before; press Compare to have what stands above.")
    with told_here():
        result.show(asked)
