"""The sealed-bid reverse second-price auction."""

from __future__ import annotations

import numpy as np

from coalesce_sim.policies.mechanisms.auction import Auction
from coalesce_sim.policies.mechanisms.bids import Bids
from coalesce_sim.rounding import exceeds, first_least


class Vickrey(Auction):
    """Hire the lowest sealed bid at the price of the second-lowest; at home where none is below its reserve.

    The reserve of an offer is the estimated cost at home less the surcharges that the client would bear with
    that offer. Of the bids below their reserves the lowest wins, ties go to the first, and is paid the
    second-lowest of them, at most its own reserve: the highest bid that it could have won with, which makes
    the truth a dominant strategy. The ranking is by price alone: the cheaper offer wins, however much more
    risk comes with it (`ScoreAuction` weighs the two). No parameters.
    Sources: Vickrey (1961), Journal of Finance 16(1); with a reserve, Myerson (1981), Mathematics of
    Operations Research 6(1).
    """

    def award(self, bids: Bids) -> tuple[int, float] | None:
        reserves_usd = bids.reserves_usd
        admissible = np.flatnonzero(exceeds(reserves_usd, bids.bids_usd))
        if not len(admissible):
            return None
        asked_usd = bids.bids_usd[admissible]
        best = first_least(asked_usd)
        winner = int(admissible[best])
        asked_usd[best] = reserves_usd[winner]
        return winner, float(asked_usd.min())
