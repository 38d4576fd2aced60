"""Ratings that are lies."""

from __future__ import annotations

from collections.abc import Iterable

from coalesce_sim.adversaries.protocol import Adversary, Scene, Sight
from coalesce_sim.adversaries.targets import Aim
from coalesce_sim.reputation.rating import Ballot
from coalesce_sim.scenario import adversaries as settings


class FalseRatings(Adversary):
    """Clients who write `says` about their targets."""

    says = 0.0

    def __init__(self, rules: settings.FalseRatings) -> None:
        self._targets = rules.targets
        self.acts_every_s = None if rules.per_hour is None else 3600 / rules.per_hour

    def start(self, scene: Scene) -> None:
        """Know who is lied about."""
        self._clients, self._aim = scene.clients, Aim(self._targets, scene)

    def rates(self, sight: Sight, cast: Ballot) -> Ballot:
        """The lie where it is about a target."""
        return cast._replace(rating=self.says) if self._aim.hits(sight, cast.contractor) else cast

    def ballots(self, sight: Sight) -> Iterable[Ballot]:
        """One of each client about each target."""
        targets = self._aim.active(sight)
        for client in self._clients:
            for who in targets:
                yield Ballot(client, who, 0, self.says, contract=False)


class BadMouthing(FalseRatings):
    """Rates others down."""


class BallotStuffing(FalseRatings):
    """Rates friends up."""

    says = 1.0

    def start(self, scene: Scene) -> None:
        """Know who is praised."""
        super().start(scene)
        self.beneficiaries = tuple(sorted(self._aim.named))


class WorkRing(Adversary):
    """Clients who seem to buy from their own sellers, again and again."""

    def __init__(self, rules: settings.WorkRing) -> None:
        self.acts_every_s = 3600 / rules.contracts_per_hour
        self._words = rules.sellers

    def start(self, scene: Scene) -> None:
        """Know who sells to whom."""
        self._clients = scene.clients
        self.beneficiaries = scene.named(*self._words)

    def ballots(self, sight: Sight) -> Iterable[Ballot]:
        """One of each client about each seller, with a contract behind it."""
        for client in self._clients:
            for who in self.beneficiaries:
                if sight.active(who):
                    yield Ballot(client, who, 0, 1.0, contract=True)
