"""Capacity that is not what it could be."""

from __future__ import annotations

from coalesce_sim.adversaries.protocol import Adversary
from coalesce_sim.scenario import adversaries as settings


class Withholding(Adversary):
    """Offers a part of its slots only."""

    def __init__(self, rules: settings.Withholding) -> None:
        self._share = rules.share

    def slots(self, own: int) -> int:
        """What is left, at least one."""
        return max(1, own - int(own * self._share))
