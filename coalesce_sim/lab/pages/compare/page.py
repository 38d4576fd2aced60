"""The page from top to bottom: what is put together, and what it came to."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab.pages.compare import policies, result, settings
from coalesce_sim.lab.pages.compare.address import arrived, leave_in_address, unknown
from coalesce_sim.lab.pages.compare.asked import Asked
from coalesce_sim.lab.pages.compare.draft import Draft, Mode, draft, seeded
from coalesce_sim.lab.parts.problems import tell_unknown, told_here

_ASKED = "compare asked"
_TOLD: dict[Mode, str] = {
    "Policies": "Who decides best on the tasks of one market?",
    "Settings": "What is a change worth? Up to six settings, all on the same random numbers.",
}


def show() -> None:
    """Show what the address names, or what was compared last, and let the reader change it."""
    st.title("Compare", anchor=False)
    current = draft()
    tell_unknown(unknown())
    with told_here():
        found = arrived(current, st.session_state.get(_ASKED))
        if found is not None:
            st.session_state[_ASKED] = found
    with st.expander("What is compared", expanded=_ASKED not in st.session_state):
        _bench(current)
    asked: Asked | None = st.session_state.get(_ASKED)
    if asked is None:
        return
    if asked != current.asked:
        st.info("What is shown was asked for before: press Compare to have what is put together above.")
    with told_here():
        result.show(asked)


def _bench(current: Draft) -> None:
    """What is put together, and the button that has it played."""
    with st.container(horizontal=True, vertical_alignment="center"):
        mode = st.segmented_control(
            "What to compare",
            list(_TOLD),
            required=True,
            key=seeded("compare mode", current.mode),
            label_visibility="collapsed",
        )
        current.mode = mode or current.mode
        st.caption(_TOLD[current.mode], width="content")
    ready = settings.bench(current) if current.mode == "Settings" else policies.bench(current)
    st.button("Compare", type="primary", disabled=not ready, key="compare go", on_click=_ask, args=(current,))


def _ask(current: Draft) -> None:
    st.session_state[_ASKED] = current.asked
    leave_in_address(current.asked)
