"""Where a reader is within a market: which replication, and which task."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from coalesce_sim.provenance import Origin

PLACE = "play place"


@dataclass(frozen=True, slots=True)
class Place:
    """A replication, from 0, and a task of it whose decision is told, if any is."""

    replication: int
    task: int | None


def place(origin: Origin) -> Place:
    """Where the reader is: what was last gone to, at first what the address says."""
    told = _told()
    replication = told["replication"] or 0
    return Place(min(replication, origin.replications - 1), told["task"])


def go_to(**to: int | None) -> None:
    """Go there, and show the page anew; another replication has other tasks."""
    now: dict[str, int | None] = st.session_state[PLACE]
    forgotten = {"task": None} if "replication" in to else {}
    st.session_state[PLACE] = {**now, **forgotten, **to}
    st.rerun()


def query() -> dict[str, str]:
    """As it stands in the address."""
    return {name: str(value) for name, value in _told().items() if value is not None}


def _told() -> dict[str, int | None]:
    first = {name: _whole(name) for name in ("replication", "task")}
    told: dict[str, int | None] = st.session_state.setdefault(PLACE, first)
    return told


def _whole(name: str) -> int | None:
    """The number in the address; None where there is none, or something else."""
    text = st.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
