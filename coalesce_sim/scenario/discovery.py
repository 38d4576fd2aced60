"""What a user writes about how clients find contractors."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive
from coalesce_sim.scenario.pool import Share


class _Shortlist(Model):
    k: Annotated[int, Field(ge=1)] = 10
    newcomer_share: Share = 0.1

    @model_validator(mode="after")
    def _room_for_the_best(self) -> Self:
        if self.k == 1 and self.newcomer_share > 0:
            raise ValueError(
                f"newcomer_share must be 0 where k is 1, which goes to the best (got {self.newcomer_share:g})"
            )
        return self

    @property
    def newcomer_seats(self) -> int:
        """How many of the `k` places go round among those who are not the best; 0 only for a share of 0."""
        return max(1, round(self.newcomer_share * self.k)) if self.newcomer_share > 0 else 0


class Outage(Model):
    """A time in which the registry does not answer, in hours from the start of the run."""

    start_h: NonNegative
    hours: Positive


class RegistryDiscovery(_Shortlist):
    """A central registry: one query returns the best `k` of all contractors who fit the task's type.

    The registry ranks them by public merit every `refresh_s`, so an answer is up to that old. The share
    `newcomer_share` of the places (at least one, unless it is 0) goes round among the contractors outside the
    best, so that each is found in the end. A query takes `latency_ms`; during an outage it is given up after
    `timeout_ms`, and the client finds nobody (``none``) or falls back on the last answer that it had for the
    type (``cached``).
    """

    kind: Literal["registry"]
    latency_ms: NonNegative = 50.0
    refresh_s: NonNegative = 60.0
    outages: list[Outage] = Field(default_factory=list)
    timeout_ms: NonNegative = 1000.0
    fallback: Literal["none", "cached"] = "none"


class GossipDiscovery(_Shortlist):
    """No centre: each agent knows some contractors and hears of others from its peers (Jelasity et al. 2007).

    Every `round_s`, each client and contractor asks `fanout` agents drawn at random for what they know and
    keeps the `view_size` freshest entries; only contractors, who know themselves, make fresh ones. A client
    chooses the best `k` of its view, with places for newcomers as at a registry; asking it takes `query_ms`.
    """

    kind: Literal["gossip"]
    fanout: Annotated[int, Field(ge=1)] = 1
    round_s: Positive = 60.0
    view_size: Annotated[int, Field(ge=1)] = 20
    query_ms: NonNegative = 0.0

    @model_validator(mode="after")
    def _view_holds_k(self) -> Self:
        if self.view_size < self.k:
            raise ValueError(f"view_size must be at least k (got view_size {self.view_size}, k {self.k})")
        return self


Discovery = Annotated[RegistryDiscovery | GossipDiscovery, Field(discriminator="kind")]
