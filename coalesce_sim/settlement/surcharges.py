"""What a client expects payment to cost it beyond a price."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.scenario.settlement import Settlement
from coalesce_sim.settlement.tally import Tally


class Surcharges:
    """Fees that the client pays, the spread of a contractor's currency, and capital while a payment is on its
    way or a holdback waits for its window to close: a share of the price, and a part that is fixed.

    Of what is paid together a contract bears its part of the fixed fee, by how many contracts there were in a
    payment so far, of all clients: in those that were made, and in one more of so many as are `expected`.
    Disputes, charge-backs and rates that move are not expected.
    """

    def __init__(self, stated: Settlement, currency_of: Sequence[int], expected: float, tally: Tally) -> None:
        pay, fees = stated.pay, [fee for fee in stated.fee if fee.payer == "client"]
        waits_days = pay.delay_days + (0.0 if pay.every_h is None else pay.every_h / 48)
        if stated.escrow is not None and stated.escrow.until == "window":
            waits_days += stated.escrow.holdback * stated.escrow.window_days
        capital = pay.capital_rate_per_year * waits_days / 365 if pay.borne_by == "client" else 0.0
        spread = 0.0 if stated.fx is None else stated.fx.spread_bp / 10_000
        self._fixed_usd, self._expected, self._tally = sum(fee.fixed_usd for fee in fees), expected, tally
        self._share = np.full(len(currency_of), sum(fee.share for fee in fees) + capital)
        self._share[np.array(currency_of, dtype=np.int64) != 0] += spread
        self._free = self._fixed_usd == 0 and not self._share.any()

    def usd(self, ids: IntArray, price_usd: FloatArray) -> FloatArray | None:
        """The same of several prices, one a contractor; None where payment costs nothing."""
        if self._free:
            return None
        together = (self._expected + self._tally.netted) / (1 + self._tally.nets)
        surcharge_usd: FloatArray = self._share[ids] * price_usd + self._fixed_usd / together
        return surcharge_usd
