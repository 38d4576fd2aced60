"""Clients who do not pay for what they got."""

from __future__ import annotations

from coalesce_sim.adversaries.protocol import Adversary, Sight
from coalesce_sim.scenario import adversaries as settings


class NonPayment(Adversary):
    """Takes the work and does not pay."""

    def __init__(self, rules: settings.NonPayment) -> None:
        self._share = rules.share

    def pays(self, sight: Sight, client: int, luck: float) -> bool:
        """By luck."""
        return luck >= self._share


class FalseRejection(Adversary):
    """Takes the work and says that it was bad."""

    def __init__(self, rules: settings.FalseRejection) -> None:
        self._share = rules.share

    def reports(self, sight: Sight, client: int, luck: float) -> bool:
        """By luck."""
        return luck >= self._share
