"""The panel in which a market is changed: policy, who is there, demand and time, rules, luck, any field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from coalesce_sim.lab.controls.anything import any_field, changed_elsewhere
from coalesce_sim.lab.controls.desk import Desk
from coalesce_sim.lab.controls.entries import LUCK, SECTIONS, Section
from coalesce_sim.lab.controls.folding import folded
from coalesce_sim.lab.controls.memory import Memory
from coalesce_sim.lab.controls.offered import Control
from coalesce_sim.lab.controls.widgets import show_control
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.setting import Setting, allowed
from coalesce_sim.numbers import plural

_LOOK = Path(__file__).with_name("panel.css")

_MANY = 8
"""More settings of several contractors than this are shown of one at a time."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A setting that is asked for, be it played or not, and whether it can be played at all."""

    setting: Setting
    playable: bool


def controls(setting: Setting, *, key: str) -> Draft:
    """Show the controls of a market, and give what is asked for now; nothing is played.

    `setting` is what to begin with: where it is neither that of the last time nor what was given then, it
    takes the place of all changes. `key` tells the panels of several pages apart.

    Raises `ScenarioError` where the scenario itself, as it is written, cannot be played or must not be read.
    """
    allowed(setting.source)
    memory = Memory.of(setting, key)
    shown = memory.desk
    st.html(_LOOK)
    with st.container(key=f"{key} lab-controls", gap="small"):
        _summary(memory, shown)
        for section in SECTIONS:
            found = [control for control in shown.controls if control.section is section]
            if section is LUCK:
                any_field(memory, shown)
            if found:
                _section(memory, shown, section, found)
    return Draft(memory.given(shown), shown.playable)


def _summary(memory: Memory, shown: Desk) -> None:
    """How much is changed, what was refused, and the way back from all of it."""
    for text, problem in shown.refused.items():
        st.markdown(f"{plain(text)}: :red[{plain(problem)}]")
        st.button(
            ":primary[Leave it out]",
            key=memory.name("leave out", text),
            on_click=memory.leave_out,
            args=(text,),
            type="tertiary",
        )
    if not shown.changes:
        return
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", wrap=False
    ):
        st.markdown(plural(len(shown.changes), "change"), width="content")
        st.button(
            ":primary[Put all back]",
            key=memory.name("put all back"),
            on_click=memory.put_all_back,
            type="tertiary",
        )
    changed_elsewhere(memory, shown)


def _section(memory: Memory, shown: Desk, section: Section, found: Sequence[Control]) -> None:
    at_once = [control for control in found if not control.further or _stands_out(shown, control)]
    further = [control for control in found if control not in at_once]
    if not section.open:
        with folded(section.title, memory.name("section", section.title)) as unfolded:
            if unfolded:
                st.caption(section.told)
                _controls(memory, shown, at_once)
        return
    st.markdown(f"##### {section.title}")
    _controls(memory, shown, at_once)
    if further:
        with folded(section.further, memory.name("further", section.title)) as unfolded:
            if unfolded:
                _of_several(memory, shown, section, further)


def _stands_out(shown: Desk, control: Control) -> bool:
    return control.steps in shown.changes


def _controls(memory: Memory, shown: Desk, found: Sequence[Control]) -> None:
    for control in found:
        show_control(memory, shown, control)


def _of_several(memory: Memory, shown: Desk, section: Section, found: Sequence[Control]) -> None:
    """The controls; where several contractors have the same ones, those of one of them at a time."""
    owners = list(dict.fromkeys(control.owner for control in found if control.owner))
    several = len(owners) > 1 and len(found) > _MANY
    _controls(memory, shown, [control for control in found if not (several and control.owner)])
    if several:
        owner = st.selectbox("Settings of", owners, key=memory.name("settings of", section.title))
        _controls(memory, shown, [control for control in found if control.owner == owner])
