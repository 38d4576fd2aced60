"""What all auctions have in common."""

from __future__ import annotations

from coalesce_sim.policies.mechanisms.bids import Bids, bids_in
from coalesce_sim.policies.protocol import LOCAL, Decision, Policy, SealedBids, View


class Auction(Policy):
    """Every task is put up to sealed bids; a subclass says who wins and what the winner is paid."""

    view_type = SealedBids

    def award(self, bids: Bids) -> tuple[int, float] | None:
        """Position of the winner and its payment in USD, None if nobody is hired."""
        raise NotImplementedError(f"{type(self).__name__} does not define award(bids)")

    def decide(self, view: View) -> Decision:
        bids = bids_in(view)
        told = {"bid_usd": bids.bids_usd, "reserve_usd": bids.reserves_usd} if view.offers.explain else None
        awarded = self.award(bids)
        if awarded is None:
            return Decision(LOCAL, reasons=told)
        winner, price_usd = awarded
        return Decision(winner, reasons=told, price_usd=price_usd)
