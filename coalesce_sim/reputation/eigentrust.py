"""EigenTrust over client–contractor ratings (Kamvar, Schlosser and Garcia-Molina 2003)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray

There = Callable[[], IntArray | slice]
"""The places of some contractors, ascending."""


def everybody() -> slice:
    """All of them."""
    return slice(None)


def eigentrust(local_trust: FloatArray, pretrust: FloatArray, weight: float) -> tuple[FloatArray, FloatArray]:
    """Global trust ``t = (1 − a)·Cᵀt + a·p`` of clients and of contractors, together of sum 1.

    `local_trust` is (clients, contractors), good less bad ratings, negative counting as 0; `pretrust` (p) has
    one entry a client, of sum 1; `weight` is a. C is row-normalised: a client passes its trust on to the
    contractors that it found good, or to p where there are none. A contractor rates nobody; it passes its
    trust back to the clients that found it good. So clients who agree with trusted ones come to be trusted.
    The contractors' part is substituted, and what is left, of the size of the clients, solved directly.
    """
    local = np.maximum(local_trust, 0.0)
    given, received = local.sum(axis=1), local.sum(axis=0)
    trusts_nobody = given == 0
    to_contractors = local / np.where(trusts_nobody, 1.0, given)[:, None]
    to_clients = local / np.where(received == 0, 1.0, received)
    follow = 1.0 - weight
    steps = follow**2 * (to_clients @ to_contractors.T) + follow * np.outer(pretrust, trusts_nobody)
    clients: FloatArray = np.zeros(len(pretrust))
    np.maximum(np.linalg.solve(np.eye(len(pretrust)) - steps, weight * pretrust), 0.0, out=clients)
    return clients, follow * (clients @ to_contractors)


class EigenTrust:
    """Score ``(a + Σ wᵢGᵢ) / (a + b + Σ wᵢNᵢ)``: the share of good ratings, client i's word weighing wᵢ.

    Gᵢ and Nᵢ are the client's sums of ratings and of their number, a and b prior counts (`prior_good` and
    `prior_bad`, one entry a contractor). wᵢ is in proportion to the client's global trust, so that a rating
    counts 1 on average. (A contractor's own global trust is no probability: it grows with custom.) With
    `pooling`, there is a score a task type, drawn to that over all types as if by so many ratings.
    All is computed anew after every `recompute_every` ratings, from tables of (types, clients, contractors),
    of the contractors that `there` gives then: those who have entered the market.
    """

    def __init__(
        self,
        prior_good: FloatArray,
        prior_bad: FloatArray,
        pretrust: FloatArray,
        pretrust_weight: float,
        recompute_every: int,
        n_types: int,
        pooling: float | None,
        there: There = everybody,
    ) -> None:
        self._prior_good, self._prior = prior_good, prior_good + prior_bad
        self._pretrust = pretrust
        self._pretrust_weight = pretrust_weight
        self._recompute_every = recompute_every
        self._pooling, self._there = pooling, there
        rows = 1 if pooling is None else n_types
        self._good = np.zeros((rows, len(pretrust), len(prior_good)))
        self._ratings = np.zeros_like(self._good)
        self._since = 0
        self.scores = np.repeat((self._prior_good / self._prior)[None], rows, axis=0)

    def rate(self, client: int, contractor: int, type_id: int, rating: float) -> float:
        """Take a rating in; the contractor's score as it is public after it."""
        row = 0 if self._pooling is None else type_id
        self._good[row, client, contractor] += rating
        self._ratings[row, client, contractor] += 1.0
        self._since += 1
        if self._since == self._recompute_every:
            self._recompute()
        return float(self.scores[row, contractor])

    def _recompute(self) -> None:
        self._since = 0
        there = self._there()
        given, number = (np.ascontiguousarray(each[:, :, there]) for each in (self._good, self._ratings))
        prior_good, prior = self._prior_good[there], self._prior[there]
        counts = number.sum(axis=0)
        net = 2.0 * given.sum(axis=0) - counts
        trust, _ = eigentrust(net, self._pretrust, self._pretrust_weight)
        by_client = counts.sum(axis=1)
        trusted_ratings = trust @ by_client
        weight = trust * (by_client.sum() / trusted_ratings) if trusted_ratings > 0 else trust
        good, ratings = weight @ given, weight @ number
        pooled = (prior_good + good.sum(axis=0)) / (prior + ratings.sum(axis=0))
        if self._pooling is None:
            self.scores[0, there] = pooled
        else:
            self.scores[:, there] = (self._pooling * pooled + good) / (self._pooling + ratings)
