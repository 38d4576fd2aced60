"""The bench of policies: which of them play the tasks of which setting."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from coalesce_sim.experiments.contenders import OWN, playable
from coalesce_sim.experiments.words import split
from coalesce_sim.lab.controls.described import field_at
from coalesce_sim.lab.pages.compare.asked import told_changes
from coalesce_sim.lab.pages.compare.draft import Draft, offered, seeded
from coalesce_sim.lab.pages.compare.luck import luck
from coalesce_sim.lab.parts.problems import tell
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.setting import Setting
from coalesce_sim.own_code import nothing_imported
from coalesce_sim.scenario.policy import Custom
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.scenario.schema import Scenario

_BASICS = ("always_local", "cheapest")


def bench(draft: Draft) -> bool:
    """Show it and take up what is typed; says whether it can be played."""
    left, right = st.columns(2, gap="medium")
    with left:
        draft.source = st.selectbox(
            "Scenario", offered(draft.source), key=seeded("compare scenario", draft.source)
        )
        draft.changes = _changes(draft)
    setting = Setting(draft.source, told_changes(draft.changes))
    try:
        scenario = setting.scenario
    except ScenarioError as error:
        with left:
            tell(error)
        return False
    with right:
        _policies(draft, setting)
        luck(draft, scenario)
    if not draft.policies:
        st.info("No policy is chosen: choose two, to have them compared.")
        return False
    try:
        _ = draft.asked_policies.origin
    except ScenarioError as error:
        tell(error)
        return False
    if len(draft.policies) == 1:
        st.info(
            plain(
                f"One policy only: {draft.policies[0]} is held against the yardsticks; add another one to "
                "have the two compared."
            )
        )
    return True


def _policies(draft: Draft, setting: Setting) -> None:
    usual = _usual(setting)
    chosen = usual if draft.policies is None else draft.policies
    typed = st.multiselect(
        "Policies",
        list(dict.fromkeys([*chosen, *usual, *_kinds(setting)])),
        key=seeded("compare policies", chosen),
        accept_new_options=True,
        placeholder="Choose policies, or type one with parameters",
        format_func=lambda policy: f"{OWN} (its own policy)" if policy == OWN else policy,
        help="Those that this market can play. With parameters: type it as in topsis(epsilon=0) and press "
        "Enter.",
    )
    draft.policies = [part for each in typed for part in split(each)]
    told = _described(setting.scenario, draft.policies)
    if told:
        st.caption("  \n".join(f"**{plain(name)}**: {plain(what)}" for name, what in told.items()))


def _described(scenario: Scenario, policies: Sequence[str]) -> dict[str, str]:
    """What the kinds of these policies are, by kind."""
    field = field_at(scenario.resolved(), ("policy",))
    kinds = {} if field is None else field.kinds
    named = [_own(scenario) if each == OWN else each.partition("(")[0].strip() for each in policies]
    return {kind: kinds[kind].replace("`", "") for kind in named if kind in kinds}


def _changes(draft: Draft) -> str:
    return (
        st.text_area(
            "Changes, one a line",
            key=seeded("compare changes", draft.changes),
            height=96,
            placeholder="clock.days=1\nskills.threshold=0.5",
            help="Fields of the scenario by their path, as --set takes them.",
        )
        or ""
    )


def _kinds(setting: Setting) -> list[str]:
    """What this market can play; looked up once, since it takes a while."""
    known: dict[str, list[str]] = st.session_state.setdefault("compare kinds", {})
    if setting.key not in known:
        with nothing_imported():
            known[setting.key] = [OWN, *playable(setting.scenario)]
    return known[setting.key]


def _usual(setting: Setting) -> list[str]:
    """The policies that ``compare`` plays where none are listed."""
    return list(dict.fromkeys([_own(setting.scenario), *_BASICS]))


def _own(scenario: Scenario) -> str:
    """What the scenario's own policy is called."""
    own = scenario.policy
    return own.class_ if isinstance(own, Custom) else own.kind
