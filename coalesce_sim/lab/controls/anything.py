"""Any field besides those that have a control: looked for by its path or in words, and set."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab.controls.described import MOST_ITEMS, Field
from coalesce_sim.lab.controls.desk import Desk
from coalesce_sim.lab.controls.memory import Memory
from coalesce_sim.lab.controls.search import search
from coalesce_sim.lab.controls.widgets import tell_problem, way_back
from coalesce_sim.lab.parts.folding import folded
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.numbers import plural
from coalesce_sim.scenario.problems import dotted
from coalesce_sim.scenario.wording import flow

_LONGEST = 400


def any_field(memory: Memory, shown: Desk) -> None:
    """The search, what was found, and where a value is put in."""
    with folded("Any other field", memory.name("any other field")) as unfolded:
        if not unfolded:
            return
        key = memory.name("looked for")
        asked = st.text_input(
            "Path or words",
            key=key,
            placeholder="slots edge, or clock.days=2",
            help="Looks through the paths and descriptions of all fields; `path=value` sets one at once.",
            on_change=_take_text,
            args=(memory, key),
        )
        if "=" in asked:
            _tell(shown.problem_with(asked))
        elif asked:
            _found(memory, shown, asked)


def changed_elsewhere(memory: Memory, shown: Desk) -> None:
    """What was changed besides, which no control shows, each with the way back."""
    for way in shown.elsewhere:
        st.markdown(f":primary[**{plain(dotted(way))}**] = {plain(flow(shown.changes[way]))}")
        _tell(shown.problems.get(way))
        way_back(memory, way, shown.written.said(shown.changes, way))


def _found(memory: Memory, shown: Desk, asked: str) -> None:
    fields = shown.fields
    found = search(fields, asked)
    if not found.fields:
        st.caption(f"None of {plural(len(fields), 'field')} has all of these words.")
        return
    by_path = {field.path: field for field in found.fields}
    more = f" of {found.of:,}" if found.of > len(by_path) else ""
    path = st.selectbox(f"Fields that fit ({len(by_path)}{more})", list(by_path), key=memory.name("found"))
    field = by_path[path]
    st.markdown(f"`{path}`: {field.description}")
    st.caption(f"May be {plain(field.type_in_words)}. Now: {plain(_now(field))}.")
    if isinstance(field.value, list) and len(field.value) > MOST_ITEMS:
        st.caption(f"Of its {len(field.value):,} items the first {MOST_ITEMS} are looked through.")
    key = memory.name("value of", path)
    value = st.text_input(
        "Value, as a scenario file has it",
        key=key,
        on_change=_take_value,
        args=(memory, path, key),
    )
    if value:
        _tell(shown.problem_with(f"{path}={value}"))


def _now(field: Field) -> str:
    if field.value is None:
        return "left out" if field.default is None else flow(field.default)
    now = flow(field.value)
    return now if len(now) <= _LONGEST else f"{now[:_LONGEST]} …"


def _tell(problem: str | None) -> None:
    if problem is not None:
        tell_problem(problem)


def _take_text(memory: Memory, key: str) -> None:
    text = st.session_state[key]
    if "=" in text and memory.desk.problem_with(text) is None:
        memory.ask(text)
        st.session_state[key] = ""


def _take_value(memory: Memory, path: str, key: str) -> None:
    value = st.session_state[key]
    if value and memory.desk.problem_with(f"{path}={value}") is None:
        memory.ask(f"{path}={value}")
        st.session_state[key] = ""
