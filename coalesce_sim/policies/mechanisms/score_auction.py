"""The auction in which quality counts beside the price."""

from __future__ import annotations

from coalesce_sim.policies.mechanisms.auction import Auction
from coalesce_sim.policies.mechanisms.bids import Bids
from coalesce_sim.rounding import exceeds, first_least


class ScoreAuction(Auction):
    """Hire the sealed bid of the best score, paid to match the second-best; at home where none beats home.

    The score is quality less price in USD, −(surcharges + bid): an offer's quality is worth what it spares
    the client of fees, expected loss and lateness. Home takes part with a score of minus its estimated cost.
    The highest score wins, ties go to the first, and is paid the price at which it would equal the
    second-highest, at most home's cost less the surcharges. With truthful bids the task goes where its total
    cost is least, and no bidder gains by another bid, because the payment does not depend on its own. No
    parameters.
    Source: the second-score auction of Che (1993), RAND Journal of Economics 24(4), with quality given.
    """

    def award(self, bids: Bids) -> tuple[int, float] | None:
        total_usd = bids.bids_usd + bids.surcharges_usd
        if not len(total_usd):
            return None
        winner = first_least(total_usd)
        least_usd = float(total_usd[winner])
        if not exceeds(bids.internal_usd, least_usd):
            return None
        total_usd[winner] = bids.internal_usd
        return winner, float(bids.bids_usd[winner]) + (float(total_usd.min()) - least_usd)
