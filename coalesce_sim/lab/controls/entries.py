"""What makes a catalogue of controls: sections, and entries that say which fields belong to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from coalesce_sim.report.fields import capital, label_of
from coalesce_sim.scenario.document import EVERY
from coalesce_sim.scenario.problems import Steps


@dataclass(frozen=True, slots=True)
class Section:
    """Controls that belong together; `told` says what they are about.

    One that calls its `further` controls something is shown at once but for these; others are folded.
    """

    title: str
    told: str
    further: str = ""

    @property
    def open(self) -> bool:
        """Whether it is shown at once."""
        return bool(self.further)


POLICY: Final = Section("Policy", "Who decides, and by what", "Further settings of the policy")
WHO: Final = Section("Who is there", "Contractors and clients", "Further settings of contractors and clients")
TIME: Final = Section("Demand and time", "Tasks, time and delay", "Further settings of tasks and prices")
CONTRACTS: Final = Section("Contracts", "Checks, retries, and what is owed for bad work")
REPUTATION: Final = Section("Reputation and discovery", "What is known of contractors, and who is found")
CHEATS: Final = Section("Cheats and defences", "Who does not behave as expected, and what is done about it")
PAYMENT: Final = Section("Payment", "When money moves, and what moving it costs")
LUCK: Final = Section("Luck", "Seed and replications", "Further settings of luck")

SECTIONS: Final = (POLICY, WHO, TIME, CONTRACTS, REPUTATION, CHEATS, PAYMENT, LUCK)


@dataclass(frozen=True, slots=True)
class Entry:
    """Fields that get a control: those on a way, in which ``*`` is any one step.

    `label` is what they are called, with the step that ``*`` stands for before it; left out, it follows from
    the way. `further` ones are shown on demand, `if_stated` ones only where the scenario states them, and
    those that are `box_only` have no slider.
    """

    section: Section
    way: Steps
    label: str = ""
    further: bool = False
    if_stated: bool = False
    box_only: bool = False

    def owner_at(self, steps: Steps, content: Mapping[str, Any]) -> str:
        """Whose a field of some content is, by the step that ``*`` stands for; empty without one."""
        ends = [end for end, each in enumerate(self.way, start=1) if each == EVERY and end < len(steps)]
        return _name_at(content, steps[: ends[-1]]) if ends else ""

    def label_at(self, steps: Steps, owner: str) -> str:
        """What a field is called, with its unit in brackets."""
        label = self.label or label_of(".".join(str(step) for step in steps[1:] if isinstance(step, str)))
        label = label.removeprefix("model ")
        return f"{owner}: {label}" if owner else capital(label)


def _name_at(content: Any, steps: Steps) -> str:
    """What an entry of a mapping or an item of a list is called."""
    for step in steps:
        content = content[step]
    last = steps[-1]
    if isinstance(last, str):
        return last
    told = content.get("name", content.get("kind"))
    return f"{last + 1}" if told is None else str(told).replace("_", " ")
