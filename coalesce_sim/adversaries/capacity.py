"""Capacity that is not what it could be."""

from __future__ import annotations

from collections.abc import Iterable

from coalesce_sim.adversaries.protocol import Adversary, Hold, Scene, Sight
from coalesce_sim.adversaries.targets import Aim
from coalesce_sim.scenario import adversaries as settings


class Withholding(Adversary):
    """Offers a part of its slots only."""

    def __init__(self, rules: settings.Withholding) -> None:
        self._share = rules.share

    def slots(self, own: int) -> int:
        """What is left, at least one."""
        return max(1, own - int(own * self._share))


class SlotBlocking(Adversary):
    """Clients who take slots that they do not use, so that others cannot."""

    def __init__(self, rules: settings.SlotBlocking) -> None:
        self.acts_every_s = 3600 / rules.contracts_per_hour
        self._targets, self._hold_s = rules.targets, 60 * rules.hold_min
        self._words = rules.sellers or ()

    def start(self, scene: Scene) -> None:
        """Know whose slots are taken, and for whom."""
        sellers = set(scene.named(*self._words))
        self.beneficiaries = tuple(sorted(sellers))
        self._clients, self._aim = scene.clients, Aim(self._targets, scene, spared=sellers)

    def blocks(self, sight: Sight) -> Iterable[Hold]:
        """One slot of each target for each client."""
        targets = self._aim.active(sight)
        for _ in self._clients:
            for who in targets:
                yield Hold(who, self._hold_s)
