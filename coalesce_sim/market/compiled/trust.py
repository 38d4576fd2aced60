"""EigenTrust on the compiled core: the kernel keeps ratings, and stops where scores are to be computed."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import BoolArray, IntArray
from coalesce_sim.market.compiled.market_setup import Laid
from coalesce_sim.market.trade import Venue
from coalesce_sim.reputation.eigentrust import EigenTrust, everybody
from coalesce_sim.reputation.ratings import eigentrust_of
from coalesce_sim.scenario.reputation import EigenTrustReputation


class Trust:
    """`EigenTrust` itself, to which all ratings are handed on; nothing where another rule scores."""

    def __init__(self, venue: Venue) -> None:
        scenario, public = venue.scenario, venue.scenario.reputation
        self._model: EigenTrust | None = None
        self._taken, self._rated_s = 0, 0.0
        if public is not None and isinstance(public.model, EigenTrustReputation):
            counts = len(scenario.workload.types), scenario.clients.total
            self._presence = venue.pool.roster.presence
            there = self._entered if self._presence.moves else everybody
            self._model = eigentrust_of(public, public.model, *counts, venue.pool.reliability, there)

    def _entered(self) -> IntArray:
        """Who had entered the market when the last rating was written."""
        return np.flatnonzero(self._presence.entered(self._rated_s))

    def take_ratings(self, laid: Laid) -> None:
        """Hand on the ratings that have come since the last time."""
        if self._model is None:
            return
        course = laid.course[0]
        end = course["ratings"]
        new = laid.told.ratings[end - (course["unscored"] - self._taken) : end]
        for self._rated_s, client, contractor, type_id, rating, _ in new.tolist():
            self._model.rate(client, contractor, type_id, rating)
        self._taken = course["unscored"].item()

    def score(self, laid: Laid) -> None:
        """Enter the scores of now where the market finds them, and where the last rating tells them."""
        self.take_ratings(laid)
        assert self._model is not None
        scores, course = self._model.scores, laid.course[0]
        known = laid.experience.pairs["score"][:, : scores.shape[1]]
        changed = (known != scores).any(axis=0)
        known[:] = scores
        last = laid.told.ratings[course["ratings"] - 1]
        last["score_after"] = known[last["type_id"], last["contractor"]]
        course["unscored"] = self._taken = 0
        if laid.rules["searches"][0]:
            _remember_rated(changed, laid)


def _remember_rated(changed: BoolArray, laid: Laid) -> None:
    """`experience.remember_rated` of all those whose score has changed."""
    contractors, course = laid.experience.contractors[: len(changed)], laid.course[0]
    (who,) = np.nonzero(changed & ~contractors["is_rated"])
    if len(who):
        contractors["is_rated"][who] = True
        contractors["next_rated"][who] = np.append(who[1:], course["last_rated"])
        course["last_rated"] = who[0]
