"""What clients' habits and the market's rules make of a policy's decision, before it is carried out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coalesce_sim.arrays import BoolArray
from coalesce_sim.luck import Luck
from coalesce_sim.market.contracts.behaviour import Asking
from coalesce_sim.market.contracts.quotes import ContractQuote
from coalesce_sim.market.pool import Pool
from coalesce_sim.policies.protocol import LOCAL, Decision
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.schema import Scenario


class Steering:
    """Sends some hires to whoever answers first, and those home that are tried out for too much."""

    def __init__(self, scenario: Scenario, pool: Pool, asking: Asking, luck: Luck) -> None:
        self._bias, self._network_s, self._asking = scenario.clients.position_bias, pool.network_s, asking
        self._random_order = scenario.defences.random_order
        self._explore_at_most = scenario.defences.explore_at_most
        self._takes_first, self._order = luck("takes first"), luck("order of offers")

    def turned(self, quote: ContractQuote, decision: Decision) -> Decision:
        """What is carried out."""
        if decision.contractor == LOCAL:
            return decision
        at = LOCAL, quote.task, quote.offers.attempt
        if self._bias > 0 and decision.price_usd is None and self._takes_first.draw(*at) < self._bias:
            decision = replace(decision, contractor=self._first(quote))
        if decision.explored and self._explore_at_most is not None:
            asked_usd = quote.asked_usd.item(decision.contractor)
            price_usd = asked_usd if decision.price_usd is None else float(decision.price_usd)
            if exceeds(price_usd, self._explore_at_most * quote.stay.internal_usd):
                return replace(decision, contractor=LOCAL)
        return decision

    def _first(self, quote: ContractQuote) -> int:
        """The eligible offer that comes first: of those who see to that, else of the least network delay; of
        equals the one listed first. In a random order any may be."""
        offers = quote.offers
        eligible: BoolArray = offers.eligible[0]
        places = np.flatnonzero(eligible) if eligible.any() else np.arange(len(offers.ids))
        ids = offers.ids[places]
        if self._random_order:
            draw = self._order.draw(LOCAL, quote.task, offers.attempt)
            return places.item(int(draw * len(places)))
        hurries = self._asking.hurries(quote.now_s, ids)
        delay_s = np.where(hurries, -1.0, self._network_s[ids])
        return places.item(int(delay_s.argmin()))
