"""Whom clients may hire now, by the rules of a scenario."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.compliance.masks import Masks
from coalesce_sim.compliance.parties import Parties
from coalesce_sim.market.contracts.discovery import NOBODY
from coalesce_sim.market.roster import Roster
from coalesce_sim.market.trade import Venue
from coalesce_sim.scenario.compliance import Compliance
from coalesce_sim.scenario.pool import DrawnPool
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.streams import Streams


class Ruling(NamedTuple):
    """What rules make of those who would offer: who is not asked, since its client may not hire it, and what
    may be agreed on at most with each who is, None where that is not limited."""

    out: IntArray
    most_usd: FloatArray | None


class Allowed:
    """Rules as they bear on offers, and what clients have agreed on with contractors of limited prices today.

    Days go from midnight to midnight of the clock. `offers` counts what was offered where a decision was
    carried out, `ruled_out` the offers that a rule forbade there.
    """

    def __init__(self, masks: Masks, enter_s: FloatArray, start_s: float) -> None:
        self._masks, self._enter_s, self._start_s = masks, enter_s, start_s
        self._limits, self._law_of = masks.limits, masks.law_of.tolist()
        self._tables = masks.closed, masks.closed_to_sensitive
        self._bears = [[bool(row.any()) for row in table] for table in self._tables]
        self._onboards, self._limits_prices = bool(self._limits.onboarding_s.any()), self._limits.any_usd
        self._by_day = bool(np.isfinite(self._limits.per_day_usd).any())
        self._day, self._agreed_usd = 0, dict[int, dict[int, float]]()
        self.offers = self.ruled_out = 0

    def ruled(self, client: int, ids: IntArray, now_s: float, *, sensitive: bool) -> tuple[IntArray, Ruling]:
        """Those of the contractors whom a client may hire for a task now, and what rules say of the others
        and of prices."""
        forbidden, out = self._forbidden(client, ids, now_s, sensitive=sensitive), NOBODY
        if forbidden is not None:
            out, ids = ids[forbidden], ids[~forbidden]
        return ids, Ruling(out, self.most_usd(client, ids, now_s))

    def _forbidden(self, client: int, ids: IntArray, now_s: float, *, sensitive: bool) -> BoolArray | None:
        """Which of the contractors a client may not hire for a task now; None where it may hire all."""
        law, forbidden = self._law_of[client], None
        if self._bears[sensitive][law]:
            forbidden = self._tables[sensitive][law][ids]
        if self._onboards:
            early = self._early(ids, now_s)
            forbidden = early if forbidden is None else forbidden | early
        return None if forbidden is None or not forbidden.any() else forbidden

    def _early(self, ids: IntArray, now_s: float) -> BoolArray:
        """Who has not been in the market for long enough."""
        early: BoolArray = now_s < self._enter_s[ids] + self._limits.onboarding_s[ids]
        return early

    def most_usd(self, client: int, ids: IntArray, now_s: float) -> FloatArray | None:
        """What a client may agree on now with each of the contractors; None where that is nowhere limited."""
        if not self._limits_prices:
            return None
        most_usd = self._limits.per_contract_usd[ids]
        if self._by_day:
            left_usd = self._limits.per_day_usd[ids]
            today = self._agreed_usd.get(client, {}) if self._day == self._day_of(now_s) else {}
            for place, who in enumerate(ids.tolist() if today else ()):
                left_usd[place] = max(0.0, left_usd[place] - today.get(who, 0.0))
            most_usd = np.minimum(most_usd, left_usd)
        return most_usd

    def commit(self, client: int, contractor: int, usd: float, now_s: float) -> None:
        """A contract is made now."""
        if not self._by_day:
            return
        if self._day != self._day_of(now_s):
            self._day, self._agreed_usd = self._day_of(now_s), {}
        agreed_usd = self._agreed_usd.setdefault(client, {})
        agreed_usd[contractor] = agreed_usd.get(contractor, 0.0) + usd

    def _day_of(self, at_s: float) -> int:
        return int((self._start_s + at_s) // 86_400)

    def count(self, offers: int, ruled_out: int) -> None:
        """A decision is carried out."""
        self.offers += offers
        self.ruled_out += ruled_out

    @property
    def not_allowed_rate(self) -> float:
        """The share of all offers that was ruled out, in percent."""
        return 100 * self.ruled_out / max(1, self.offers + self.ruled_out)

    def why(self, client: int, who: Iterable[int], now_s: float, *, sensitive: bool) -> dict[int, str]:
        """The rules that rule out these contractors, each of whom some rule does."""
        told = {}
        for contractor in who:
            rules = self._masks.why(client, contractor, sensitive=sensitive)
            if self._early(np.array([contractor]), now_s).any():
                rules.append(self._limits.of_onboarding(contractor, self._enter_s.item(contractor)))
            told[contractor] = "; ".join(rules) or self._limits.of_prices(contractor)
        return told


def masks_of(rules: Compliance, scenario: Scenario, roster: Roster, streams: Streams) -> Masks:
    """What the rules of a scenario make of its contractors."""
    drawn = isinstance(scenario.contractors, DrawnPool)
    parties = Parties(roster.names, roster.types, roster.stated("jurisdiction"), drawn=drawn)
    return Masks(rules, parties, scenario.clients.total, streams)


def allowed_of(venue: Venue) -> Allowed | None:
    """The rules of a scenario; None where they forbid nothing to anybody."""
    scenario, roster = venue.scenario, venue.pool.roster
    if scenario.compliance is None:
        return None
    masks = masks_of(scenario.compliance, scenario, roster, venue.streams)
    if not masks.any:
        return None
    return Allowed(masks, roster.presence.enter_s, scenario.clock.start_s_after_midnight)
