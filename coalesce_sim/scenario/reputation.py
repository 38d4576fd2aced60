"""What a user writes about the public reputation ledger."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import Positive
from coalesce_sim.scenario.pool import Share

PositiveShare = Annotated[float, Field(gt=0, le=1)]
PositiveCount = Annotated[int, Field(ge=1)]


class Counts(Model):
    """A score that is a share of good work, before any rating as if of `prior_good` good and `prior_bad` bad
    ratings. A warm start puts the advertised reliability, worth `warm_ratings` ratings, in place of these."""

    prior_good: Positive = 1.0
    prior_bad: Positive = 1.0
    warm_ratings: Positive = 10.0


class BetaReputation(Counts):
    """Mean of a Beta distribution over the share of good work (Jøsang and Ismail 2002).

    Each new rating of a contractor multiplies all earlier ones of it by `forgetting` (λ; 1 forgets nothing);
    what stands for the time before any rating never fades.
    """

    kind: Literal["beta"]
    forgetting: Share = 1.0


class EwmaReputation(Model):
    """Exponentially weighted moving average: each rating moves the score by `alpha` of the way towards it.

    The score starts at `initial` or, with a warm start, at the advertised reliability.
    """

    kind: Literal["ewma"]
    alpha: PositiveShare = 0.1
    initial: Share = 0.5


class EigenTrustReputation(Counts):
    """Share of good ratings, in which each client's word weighs as much as the client is trusted.

    Trust spreads over who rated whom (Kamvar, Schlosser and Garcia-Molina 2003), with `pretrust_weight`
    coming back to the first `pretrusted_clients` clients. Left out, it comes back to all alike, and then
    clients who only praise their own favourites keep their share of it. The more comes back, the less a
    clique gains by mixing honest ratings with its false ones, but the fewer clients' word counts. Scores are
    computed anew after every `recompute_every` ratings.
    """

    kind: Literal["eigentrust"]
    pretrust_weight: PositiveShare = 0.3
    pretrusted_clients: PositiveCount | None = None
    recompute_every: PositiveCount = 50


class Reputation(Model):
    """A shared, public score of each contractor in [0, 1]: the probability that its work is good, as rated.

    `by_task_type` keeps a score for each task type and contractor, drawn towards the contractor's score over
    all types as if that had been `pooling` ratings of the type. `start`: ``cold`` knows nothing, ``warm``
    starts at what each contractor advertises.
    """

    model: Annotated[BetaReputation | EwmaReputation | EigenTrustReputation, Field(discriminator="kind")] = (
        BetaReputation(kind="beta")
    )
    start: Literal["cold", "warm"] = "cold"
    by_task_type: bool = False
    pooling: Positive = 5.0
