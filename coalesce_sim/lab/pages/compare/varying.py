"""Settings that are alike but for one field: the shortest way from a question to cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st

from coalesce_sim.experiments.words import split
from coalesce_sim.lab.pages.compare.asked import told_changes
from coalesce_sim.lab.pages.compare.draft import Draft, VariantDraft
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.variants import MOST
from coalesce_sim.numbers import level_text
from coalesce_sim.report.fields import label_of
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.sweeps.factors import NOT_PLAYED

_FIRST = (
    "policy.epsilon",
    "policy.kind",
    "contractors.count",
    "clients.count",
    "skills.threshold",
    "clock.days",
)
"""Fields that are asked about most."""

_VALUES = "compare varied values"


def vary(draft: Draft, scenario: Scenario | None) -> None:
    """Offer to make the settings from the first one and several values of one of its fields."""
    # Its key is another one once the settings are made, which closes it.
    key = f"compare vary from {draft.variants[0].number}"
    with st.popover("Vary one field", disabled=scenario is None, key=key):
        if scenario is None:
            return
        fields = dict(_fields(scenario.resolved()))
        paths = [
            *(path for path in _FIRST if path in fields),
            *(path for path in fields if path not in _FIRST),
        ]
        path = st.selectbox(
            "Field",
            paths,
            format_func=lambda path: f"{label_of(path)} ({path})",
            accept_new_options=True,
            key="compare varied field",
        )
        now = f"now {level_text(fields[path])}" if path in fields else "now not stated"
        values = st.text_input(
            "Values, separated by commas",
            key=_VALUES,
            placeholder="0, 0.1, 0.3",
            help=plain(now),
        )
        st.caption(plain(f"The first setting once for each of two to {MOST} values; {path} is {now}."))
        each = _listed(values)
        if len(each) == 1:
            st.info("One value only: give another one to compare it with.")
        if len(each) > MOST:
            st.info(f"At most {MOST} settings are compared at once (got {len(each)} values).")
        # Never disabled: what was typed arrives with the click beside it, which a disabled button would lose.
        st.button(
            "Make the settings",
            type="primary",
            key="compare vary",
            on_click=_make,
            args=(draft, path),
        )


def _listed(values: str | None) -> list[str]:
    return [value for value in split(values or "") if value]


def _make(draft: Draft, path: str) -> None:
    values = _listed(st.session_state[_VALUES])
    if not 2 <= len(values) <= MOST:
        return
    first = draft.variants[0]
    rest = [text for text in told_changes(first.changes) if text.partition("=")[0].strip() != path]
    draft.variants = [VariantDraft(first.source, "\n".join([*rest, f"{path}={value}"])) for value in values]


def _fields(content: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of a scenario that hold one value, by path; those in lists are left to be typed."""
    for name, value in content.items():
        path = f"{above}{name}"
        if not above and name in NOT_PLAYED:
            continue
        if isinstance(value, Mapping):
            yield from _fields(value, f"{path}.")
        elif isinstance(value, bool | int | float | str):
            yield path, value
