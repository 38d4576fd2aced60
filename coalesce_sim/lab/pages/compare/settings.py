"""The bench of settings: a card for each, with its scenario, its changes and what is wrong with it."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab.pages.compare.draft import Draft, VariantDraft, offered, seeded
from coalesce_sim.lab.pages.compare.luck import luck
from coalesce_sim.lab.pages.compare.varying import vary
from coalesce_sim.lab.parts.problems import tell
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.setting import Setting
from coalesce_sim.lab.variants import MOST, usual_labels
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.scenario.schema import Scenario

_IN_A_ROW = 3


def bench(draft: Draft) -> bool:
    """Show it and take up what is typed; says whether it can be played."""
    if not draft.variants:
        draft.variants = [VariantDraft(draft.source, draft.changes)]
    cards = []
    usual = usual_labels([each.setting for each in draft.variants])
    for start in range(0, len(draft.variants), _IN_A_ROW):
        row = draft.variants[start : start + _IN_A_ROW]
        columns = st.columns(max(2, min(len(draft.variants), _IN_A_ROW)))
        for place, (column, each) in enumerate(zip(columns, row, strict=False), start=start):
            with column:
                card = st.container(border=True)
            with card:
                _card(draft, each, place + 1, usual[place])
            cards.append(card)
    scenario = _first_scenario(draft)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Add a setting",
            key="compare add",
            on_click=_add,
            args=(draft,),
            disabled=len(draft.variants) >= MOST,
            help="A copy of the last one, to be changed.",
        )
        vary(draft, scenario)
        luck(draft, scenario)
    asked = draft.asked_settings
    for place, error in asked.faults.single.items():
        with cards[place]:
            tell(error)
    for sentence in asked.faults.together:
        st.info(plain(sentence))
    if asked.faults.single:
        places = ", ".join(f"setting {place + 1}" for place in asked.faults.single)
        st.info(f"Nothing is played while one of them cannot be: mend or remove {places}.")
    return not asked.faults


def _card(draft: Draft, each: VariantDraft, number: int, usual: str) -> None:
    each.label = (
        st.text_input(
            f"Name of setting {number}",
            key=seeded(f"compare label {each.number}", each.label),
            placeholder=usual,
            help="What it is called in figures and tables. Left empty: what makes it differ.",
            max_chars=60,
        )
        or ""
    )
    each.source = st.selectbox(
        f"Scenario of setting {number}",
        offered(each.source),
        key=seeded(f"compare source {each.number}", each.source),
    )
    each.changes = (
        st.text_area(
            f"Changes in setting {number}, one a line",
            key=seeded(f"compare changes {each.number}", each.changes),
            height=96,
            placeholder="policy.epsilon=0.3",
            help="Fields of the scenario by their path, as --set takes them.",
        )
        or ""
    )
    if len(draft.variants) > 1:
        st.button(
            f"Remove setting {number}",
            key=f"compare remove {each.number}",
            on_click=draft.variants.remove,
            args=(each,),
            type="tertiary",
        )


def _add(draft: Draft) -> None:
    last = draft.variants[-1]
    draft.variants.append(VariantDraft(last.source, last.changes))


def _first_scenario(draft: Draft) -> Scenario | None:
    """That of the first setting or, where a change of it cannot be (which is told at its card), without."""
    first = draft.variants[0].setting
    for each in (first, Setting(first.source)):
        try:
            return each.scenario
        except ScenarioError:
            continue
    return None
