"""For those without a log: the questions of `init` as tables to fill in."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from coalesce_sim.lab import laboratory
from coalesce_sim.lab.own.answering import (
    NAME,
    SELLER_FIELDS,
    TASK_FIELDS,
    AtHome,
    answers_of,
    example_sellers,
    example_tasks,
    names_in,
    success_to_fill,
    text_of,
)
from coalesce_sim.lab.own.choices import Way
from coalesce_sim.lab.own.uploads import kept
from coalesce_sim.lab.pages.own.steps import go
from coalesce_sim.lab.parts.problems import told_here
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.logs.answers import read_answers
from coalesce_sim.scenario.catalogue import catalogue
from coalesce_sim.scenario.routes import HOME

_NONE = "none"


def questions() -> None:
    """Show the tables, with something in them to begin with; a market is made of them when asked for."""
    st.write(
        "Say which tasks there are, what is at home, who sells, and how good each is. The tables have an "
        "example in them: change it. What is left empty is assumed, and told."
    )
    tasks = _table("Tasks", example_tasks(), TASK_FIELDS, "own tasks")
    home = _home()
    sellers = _table("Who sells", example_sellers(), SELLER_FIELDS, "own sellers")
    kinds = names_in(tasks, "type")
    workers = [*([HOME] if home is not None else []), *names_in(sellers, "name")]
    success = _success(kinds, workers)
    late = st.number_input(
        "A minute beyond the target is worth (USD)", 0.0, None, None, key="own late", placeholder="Nothing"
    )
    if st.button("Make this market", type="primary", key="own answered"):
        with told_here():
            answers = answers_of(tasks, home, sellers, success, late)
            read_answers(answers)
            upload = kept(laboratory.current().keep, {NAME: text_of(answers).encode()})
            go(Way(upload.digest))


def _table(caption: str, example: pd.DataFrame, fields: dict[str, str], key: str) -> pd.DataFrame:
    st.markdown(f"**{caption}**")
    columns = {
        name: st.column_config.TextColumn(label, required=True)
        if place == 0
        else st.column_config.NumberColumn(label, min_value=0.0)
        for place, (name, label) in enumerate(fields.items())
    }
    return st.data_editor(
        example,
        num_rows="dynamic",
        hide_index=True,
        column_config=columns,
        key=key,
        alt=f"{caption}: a table to fill in.",
    )


def _home() -> AtHome | None:
    st.markdown("**At home**")
    profiles = catalogue().profiles
    first, second, third = st.columns(3)
    hardware = first.selectbox(
        "Hardware at home",
        [_NONE, *profiles],
        index=1 + list(profiles).index("rtx_4090"),
        key="own home hardware",
        help="`coalesce-sim hardware` lists them.",
    )
    if hardware == _NONE:
        return None
    model = second.text_input("Model on it", "llama-3.1-8b", key="own home model")
    slots = third.number_input("Requests at once", 1, 100_000, 4, key="own home slots")
    speeds: list[float | None] = [None, None]
    if profiles[hardware].decode_tokens_per_s is None:
        st.caption(f"No speed of {plain(hardware)} is known: state your model's.")
        labels = ("Tokens of a prompt read a second", "Tokens of an answer written a second")
        speeds = [
            place.number_input(label, 0.001, None, None, key=f"own {label}")
            for place, label in zip(st.columns(2), labels, strict=True)
        ]
    return AtHome(model, hardware, int(slots), *speeds)


def _success(kinds: Sequence[str], workers: Sequence[str]) -> pd.DataFrame:
    st.markdown("**How good each is: which share of the answers is good (%)**")
    st.caption("Leave empty what is not known: nobody is given such work on a guess.")
    numbers = {kind: st.column_config.NumberColumn(kind, min_value=0.0, max_value=100.0) for kind in kinds}
    return st.data_editor(
        success_to_fill(kinds, workers),
        column_config=numbers,
        key=f"own success {kinds} {workers}",
        alt="The share of good answers by worker and type of task: a table to fill in.",
    )
