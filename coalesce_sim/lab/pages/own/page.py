"""The page: its steps one below the other, each once the one before is done."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from coalesce_sim.lab import laboratory
from coalesce_sim.lab.own.choices import Way
from coalesce_sim.lab.pages.own import advising, calibrating, importing, log
from coalesce_sim.lab.pages.own.steps import stepper
from coalesce_sim.lab.parts.problems import tell
from coalesce_sim.scenario.problems import ScenarioError

_STYLE = Path(__file__).parents[2] / "look" / "own.css"


def show() -> None:
    """Show how far somebody is with their log, and what they can do next."""
    st.html(_STYLE)
    st.title("Your own log")
    st.caption("Bring a gateway's log: see what to outsource, to whom, what it saves, and how sure that is.")
    place = st.empty()
    done = _steps(_asked())
    with place:
        stepper(done)


def _asked() -> Way:
    """How far the address says that somebody is."""
    try:
        return Way.of_query({name: st.query_params.get_all(name) for name in st.query_params})
    except ScenarioError as error:
        tell(error)
        return Way()


def _steps(way: Way) -> int:
    """Show all steps up to the first that is not done; how many are."""
    uploaded = log.step(way)
    if uploaded is None:
        return 0
    imported = importing.step(way, uploaded, log.prices_of(way))
    if imported is None:
        return 1
    calibrated = calibrating.step(way, imported)
    if calibrated is None:
        return 2
    market = calibrated.scenario(laboratory.current().keep)
    return 4 if advising.step(way, market, calibrated.digest, name=uploaded.files[0].stem) else 3
