"""Which column of a log holds what: asked of a table of one's own, offered for other logs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from coalesce_sim.logs.sources import FIELDS, NEEDED

_ASKED = (
    "start",
    "end",
    "duration_s",
    "prompt_tokens",
    "output_tokens",
    "model",
    "usd",
    "provider",
    "status",
)
_STAR = " \\*"
_NOT_THERE = "Not in this log"


def lacking(kind: str, columns: Sequence[str], chosen: Sequence[tuple[str, str]]) -> list[str]:
    """Fields that a table of one's own must have and that no column is chosen for; of some one of several."""
    if kind != "csv":
        return []
    there = {*columns, *(name for name, _ in chosen)}
    return [" or ".join(group) for group in NEEDED if there.isdisjoint(group)]


def chosen_columns(
    kind: str, columns: Sequence[str], now: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """The widgets; pairs of a field and the column that holds it, of those that are called otherwise."""
    stated = dict(now)
    asked = [each for each in _ASKED if each not in columns or each in stated] if kind == "csv" else []
    found: dict[str, str] = {}
    if asked:
        st.caption(
            "Which column holds what. Those with a star must be there, and an end or a duration; a column "
            "that has the name of a field is taken for it."
        )
        rows = [st.columns(3) for _ in asked[::3]]
        for place, each in enumerate(asked):
            options = [_NOT_THERE, *columns]
            chosen = rows[place // 3][place % 3].selectbox(
                f"{each}: {FIELDS[each]}{_STAR if (each,) in NEEDED else ''}",
                options,
                index=options.index(stated[each]) if stated.get(each) in options else 0,
                key=f"own column {each}",
            )
            if chosen != _NOT_THERE:
                found[each] = chosen
    with st.popover("Columns of other fields"):
        others = st.multiselect(
            "Fields that have another column than this kind of log has",
            [each for each in FIELDS if each not in asked and each not in ("beside_tokens", "total_tokens")],
            [each for each in stated if each not in asked],
            key="own other fields",
        )
        for each in others:
            found[each] = st.selectbox(
                f"Column of {each}",
                list(columns),
                index=list(columns).index(stated[each]) if stated.get(each) in columns else 0,
                key=f"own column {each}",
            )
    return tuple(found.items())
