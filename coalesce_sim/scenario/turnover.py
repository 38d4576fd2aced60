"""What a user writes about contractors that come and go."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive


class Entry(Model):
    """Contractors that enter a drawn pool as a Poisson process, each drawn like those of the start."""

    per_day: Positive
    """How many enter in a day of 24 hours, in the mean, for as long as tasks arrive."""
    types: Annotated[dict[str, NonNegative], Field(min_length=1)] | None = None
    """How many of them are of each of `contractors.types`, relative to each other; left out, as the types'
    own `share` says."""

    @model_validator(mode="after")
    def _some_share(self) -> Self:
        if self.types is not None and sum(self.types.values()) <= 0:
            raise ValueError("types: the shares must not all be 0")
        return self


class Ruin(Model):
    """A contractor leaves whose books are in the red by so much for so long."""

    usd: NonNegative
    """USD by which work and idle hardware have cost more than was paid, since the contractor entered."""
    hours: NonNegative
    """Hours for which it has to be that much without a break."""


class Exit(Model):
    """Contractors that leave. Who leaves makes no more offers, and finishes what it has taken on."""

    per_day: NonNegative = 0.0
    """Rate at which each contractor leaves, whatever its books say: it stays 1 / `per_day` days in the mean.
    """
    in_the_red: Ruin | None = None
    """When a contractor gives up that loses money; left out, none does. Nor does any whose costs nothing
    tells."""
    check_min: Positive = 15.0
    """Minutes from one look at the books to the next; no effect without `in_the_red`."""

    @model_validator(mode="after")
    def _somebody_may(self) -> Self:
        if self.per_day == 0 and self.in_the_red is None:
            raise ValueError("states nothing by which anybody leaves: needs per_day or in_the_red")
        return self


class Turnover(Model):
    """How contractors come and go besides what single ones state (`enter_h`, `leave_h`)."""

    entry: Entry | None = None
    """Who enters; left out, nobody does."""
    exit: Exit | None = None
    """Who leaves; left out, nobody does."""
