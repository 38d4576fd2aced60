"""More names than sellers."""

from __future__ import annotations

from coalesce_sim.adversaries.effort import Cheap
from coalesce_sim.adversaries.protocol import Adversary, Effort, Sight
from coalesce_sim.scenario import adversaries as settings


class Sybil(Adversary):
    """Sells under several names; its work is honest."""


class Whitewashing(Cheap):
    """Cheats always, and takes another name when the one it has is worth less than a new one."""

    def __init__(self, rules: settings.Whitewashing) -> None:
        super().__init__(rules)
        self._below, self._after_bad = rules.leave_below, rules.leave_after_bad

    def effort(self, sight: Sight, who: int, luck: float) -> Effort | None:
        """Bad."""
        return self.cheap

    def renames(self, sight: Sight, who: int) -> bool:
        """Where its score has fallen, or it was found out often enough."""
        many, bad = sight.ratings(who)
        found_out = self._after_bad is not None and bad >= self._after_bad
        return many > 0 and (found_out or sight.score(who) < self._below)
