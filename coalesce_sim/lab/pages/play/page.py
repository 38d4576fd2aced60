"""The page from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urljoin

import streamlit as st

from coalesce_sim.lab import laboratory
from coalesce_sim.lab.pages.play import decisions, market, outcome, place, replayed
from coalesce_sim.lab.parts.problems import told_here
from coalesce_sim.lab.parts.repeat import repeat
from coalesce_sim.lab.parts.running import page_id, played
from coalesce_sim.lab.repeating import address, yaml_of
from coalesce_sim.lab.setting import Setting
from coalesce_sim.lab.variants import value_of
from coalesce_sim.lab.workshop.prepared import Prepared
from coalesce_sim.lab.workshop.run import Run
from coalesce_sim.numbers import plural


def show() -> None:
    """Show the market that the address names, or that was played last, and let the reader change it."""
    setting = market.chosen()
    with told_here():
        origin, digest = setting.origin, setting.key
        query = {**setting.query, **place.query()}
        st.query_params.from_dict(query)  # before it is played: a page that is loaded again goes on with it
        what = f"Playing {plural(origin.replications, 'replication')} of {origin.scenario.name}"
        folder = played(Run(origin, digest), what, key="run")
        if folder is not None:
            _tell(setting, query, folder)


def _lead_on(setting: Setting) -> None:
    """The ways from this market to others that are held against it."""
    with st.container(horizontal=True):
        for label, query in (
            ("Compare it with other settings", {"setting": value_of(setting)}),
            ("Compare policies in it", setting.query),
        ):
            where = address(urljoin(st.context.url or "", "compare"), query)
            st.link_button(label, where, help="Opens a page of its own.")


_SLOW_S = 5.0
"""A run that SimPy has played for longer is worth having the compiled core for."""


def _prepare(setting: Setting, told: outcome.Told) -> None:
    """Have the compiled core made ready in the background where it would have played this."""
    facts = told.opened.facts
    if facts["core"] != {"played": "simpy"} or facts["provenance"]["wall_s"] < _SLOW_S:
        return
    task = laboratory.current().workshop.ask(Prepared(setting.origin, setting.key), page_id())
    if not task.over:
        st.caption("The compiled core is being made ready for this market: the next run will be faster.")


def _tell(setting: Setting, query: Mapping[str, str | Sequence[str]], folder: Path) -> None:
    origin, digest = setting.origin, setting.key
    told = outcome.opened(folder)
    if st.session_state.get(market.CHANGED):
        st.info("The panel asks for something else than is shown here: press Play to see it.")
    outcome.headline(told)
    _lead_on(setting)
    _prepare(setting, told)
    with told_here():
        replayed.section(origin, digest)
    outcome.work(told)
    with told_here():
        decisions.section(origin, digest, folder)
    outcome.rest(told)
    repeat(
        command=origin.command,
        query=query,
        files={f"{origin.scenario.name}.yaml": yaml_of(origin)},
        provenance=outcome.provenance(told),
        key="play",
    )
