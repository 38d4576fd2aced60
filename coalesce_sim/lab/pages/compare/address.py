"""The address of the page carries its state: what is compared, which metric is shown, against what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from coalesce_sim.lab.pages.compare.asked import Asked, asked_of
from coalesce_sim.lab.pages.compare.draft import Draft

_ASKS = ("scenario", "set", "seed", "replications", "policy", "setting")
_SHOWS = ("metric", "against")
_SEEN = "compare address"
_KNOWN = frozenset({*_ASKS, *_SHOWS, "token"})


def arrived(draft: Draft, last: Asked | None) -> Asked | None:
    """What is to be played since the address asks for it, None where it says nothing new.

    The draft becomes what the address says; an address without a state gets that of what was compared
    `last`. Raises `ScenarioError` for an address that asks for what is none.
    """
    query = {name: st.query_params.get_all(name) for name in _ASKS if name in st.query_params}
    if query == st.session_state.get(_SEEN):
        return None
    if not query:
        if last is not None:
            leave_in_address(last)
        return None
    st.session_state[_SEEN] = query
    asked = asked_of(query)
    if asked is None:
        return None
    draft.take(asked)
    for key in [key for key in st.session_state if str(key).startswith("compare ") and _is_field(str(key))]:
        del st.session_state[key]
    return draft.asked if asked.complete and draft.asked.playable else None


def unknown() -> set[str]:
    """What the address says that this page does not know."""
    return set(st.query_params) - _KNOWN


def _is_field(key: str) -> bool:
    """Whether it is the key of a field of the bench."""
    names = ("mode", "scenario", "changes", "policies", "seed", "replications")
    return key.removeprefix("compare ").split(" ")[0] in names


def leave_in_address(asked: Asked) -> None:
    """Have the address ask for this."""
    query = asked.query
    st.session_state[_SEEN] = {name: list(_each(values)) for name, values in query.items()}
    st.query_params.from_dict({**query, **shown()})


def shown() -> dict[str, str]:
    """What of the address says how results are shown."""
    return {name: st.query_params[name] for name in _SHOWS if name in st.query_params}


def show_as(**named: str) -> None:
    """Have the address say how results are shown."""
    for name, value in named.items():
        if st.query_params.get(name) != value:
            st.query_params[name] = value


def whole(asked: Asked) -> Mapping[str, str | Sequence[str]]:
    """The state of the page."""
    return {**asked.query, **shown()}


def _each(values: str | Sequence[str]) -> Sequence[str]:
    return (values,) if isinstance(values, str) else values
