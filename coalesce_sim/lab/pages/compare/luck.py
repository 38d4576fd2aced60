"""Seed and replications, which are the same for all that is compared."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab.pages.compare.draft import MOST_SEED, Draft, seeded
from coalesce_sim.scenario.schema import Scenario


def luck(draft: Draft, scenario: Scenario | None) -> None:
    """Show them and take up what is typed; left empty, they are those of the scenario."""
    with st.container(horizontal=True):
        draft.replications = st.number_input(
            "Replications",
            min_value=1,
            max_value=1_000_000,
            step=1,
            key=seeded("compare replications", draft.replications),
            placeholder=_own(None if scenario is None else scenario.replications),
            help="How often each is played, on the same random numbers. Left empty: as the scenario says.",
            width=200,
        )
        draft.seed = st.number_input(
            "Seed",
            min_value=0,
            max_value=MOST_SEED,
            step=1,
            key=seeded("compare seed", draft.seed),
            placeholder=_own(None if scenario is None else scenario.seed),
            help="What all random numbers follow from. Left empty: the scenario's.",
            width=200,
        )
    if (draft.replications or (scenario.replications if scenario else 2)) == 1:
        st.caption("One replication gives no interval: nothing can be shown to differ.")


def _own(value: int | None) -> str:
    return "scenario's" if value is None else f"scenario: {value}"
