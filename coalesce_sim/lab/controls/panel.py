"""The panel in which a market is changed: policy, who is there, demand and time, rules, luck, any field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from coalesce_sim.lab.controls.anything import any_field, changed_elsewhere
from coalesce_sim.lab.controls.desk import Desk
from coalesce_sim.lab.controls.entries import SECTIONS, Section
from coalesce_sim.lab.controls.memory import Memory
from coalesce_sim.lab.controls.offered import Control
from coalesce_sim.lab.controls.widgets import show_control
from coalesce_sim.lab.parts.folding import folded
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.setting import Setting, allowed
from coalesce_sim.numbers import plural

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
    with st.container(key=f"{key} lab-controls", gap="small"):
        _summary(memory, shown)
        for section in SECTIONS:
            found = [control for control in shown.controls if control.section is section]
            if found:
                _section(memory, shown, section, found)
        any_field(memory, shown)
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
    if not section.open:
        _folded(memory, shown, section.title, section.told, found)
        return
    st.markdown(f"##### {section.title}")
    _controls(memory, shown, [control for control in found if not control.further])
    if further := [control for control in found if control.further]:
        _folded(memory, shown, section.further, "", further)


def _folded(memory: Memory, shown: Desk, title: str, told: str, found: Sequence[Control]) -> None:
    """Controls that are made when they are unfolded; those that were moved stand below until then."""
    with folded(title, memory.name("folded", title)) as unfolded:
        if unfolded:
            if told:
                st.caption(told)
            _of_several(memory, shown, title, found)
    if not unfolded:
        _controls(memory, shown, [control for control in found if control.steps in shown.changes])


def _controls(memory: Memory, shown: Desk, found: Sequence[Control]) -> None:
    for control in found:
        show_control(memory, shown, control)


def _of_several(memory: Memory, shown: Desk, title: str, found: Sequence[Control]) -> None:
    """The controls; where several contractors have the same ones, those of one of them at a time, and those
    that were moved."""
    owners = list(dict.fromkeys(control.owner for control in found if control.owner))
    if len(owners) < 2 or len(found) <= _MANY:
        _controls(memory, shown, found)
        return
    _controls(memory, shown, [control for control in found if not control.owner])
    owner = st.selectbox("Settings of", owners, key=memory.name("settings of", title))
    of_others = [control for control in found if control.owner and control.owner != owner]
    _controls(memory, shown, [control for control in found if control.owner == owner])
    _controls(memory, shown, [control for control in of_others if control.steps in shown.changes])
