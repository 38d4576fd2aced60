"""A market maker that posts prices."""

from __future__ import annotations

import numpy as np

from coalesce_sim.policies.mechanisms.bids import bids_in
from coalesce_sim.policies.protocol import LOCAL, Decision, Policy, SealedBids, Surroundings, View
from coalesce_sim.rounding import exceeds, first_least
from coalesce_sim.scenario import mechanisms as settings


class PostedPrice(Policy):
    """Post one price per task type; hire the best contractor that accepts it, unless home is cheaper.

    A contractor accepts a price that covers its cost, its best answer to a price that it cannot move by
    itself. Whoever accepts is paid the same, so that the best is the one with the least surcharges: expected
    loss, fees, lateness; ties go to the first. After each task the type's price, the same for all clients,
    moves: times ``1 + step`` where nobody accepted, divided by it where more than `accepting_share` of the
    eligible did, else it stays. It starts at the mean price in the eligible offers for the type's first task.
    Parameters and defaults: `coalesce_sim.scenario.mechanisms.PostedPrice`.
    Sources: posted prices that learn from acceptances, Kleinberg and Leighton (2003), FOCS; multiplicative
    tâtonnement while trading, Cole and Fleischer (2008), STOC.
    """

    view_type = SealedBids

    def __init__(self, rules: settings.PostedPrice) -> None:
        self._up = 1 + rules.step
        self._accepting_share = rules.accepting_share

    def start(self, surroundings: Surroundings) -> None:  # noqa: ARG002
        self._posted_usd: dict[int, float] = {}

    def decide(self, view: View) -> Decision:
        bids, type_id = bids_in(view), view.type_id
        eligible = int(np.count_nonzero(view.eligible))
        if not eligible:
            return Decision(LOCAL)
        price_usd = self._posted_usd.get(type_id)
        if price_usd is None:
            price_usd = float(view.price_usd[view.eligible].mean())
        accepting = np.flatnonzero(~exceeds(bids.bids_usd, price_usd))
        self._posted_usd[type_id] = self._moved(price_usd, len(accepting) / eligible)
        reasons = {"posted_usd": price_usd, "accepting": len(accepting)} if view.offers.explain else None
        if len(accepting):
            best = int(accepting[first_least(bids.surcharges_usd[accepting])])
            if exceeds(float(bids.reserves_usd[best]), price_usd):
                return Decision(best, reasons=reasons, price_usd=price_usd)
        return Decision(LOCAL, reasons=reasons)

    def _moved(self, price_usd: float, share: float) -> float:
        if share == 0:
            return price_usd * self._up
        return price_usd / self._up if share > self._accepting_share else price_usd
