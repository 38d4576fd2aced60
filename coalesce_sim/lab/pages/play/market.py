"""Which market is shown, and the panel in which it is changed."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab import laboratory
from coalesce_sim.lab.parts.problems import tell
from coalesce_sim.lab.scenarios import bundled_names, files_below
from coalesce_sim.lab.setting import Setting
from coalesce_sim.scenario.problems import ScenarioError

_FIRST = "dur_03"
_SHOWN = "play shown"


def chosen() -> Setting | None:
    """The market to show: the one that was asked for last. None where there is none that can be played,
    which is told."""
    if _SHOWN not in st.session_state:
        try:
            st.session_state[_SHOWN] = _of_address() or Setting(laboratory.current().source or _FIRST)
        except ScenarioError as error:
            tell(error)
            st.session_state[_SHOWN] = Setting(_FIRST)
    shown: Setting = st.session_state[_SHOWN]
    with st.sidebar:
        return _panel(shown)


def _of_address() -> Setting | None:
    return Setting.of_query({name: st.query_params.get_all(name) for name in st.query_params})


def _panel(shown: Setting) -> Setting:
    names = _offered(shown.source)
    source = st.selectbox("Scenario", names, index=names.index(shown.source), key="play scenario")
    draft = Setting(source) if source != shown.source else shown
    if st.button("Play", type="primary", width="stretch", key="play go"):
        st.session_state[_SHOWN] = draft
    return st.session_state[_SHOWN]  # type: ignore[no-any-return]


def _offered(source: str) -> list[str]:
    lab = laboratory.current()
    first = [each for each in (source, lab.source) if each is not None]
    return list(dict.fromkeys([*first, *bundled_names(), *files_below(lab.start)]))
