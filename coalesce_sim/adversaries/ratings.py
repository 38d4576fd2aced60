"""Ratings that are lies."""

from __future__ import annotations

from collections.abc import Iterable

from coalesce_sim.adversaries.protocol import Adversary, Scene, Sight
from coalesce_sim.reputation.rating import Ballot
from coalesce_sim.scenario import adversaries as settings


class FalseRatings(Adversary):
    """Clients who write `says` about their targets."""

    says = 0.0

    def __init__(self, rules: settings.FalseRatings) -> None:
        self._targets, self._named = rules.targets, frozenset[int]()
        self.acts_every_s = None if rules.per_hour is None else 3600 / rules.per_hour
        self._clients: tuple[int, ...] = ()

    def start(self, scene: Scene) -> None:
        """Know who is lied about."""
        self._clients = scene.clients
        self._everyone = sorted(range(len(scene.names)), key=lambda who: (scene.list_usd[who], who))
        if not isinstance(self._targets, str):
            self._named = frozenset(who for word in self._targets for who in scene.named(word))

    def rates(self, sight: Sight, cast: Ballot) -> Ballot:
        """The lie where it is about a target."""
        return cast._replace(rating=self.says) if self._is_target(sight, cast.contractor) else cast

    def ballots(self, sight: Sight) -> Iterable[Ballot]:
        """One of each client about each target."""
        targets = [who for who in self._everyone if sight.active(who) and self._is_target(sight, who)]
        for client in self._clients:
            for who in targets:
                yield Ballot(client, who, 0, self.says, contract=False)

    def _is_target(self, sight: Sight, who: int) -> bool:
        if self._targets == "all":
            return True
        return who == self._best(sight) if self._targets == "best" else who in self._named

    def _best(self, sight: Sight) -> int:
        """The one of the highest score, the cheapest of several."""
        return max((who for who in self._everyone if sight.active(who)), key=sight.score, default=-1)


class BadMouthing(FalseRatings):
    """Rates others down."""


class BallotStuffing(FalseRatings):
    """Rates friends up."""

    says = 1.0

    def start(self, scene: Scene) -> None:
        """Know who is praised."""
        super().start(scene)
        self.beneficiaries = tuple(sorted(self._named))


class WorkRing(Adversary):
    """Clients who seem to buy from their own sellers, again and again."""

    def __init__(self, rules: settings.WorkRing) -> None:
        self.acts_every_s = 3600 / rules.contracts_per_hour
        self._words = rules.sellers

    def start(self, scene: Scene) -> None:
        """Know who sells to whom."""
        self._clients = scene.clients
        self._sellers = [who for word in self._words for who in scene.named(word)]
        self.beneficiaries = tuple(self._sellers)

    def ballots(self, sight: Sight) -> Iterable[Ballot]:
        """One of each client about each seller, with a contract behind it."""
        for client in self._clients:
            for who in self._sellers:
                if sight.active(who):
                    yield Ballot(client, who, 0, 1.0, contract=True)
