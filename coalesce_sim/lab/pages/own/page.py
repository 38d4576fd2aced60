"""The page: its steps one below the other, each once the one before is done."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab import laboratory
from coalesce_sim.lab.own.choices import Way
from coalesce_sim.lab.pages.own import advising, calibrating, importing, log, ready
from coalesce_sim.lab.pages.own.steps import Progress, stepper
from coalesce_sim.lab.parts.problems import tell
from coalesce_sim.scenario.problems import ScenarioError

_READY = (2, 3)
"""Steps that a market which is ready does not take."""


def show() -> None:
    """Show how far somebody is with their log, and what they can do next."""
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


def _steps(way: Way) -> Progress:
    """Show all steps up to the first that is not done."""
    uploaded = log.step(way)
    if uploaded is None:
        return Progress(0)
    if ready.is_ready(uploaded):
        market = ready.step(uploaded, log.prices_of(way))
        return Progress(1, _READY) if market is None else _advised(way, market, _READY)
    imported = importing.step(way, uploaded, log.prices_of(way))
    if imported is None:
        return Progress(1)
    calibrated = calibrating.step(way, imported)
    if calibrated is None:
        return Progress(2)
    file = calibrated.scenario(laboratory.current().keep)
    return _advised(way, ready.Market(file, calibrated.digest, uploaded.files[0].stem, uploaded=False), ())


def _advised(way: Way, market: ready.Market, skipped: tuple[int, ...]) -> Progress:
    """Show the last step."""
    return Progress(4 if advising.step(way, market) else 3, skipped)
