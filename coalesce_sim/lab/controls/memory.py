"""What a page remembers of what is asked of a scenario, from one touch to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from coalesce_sim.lab.controls.changes import KIND
from coalesce_sim.lab.controls.desk import REPLICATIONS, SEED, Desk, desk
from coalesce_sim.lab.controls.kinds import with_kind
from coalesce_sim.lab.controls.reading import written
from coalesce_sim.lab.setting import Setting
from coalesce_sim.scenario.problems import Steps


def worked_out(setting: Setting) -> Desk:
    """All that is shown of a setting, which is worked out once. Raises `ScenarioError` where its scenario
    cannot be played."""
    return desk(written(setting.source), _texts(setting))


@dataclass(frozen=True, slots=True)
class Memory:
    """What is asked of one scenario on one page, which `key` tells apart.

    What moves something is to be called before the page is played again, as callbacks of widgets are.
    """

    key: str
    source: str

    @classmethod
    def of(cls, setting: Setting, key: str) -> Memory:
        """What is remembered. A setting that is neither what a page began with nor what it was given last
        takes the place of all that was asked."""
        memory = cls(key, setting.source)
        begun, given = f"{key} begun", f"{key} given"
        if st.session_state.get(begun) != setting:
            st.session_state[begun] = setting
            if st.session_state.get(given) != setting:
                st.session_state[memory._asked] = _texts(setting)
        return memory

    def given(self, shown: Desk) -> Setting:
        """The setting that is asked for, which the page may show from now on; seed and replications are left
        out where they are the scenario's."""
        changes = shown.changes
        setting = Setting(self.source, shown.overrides, changes.get(SEED), changes.get(REPLICATIONS))
        st.session_state[f"{self.key} given"] = setting
        return setting

    @property
    def desk(self) -> Desk:
        """All that is shown. Raises `ScenarioError` where the scenario itself cannot be played."""
        return desk(written(self.source), st.session_state.get(self._asked, ()))

    def put(self, steps: Steps, value: Any) -> None:
        """Ask for a value of a field."""
        shown = self.desk
        if steps[-1] == KIND:
            changes = with_kind(shown.written, dict(shown.changes), steps[:-1], value)
        else:
            changes = shown.written.with_change(shown.changes, steps, value)
        self._keep((*shown.written.texts(changes), *shown.refused))

    def ask(self, text: str) -> None:
        """Ask for what ``path=value`` says."""
        self._keep((*self.desk.texts, text))

    def put_back(self, steps: Steps) -> None:
        """Ask for a field as the scenario has it."""
        shown = self.desk
        changes = shown.written.without(shown.changes, steps)
        self._keep((*shown.written.texts(changes), *shown.refused))

    def leave_out(self, text: str) -> None:
        """Ask no more for what was refused."""
        self._keep(tuple(each for each in self.desk.texts if each != text))

    def put_all_back(self) -> None:
        """Ask for nothing but the scenario."""
        self._keep(())

    def name(self, *parts: object) -> str:
        """The key of a widget: the same for the same scenario and field."""
        return " ".join([self.key, self.source, *map(str, parts)])

    @property
    def _asked(self) -> str:
        return f"{self.key} asked of {self.source}"

    def _keep(self, texts: tuple[str, ...]) -> None:
        st.session_state[self._asked] = texts


def _texts(setting: Setting) -> tuple[str, ...]:
    luck = {"seed": setting.seed, "replications": setting.replications}
    return (*setting.overrides, *(f"{name}={value}" for name, value in luck.items() if value is not None))
