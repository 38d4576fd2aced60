"""What the reader is putting together, kept while they are on other pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

import streamlit as st

from coalesce_sim.lab import laboratory
from coalesce_sim.lab.pages.compare.asked import (
    Asked,
    PoliciesAsked,
    SettingsAsked,
    told_changes,
)
from coalesce_sim.lab.scenarios import bundled_names, files_below
from coalesce_sim.lab.setting import Setting
from coalesce_sim.lab.variants import labelled, usual_labels
from coalesce_sim.scenario.problems import Problem, ScenarioError

Mode = Literal["Policies", "Settings"]

MOST_SEED = 2**53 - 1
"""The largest seed that a field of a browser holds."""

_DRAFT = "compare draft"
_FIRST = "dur_03"
_USUAL = ("dur_03", "market", "market_viable")
"""Scenarios that stand before the others; `market` and `market_viable` are profiles that can be played."""

_numbers = count()


@dataclass
class VariantDraft:
    """One setting as it is typed; a label that is left empty follows from the changes."""

    source: str
    changes: str = ""
    label: str = ""
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def setting(self) -> Setting:
        """As it is asked for."""
        return Setting(self.source, told_changes(self.changes))


@dataclass
class Draft:
    """Both ways to compare as they are typed; None stands for what the scenario says."""

    mode: Mode
    source: str
    changes: str = ""
    policies: list[str] | None = None
    seed: int | None = None
    replications: int | None = None
    variants: list[VariantDraft] = field(default_factory=list)

    @property
    def asked(self) -> Asked:
        """What it asks for now."""
        return self.asked_settings if self.mode == "Settings" else self.asked_policies

    @property
    def asked_policies(self) -> PoliciesAsked:
        """The policies, and what they play."""
        setting = Setting(self.source, told_changes(self.changes), self.seed, self.replications)
        return PoliciesAsked(setting, tuple(self.policies or ()))

    @property
    def asked_settings(self) -> SettingsAsked:
        """The settings, in their order."""
        given = [(each.label, each.setting) for each in self.variants]
        return SettingsAsked(labelled(given), self.seed, self.replications)

    def take(self, asked: Asked) -> None:
        """Become what an address asks for; a single setting joins those that are there.

        Raises `ScenarioError` for a seed that no field can show.
        """
        seed = asked.setting.seed if isinstance(asked, PoliciesAsked) else asked.seed
        if seed is not None and seed > MOST_SEED:
            message = f"must be at most {MOST_SEED:,} on this page (got {seed:,}); the commands take it"
            raise ScenarioError([Problem("", None, "seed", message)])
        if isinstance(asked, PoliciesAsked):
            setting = asked.setting
            self.mode, self.source, self.changes = "Policies", setting.source, "\n".join(setting.overrides)
            self.policies = list(asked.policies) or None
            self.seed, self.replications = setting.seed, setting.replications
            return
        self.mode, self.seed, self.replications = "Settings", asked.seed, asked.replications
        usual = usual_labels([each.setting for each in asked.variants])
        arrived = [
            VariantDraft(
                each.setting.source,
                "\n".join(each.setting.overrides),
                "" if each.label == own else each.label,
            )
            for each, own in zip(asked.variants, usual, strict=True)
        ]
        if asked.complete:
            self.variants = arrived
        else:
            held = [each.setting for each in self.variants]
            self.variants += [each for each in arrived if each.setting not in held]


def draft() -> Draft:
    """That of this reader."""
    if _DRAFT not in st.session_state:
        source = laboratory.current().source or _FIRST
        st.session_state[_DRAFT] = Draft("Policies", source)
    found: Draft = st.session_state[_DRAFT]
    return found


def offered(*sources: str) -> list[str]:
    """The scenarios that may be chosen, those that are chosen first."""
    lab = laboratory.current()
    first = [each for each in (*sources, lab.source) if each is not None]
    return list(dict.fromkeys([*first, *_USUAL, *bundled_names(), *files_below(lab.start)]))


def seeded(key: str, value: Any) -> str:
    """The key of a widget that shows the value when it comes; afterwards it keeps what was typed."""
    if key not in st.session_state:
        st.session_state[key] = value
    return key
