"""What a user writes about how clients find contractors."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive, Share


class _Shortlist(Model):
    k: Annotated[int, Field(ge=1)] = 10
    """Contractors that a query returns at most; nobody else makes an offer on the task."""
    newcomer_share: Share = 0.1
    """Share of the `k` places (at least one, unless it is 0) that goes round among the contractors outside
    the best, so that each is found in the end; no effect where all fit into `k`."""
    message_ms: NonNegative = 0.0
    """Milliseconds that a message between two agents takes, on top of what the kind states. A query is two in
    turn, there and back; what is heard in a round of gossip is known two messages after it began."""
    message_usd: NonNegative = 0.0
    """USD that a client pays for each message of its queries, whatever it then decides: two at a registry,
    one while that is silent; of gossip two for each agent asked in the rounds since its last query; of
    broadcast two for each contractor. Policies that never hire do not ask."""

    @model_validator(mode="after")
    def _room_for_the_best(self) -> Self:
        if self.k == 1 and self.newcomer_share > 0:
            raise ValueError(
                f"newcomer_share must be 0 where k is 1, which goes to the best (got {self.newcomer_share:g})"
            )
        return self

    @property
    def counts_messages(self) -> bool:
        """Whether anything hangs on how many messages a query takes."""
        return self.message_ms > 0 or self.message_usd > 0

    @property
    def newcomer_seats(self) -> int:
        """How many of the `k` places go round among those who are not the best; 0 only for a share of 0."""
        return max(1, round(self.newcomer_share * self.k)) if self.newcomer_share > 0 else 0


class Outage(Model):
    """A time in which the registry does not answer."""

    start_h: NonNegative
    """Hours from the start of the run to when the registry falls silent."""
    hours: Positive
    """Hours for which the registry stays silent."""


class RegistryDiscovery(_Shortlist):
    """A central registry: one query returns the best of all contractors who fit the task's type.

    The registry ranks them by public merit: skill compatibility as known then, the cheaper first where that
    is equal.
    """

    kind: Literal["registry"]
    latency_ms: NonNegative = 50.0
    """Milliseconds that a query takes; work at a contractor begins so much later, work at home does not."""
    refresh_s: NonNegative = 60.0
    """Seconds from one ranking to the next, so that an answer is up to that old; 0 ranks for every query."""
    outages: list[Outage] = Field(default_factory=list)
    """Times in which the registry does not answer; by default none."""
    timeout_ms: NonNegative = 1000.0
    """Milliseconds after which a query is given up during an outage; no effect without `outages`."""
    fallback: Literal["none", "cached"] = "none"
    """Whom a client finds during an outage: ``none``, nobody; ``cached``, the last answer that it had for the
    type of task."""


class GossipDiscovery(_Shortlist):
    """No centre: each agent knows some contractors and hears of others from its peers (Jelasity et al. 2007).

    In every round, each client and contractor asks others for what they know and keeps the freshest entries;
    only contractors, who know themselves, make fresh ones. A client chooses the best of its view, with places
    for newcomers as at a registry.
    """

    kind: Literal["gossip"]
    fanout: Annotated[int, Field(ge=1)] = 1
    """How many agents, drawn at random, each client and contractor asks in a round; the more, the fresher
    their knowledge."""
    round_s: Positive = 60.0
    """Seconds from one round to the next; the longer, the older what clients know."""
    view_size: Annotated[int, Field(ge=1)] = 20
    """Entries that an agent keeps, the freshest ones; must be at least `k`."""
    query_ms: NonNegative = 0.0
    """Milliseconds that a client takes to look through its view; work at a contractor begins so much later.
    """

    @model_validator(mode="after")
    def _view_holds_k(self) -> Self:
        if self.view_size < self.k:
            raise ValueError(f"view_size must be at least k (got view_size {self.view_size}, k {self.k})")
        return self


class BroadcastDiscovery(_Shortlist):
    """No centre and no memory: each query goes to all contractors, who answer for themselves.

    The client ranks them by public merit as it is then and keeps the best, with places for newcomers as at a
    registry. Nothing is old, nothing can be down, and a query takes as many messages as there are
    contractors, twice.
    """

    kind: Literal["broadcast"]
    wait_ms: NonNegative = 0.0
    """Milliseconds for which a client goes on waiting for answers, since it cannot know who will answer; work
    at a contractor begins so much later."""


Discovery = Annotated[RegistryDiscovery | GossipDiscovery | BroadcastDiscovery, Field(discriminator="kind")]
