"""What a user writes about the public record of ratings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import Positive, PositiveShare, Share

PositiveCount = Annotated[int, Field(ge=1)]


class Counts(Model):
    """A score that is a share of good work, some of it assumed before the first rating."""

    prior_good: Positive = 1.0
    """Good ratings that each contractor is taken to have before the first; no effect at a ``warm`` start."""
    prior_bad: Positive = 1.0
    """Bad ratings that each contractor is taken to have before the first; no effect at a ``warm`` start."""
    warm_ratings: Positive = 10.0
    """Ratings that the advertised reliability is worth; no effect at a ``cold`` start."""


class BetaReputation(Counts):
    """Mean of a Beta distribution over the share of good work (Jøsang and Ismail 2002).

    What stands for the time before any rating never fades.
    """

    kind: Literal["beta"]
    forgetting: Share = 1.0
    """What each new rating of a contractor multiplies all earlier ones of it by (λ); 1 forgets nothing."""


class SlidingWindowReputation(Counts):
    """Share of good ratings among a contractor's last ones, and those that stand for the time before any.

    Until the window is full it is ``beta`` that forgets nothing.
    """

    kind: Literal["sliding_window"]
    window_ratings: PositiveCount = 50
    """Ratings of a contractor, of whatever type of task, that count; earlier ones do not. 50 is as many as a
    `forgetting` of 0.98 comes to weigh, ``1/(1 − 0.98)``."""


class WhitbyReputation(Counts):
    """``beta`` that forgets nothing, without those clients whose ratings of a contractor are far from what
    all others say of it (Whitby, Jøsang and Indulska 2004).

    It needs several ratings by each client to tell, and fails where liars are the majority.
    """

    kind: Literal["whitby"]
    quantile: Annotated[float, Field(gt=0, lt=0.5)] = 0.01
    """Clients are left out by whose own ratings the score is less likely than this to be so low, or so high.
    """


class EwmaReputation(Model):
    """Exponentially weighted moving average of the ratings."""

    kind: Literal["ewma"]
    alpha: PositiveShare = 0.1
    """Share of the way to each new rating that the score moves."""
    initial: Share = 0.5
    """Score before the first rating; no effect at a ``warm`` start."""


class EigenTrustReputation(Counts):
    """Share of good ratings, in which each client's word weighs as much as the client is trusted.

    Trust spreads over who rated whom (Kamvar, Schlosser and Garcia-Molina 2003).
    """

    kind: Literal["eigentrust"]
    pretrust_weight: PositiveShare = 0.3
    """Share of all trust that comes back to those who are trusted beforehand. The more, the less a clique
    gains by mixing honest ratings with its false ones, but the fewer clients' word counts."""
    pretrusted_clients: PositiveCount | None = None
    """How many clients are trusted beforehand, the first ones. Left out, all alike are, and then clients who
    only praise their own favourites keep their share of trust."""
    recompute_every: PositiveCount = 50
    """Ratings from one computation of all scores to the next; in between they stand still."""


class Reputation(Model):
    """A public score of each contractor in [0, 1]: the probability that its work is good, as rated."""

    model: Annotated[
        BetaReputation | SlidingWindowReputation | WhitbyReputation | EwmaReputation | EigenTrustReputation,
        Field(discriminator="kind"),
    ] = BetaReputation(kind="beta")
    """Rule that makes a score of ratings: ``beta``, ``sliding_window``, ``whitby``, ``ewma`` or
    ``eigentrust``."""
    start: Literal["cold", "warm"] = "cold"
    """``cold`` knows nothing of anybody, ``warm`` begins with the reliability that each contractor
    advertises."""
    by_task_type: bool = False
    """Whether a contractor has a score for each type of task, drawn towards its score over all types;
    otherwise only the latter."""
    pooling: Positive = 5.0
    """How many ratings of a type the score over all types is worth; no effect without `by_task_type`."""
