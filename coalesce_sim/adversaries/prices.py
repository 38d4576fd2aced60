"""Prices and bills that are not what they seem."""

from __future__ import annotations

import math

from coalesce_sim.adversaries.protocol import Adversary, Scene, Sight
from coalesce_sim.scenario import adversaries as settings


class Metering(Adversary):
    """Bills more than was used."""

    def __init__(self, rules: settings.Metering) -> None:
        self._factor = rules.factor

    def bill_usd(self, sight: Sight, who: int, due_usd: float, honest_usd: float) -> float:
        """So much more."""
        return self._factor * due_usd


class Lowball(Adversary):
    """Quotes little and bills much."""

    def __init__(self, rules: settings.Lowball) -> None:
        self._quoted, self._billed = rules.quoted, rules.billed

    def ask_usd(self, sight: Sight, who: int, honest_usd: float) -> float:
        """So much less."""
        return self._quoted * honest_usd

    def bill_usd(self, sight: Sight, who: int, due_usd: float, honest_usd: float) -> float:
        """So much more than an honest price, not than the one that was quoted."""
        return self._billed * honest_usd


class Cartel(Adversary):
    """Asks more, and the honest price after one of the cartel has undercut the others."""

    def __init__(self, rules: settings.Cartel) -> None:
        self._rules = rules
        self._deviants: frozenset[int] = frozenset()
        self._from_s, self._until_s = 3600 * rules.deviate_from_hour, math.inf
        if rules.trigger is not None and rules.trigger.punish_hours is not None:
            self._until_s = self._from_s + 3600 * rules.trigger.punish_hours

    def start(self, scene: Scene) -> None:
        """Know who deviates."""
        deviants = scene.agents[: self._rules.deviants]
        self._deviants = frozenset(name for agent in deviants for name in agent.names)

    def ask_usd(self, sight: Sight, who: int, honest_usd: float) -> float:
        """More, unless it deviates or punishes that."""
        deviated = sight.now_s >= self._from_s and len(self._deviants) > 0
        if deviated and who in self._deviants:
            return honest_usd
        if deviated and self._rules.trigger is not None and sight.now_s < self._until_s:
            return honest_usd
        return self._rules.markup * honest_usd

    def bid_usd(self, sight: Sight, who: int, own_usd: float) -> float:
        """The same in auctions."""
        return self.ask_usd(sight, who, own_usd)


class ExplorationFarming(Adversary):
    """Asks a price that only those pay who do not look at it."""

    def __init__(self, rules: settings.ExplorationFarming) -> None:
        self._factor = rules.factor

    def ask_usd(self, sight: Sight, who: int, honest_usd: float) -> float:
        """So much more."""
        return self._factor * honest_usd
