"""What a scenario says of payment, in integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coalesce_sim.scenario.distributions import Distribution, drawn_at
from coalesce_sim.scenario.settlement import MOST_DAYS, Settlement
from coalesce_sim.settlement.units import Ratio, divided, part_of, ratio_of, units_of

DAY_S: Final = 86_400.0
_YEAR_US = 365 * 86_400 * 10**6


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """A fee on each payment: a share, rounded down, and a fixed part."""

    share: Ratio
    fixed: int
    by_client: bool

    def of(self, units: int) -> int:
        """What a payment costs."""
        return part_of(units, self.share) + self.fixed


def wait_s(days: Distribution, draw: float) -> float:
    """How long something takes that a draw decides, in seconds."""
    return DAY_S * min(drawn_at(days, draw), MOST_DAYS)


class Terms:
    """The settlement of a scenario as the book reckons with it; times in seconds, amounts in units."""

    def __init__(self, stated: Settlement) -> None:
        pay, escrow = stated.pay, stated.escrow
        self.fees = [
            FeeTerms(ratio_of(fee.share), units_of(fee.fixed_usd), fee.payer == "client")
            for fee in stated.fee
        ]
        self.every_s = None if pay.every_h is None else 3600 * pay.every_h
        self.by_pair, self.delay_s = pay.among == "pair", DAY_S * pay.delay_days
        self.spread = ratio_of(0.0 if stated.fx is None else stated.fx.spread_bp / 10_000)
        self._rate = ratio_of(pay.capital_rate_per_year)
        self.capital_by_client = pay.borne_by == "client"
        self.in_escrow = escrow is not None
        self.holdback = ratio_of(1.0 if escrow is None else escrow.holdback)
        self.window_s = None
        if escrow is not None and escrow.until == "window":
            self.window_s = DAY_S * escrow.window_days

    def capital(self, waited: int) -> int:
        """What money × time costs, of unit-microseconds, half to even."""
        return divided(waited * self._rate.above, self._rate.below * _YEAR_US)

    def clients_fees(self, units: int) -> int:
        """What a payment costs its client."""
        return sum(fee.of(units) for fee in self.fees if fee.by_client)
