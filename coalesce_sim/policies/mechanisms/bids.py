"""What a mechanism sees of the offers for one task."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.policies.protocol import SealedBids, View


class Bids(NamedTuple):
    """The sealed bids for one task, one entry an offer; a bid that may not win is infinite.

    `surcharges_usd` is what the client bears beyond the price: fees, expected loss, lateness. `internal_usd`
    is the client's estimate of the cost at home.
    """

    bids_usd: FloatArray
    surcharges_usd: FloatArray
    internal_usd: float

    @property
    def reserves_usd(self) -> FloatArray:
        """The price of each offer at which the client is as well off at home."""
        return self.internal_usd - self.surcharges_usd


def bids_in(view: View) -> Bids:
    """The bids of the eligible offers. Raises TypeError for a view that holds none."""
    if not isinstance(view, SealedBids):
        raise TypeError(f"a mechanism needs a SealedBids view (got {type(view).__name__})")
    bids_usd = np.where(view.eligible, view.bids_usd, math.inf)
    return Bids(bids_usd, view.external_usd - view.price_usd, view.internal_usd)
