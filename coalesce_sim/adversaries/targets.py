"""Whom an attack is aimed at."""

from __future__ import annotations

from collections.abc import Collection

from coalesce_sim.adversaries.protocol import Scene, Sight
from coalesce_sim.scenario.adversaries import Targets


class Aim:
    """The targets that a scenario states, in its market; those who are `spared` are none."""

    def __init__(self, targets: Targets, scene: Scene, spared: Collection[int] = ()) -> None:
        self._targets, self.named = targets, frozenset[int]()
        others = (who for who in range(len(scene.names)) if who not in spared)
        self._others = sorted(others, key=lambda who: (scene.list_usd[who], who))
        if not isinstance(targets, str):
            self.named = frozenset(scene.named(*targets)).difference(spared)

    def hits(self, sight: Sight, who: int) -> bool:
        """Whether a contractor is a target now."""
        if self._targets == "all":
            return True
        return who in self._best(sight) if self._targets == "best" else who in self.named

    def active(self, sight: Sight) -> list[int]:
        """All targets that are in the market now, the cheapest first."""
        if self._targets == "best":
            return self._best(sight)
        return [who for who in self._others if sight.active(who) and self.hits(sight, who)]

    def _best(self, sight: Sight) -> list[int]:
        """The one of the highest score, the cheapest of several; none where nobody is in the market."""
        active = [who for who in self._others if sight.active(who)]
        return [max(active, key=sight.score)] if active else []
