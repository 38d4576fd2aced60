"""What contractors may take on until more is known of them: the limits of their tiers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.compliance.parties import Parties
from coalesce_sim.numbers import number
from coalesce_sim.scenario.compliance import Tier


class Limits(NamedTuple):
    """By contractor: what a contract may be agreed on at most, and all of a day with one client, infinite
    where any may be; how long each is not hired after it has entered; and the tiers that each is in."""

    per_contract_usd: FloatArray
    per_day_usd: FloatArray
    onboarding_s: FloatArray
    tiers: list[tuple[str, Tier, frozenset[int]]]

    @property
    def any_usd(self) -> bool:
        """Whether any contractor's prices are limited."""
        return bool(np.isfinite(self.per_contract_usd).any() or np.isfinite(self.per_day_usd).any())

    def of_prices(self, contractor: int) -> str:
        """The rules that limit what a contractor may ask for."""
        told = []
        for name, tier, members in self.tiers:
            limits = (tier.per_contract_usd, "a contract"), (tier.per_day_usd, "a day")
            parts = [f"{number(usd)} USD {what}" for usd, what in limits if usd is not None]
            if contractor in members and parts:
                told.append(f"tier {name}: at most {', '.join(parts)}")
        return "; ".join(told)

    def of_onboarding(self, contractor: int, enter_s: float) -> str:
        """The rule by which a contractor is not hired yet that enters then."""
        stays = [each for each in self.tiers if contractor in each[2]]
        name, tier, _ = max(stays, key=lambda each: each[1].onboarding_h)
        return f"onboarding until {enter_s / 3600 + tier.onboarding_h:.6g} h (tier {name})"


def limits_of(tiers: Mapping[str, Tier], parties: Parties) -> Limits:
    """The limits of all contractors."""
    per_contract_usd, per_day_usd = np.full(len(parties), math.inf), np.full(len(parties), math.inf)
    onboarding_s, members = np.zeros(len(parties)), list[tuple[str, Tier, frozenset[int]]]()
    for name, tier in tiers.items():
        who = np.unique(np.concatenate([parties.meant(word) for word in tier.of]))
        members.append((name, tier, frozenset(who.tolist())))
        for column, usd in (per_contract_usd, tier.per_contract_usd), (per_day_usd, tier.per_day_usd):
            if usd is not None:
                column[who] = np.minimum(column[who], usd)
        onboarding_s[who] = np.maximum(onboarding_s[who], 3600 * tier.onboarding_h)
    return Limits(per_contract_usd, per_day_usd, onboarding_s, members)
