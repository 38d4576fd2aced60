"""What a client expects payment to cost it beyond a price."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.scenario.settlement import Settlement


class Surcharges:
    """Fees that the client pays, the spread of a contractor's currency, and capital while a payment is on its
    way or a holdback waits for its window to close: a share of the price, and a part that is fixed.

    Of what is paid together a contract bears its part of the fixed fee, by how many a client expects in the
    payment: those that it has made, this one, and of the tasks that still come until then, if all went
    outside, the share that the contractor has had of them so far, counting one for everybody to begin with.
    `tasks_per_s` is how many tasks a client has. Disputes, charge-backs and rates that move are not expected.
    """

    def __init__(
        self, stated: Settlement, currency_of: Sequence[int], tasks_per_s: float, until_s: float
    ) -> None:
        pay, fees = stated.pay, [fee for fee in stated.fee if fee.payer == "client"]
        waits_days = pay.delay_days + (0.0 if pay.every_h is None else pay.every_h / 48)
        if stated.escrow is not None and stated.escrow.until == "window":
            waits_days += stated.escrow.holdback * stated.escrow.window_days
        capital = pay.capital_rate_per_year * waits_days / 365 if pay.borne_by == "client" else 0.0
        spread = 0.0 if stated.fx is None else stated.fx.spread_bp / 10_000
        self._fixed_usd = sum(fee.fixed_usd for fee in fees)
        self._share = np.full(len(currency_of), sum(fee.share for fee in fees) + capital)
        self._share[np.array(currency_of, dtype=np.int64) != 0] += spread
        self._free = self._fixed_usd == 0 and not self._share.any()
        self._every_s = None if pay.every_h is None or self._fixed_usd == 0 else 3600 * pay.every_h
        self._by_pair, self._tasks_per_s, self._until_s = pay.among == "pair", tasks_per_s, until_s
        self._period, self._made = 0, dict[int, dict[int, int]]()

    def made(self, client: int, contractor: int, now_s: float) -> None:
        """A contract is made now."""
        if self._every_s is None:
            return
        period = int(now_s // self._every_s)
        if period != self._period:
            self._period, self._made = period, {}
        with_each = self._made.setdefault(client, {})
        with_each[contractor] = with_each.get(contractor, 0) + 1

    def usd(self, client: int, ids: IntArray, price_usd: FloatArray, now_s: float) -> FloatArray | None:
        """The same of several prices, one a contractor; None where payment costs nothing."""
        if self._free:
            return None
        surcharge_usd: FloatArray = self._share[ids] * price_usd
        return surcharge_usd + self._fixed_usd / self._together(client, ids, now_s)

    def _together(self, client: int, ids: IntArray, now_s: float) -> FloatArray | float:
        """How many contracts with each contractor are expected in one payment."""
        if self._every_s is None:
            return 1.0
        period = int(now_s // self._every_s)
        ends_s = min((period + 1) * self._every_s, self._until_s)
        come = max(0.0, self._tasks_per_s * (ends_s - now_s) - 1)
        made = self._made.get(client, {}) if period == self._period else {}
        in_all = sum(made.values())
        if not self._by_pair:
            return 1 + in_all + come
        shares = come / (in_all + len(self._share))
        together = np.full(len(ids), 1 + shares)
        for place, who in enumerate(ids.tolist() if made else ()):
            together[place] += made.get(who, 0) * (1 + shares)
        return together
