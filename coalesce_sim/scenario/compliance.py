"""What a user writes about who may be hired by whom."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive, PositiveShare
from coalesce_sim.scenario.jurisdictions import Jurisdiction

Party = Annotated[str, Field(min_length=1)] | Annotated[int, Field(ge=0)]
"""A contractor by its number in a drawn pool or by its name, or the name of an owner who is none."""


class Jurisdictions(Model):
    """Under whose law clients and contractors are, by codes of ISO 3166-1."""

    clients: Annotated[dict[Jurisdiction, NonNegative], Field(min_length=1)] | None = None
    """Shares of the clients by jurisdiction, drawn by client; left out, no rule by jurisdiction bears on
    them."""
    contractors: dict[str, Jurisdiction] = Field(default_factory=dict)
    """Jurisdiction by type of contractor, by name in a listed pool or by number in a drawn one, which comes
    before its type's; overrides a contractor's own `jurisdiction`."""


class Ownership(Model):
    """Who owns what of whom."""

    of: Party
    """Who belongs to somebody: a contractor, by name or number, or any other party, by a name of yours."""
    by: Party
    """Whom it belongs to: a contractor or another party, whom somebody may own in turn."""
    share: PositiveShare
    """What part of it belongs to them; from 0.5 on, in all and through others, it is theirs (OFAC's rule)."""


class Tier(Model):
    """What contractors may take on until more is known of them (KYC)."""

    of: Annotated[list[Party], Field(min_length=1)]
    """Types of contractors, names in a listed pool, or numbers in a drawn one."""
    per_contract_usd: Positive | None = None
    """USD that a contract with one of them may be agreed on at most; left out, any."""
    per_day_usd: Positive | None = None
    """USD that a client may agree on with one of them in a day of the clock; left out, any."""
    onboarding_h: NonNegative = 0.0
    """Hours after it has entered the market before one of them may be hired."""


class Compliance(Model):
    """Who may not be hired, by whom and for what. Needs `contracts`."""

    jurisdictions: Jurisdictions = Jurisdictions()
    """Under whose law everybody is; by default nobody's is known, and rules by it bear on nobody.
    """
    sanctioned: list[Party] = Field(default_factory=list)
    """Who may not be hired by anybody: contractors, and owners in `ownership`."""
    ownership: list[Ownership] = Field(default_factory=list)
    """Who owns whom. Whoever is owned to 50 % or more by sanctioned parties, directly, through others or
    together, is sanctioned too (OFAC's 50 % rule)."""
    embargo: dict[Jurisdiction, list[Jurisdiction]] = Field(default_factory=dict)
    """Jurisdictions whose contractors the clients of each jurisdiction may not hire."""
    residency: dict[Jurisdiction, list[Jurisdiction]] = Field(default_factory=dict)
    """Where the tasks of high `data_sensitivity` of each jurisdiction's clients may go; contractors of no
    known jurisdiction are none of these."""
    tiers: dict[str, Tier] = Field(default_factory=dict)
    """Limits by what is known of contractors, by the tier's name; who is in several keeps to all."""

    @property
    def laws_of_clients(self) -> dict[str, float]:
        """The jurisdictions that clients may be of, with their shares."""
        return {law: share for law, share in (self.jurisdictions.clients or {}).items() if share > 0}
