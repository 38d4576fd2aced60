"""Which market is shown, and the panel in which another one is asked for."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab import laboratory
from coalesce_sim.lab.controls.panel import Draft, controls
from coalesce_sim.lab.parts.problems import tell, tell_unknown
from coalesce_sim.lab.scenarios import bundled_names, files_below
from coalesce_sim.lab.setting import FIRST, Setting, first
from coalesce_sim.scenario.problems import ScenarioError

_SHOWN = "play shown"
_UNKNOWN = "play unknown"
_KNOWN = frozenset({"scenario", "set", "seed", "replications", "replication", "task", "token"})
"""What an address of this page may say."""

CHANGED = "play changed"
"""Where it stands whether the panel asks for something else than is shown."""


def chosen() -> Setting:
    """The market to show: what the address asks for, and from then on what was played last."""
    if _SHOWN not in st.session_state:
        st.session_state[_UNKNOWN] = set(st.query_params) - _KNOWN
        st.session_state[_SHOWN] = _at_first()
    tell_unknown(st.session_state[_UNKNOWN])
    with st.sidebar:
        _panel()
    shown: Setting = st.session_state[_SHOWN]
    return shown


def _at_first() -> Setting:
    source = laboratory.current().source
    try:
        asked = Setting.of_query({name: st.query_params.get_all(name) for name in st.query_params})
        return asked or first(source)
    except ScenarioError as error:
        tell(error)
        return Setting(source or FIRST)


def _panel() -> None:
    shown: Setting = st.session_state[_SHOWN]
    names = _offered(shown.source)
    source = st.selectbox("Scenario", names, index=names.index(shown.source), key="play scenario")
    button = st.container()
    try:
        draft = controls(shown if source == shown.source else Setting(source), key="play")
    except ScenarioError as error:
        if source != shown.source:  # of what is shown, the page itself tells it
            tell(error)
        draft = Draft(Setting(source), playable=False)
    with button:
        _play(draft)


def _play(draft: Draft) -> None:
    """The button, and whether what is shown is what the panel says."""
    pressed = st.button("Play", type="primary", width="stretch", disabled=not draft.playable, key="play go")
    at_once = st.toggle("Play whenever something changes", key="play at once")
    if draft.playable and (pressed or at_once):
        st.session_state[_SHOWN], st.session_state[_UNKNOWN] = draft.setting, set()
    st.session_state[CHANGED] = draft.setting != st.session_state[_SHOWN]
    if st.session_state[CHANGED]:
        st.caption("Changed since it was played: press Play to see it.")


def _offered(source: str) -> list[str]:
    lab = laboratory.current()
    first = [each for each in (source, lab.source) if each is not None]
    return list(dict.fromkeys([*first, *bundled_names(), *files_below(lab.start)]))
