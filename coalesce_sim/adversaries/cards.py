"""Claims that are not true."""

from __future__ import annotations

from collections.abc import Sequence

from coalesce_sim.adversaries.protocol import Adversary, Card
from coalesce_sim.scenario import adversaries as settings


class SkillInflation(Adversary):
    """Claims all skills that are asked for, and good work."""

    def __init__(self, rules: settings.SkillInflation) -> None:
        self._rules = rules

    def card(self, honest: Card, wanted: Sequence[str]) -> Card:
        """What sells."""
        more = wanted if self._rules.skills == "all" else ()
        return Card(tuple(dict.fromkeys((*honest.skills, *more))), self._rules.reliability)
