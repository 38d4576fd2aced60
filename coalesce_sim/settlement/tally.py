"""What a book came to, added up event by event beside the balances, which must agree with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

END_OF_CONTRACT: Final = ("captured", "voided", "refunded", "reclaimed", "charged back")
"""How an authorised contract ends, each in exactly one way."""

CAPTURED, VOIDED, REFUNDED, RECLAIMED, CHARGED_BACK = END_OF_CONTRACT


@dataclass
class Tally:
    """Sums of a book in units of its currency; what clients got back counts against what they paid.

    `prices` is what clients paid for contracts, `paid` the same by contractor, and `amounts` how many amounts
    that is. Of it `owed` is on its way to each, in its own currency, and `contested` waits for a decision
    instead, in that of the book. `by_clients` and `by_contractors` are fees of payments by who paid them;
    `fx_loss` is what clients paid for other currencies beyond prices. `disputes_net` is what clients paid
    through `disputes`, the cost of those they lost among it; `taken_back` is what came back through
    `charge_backs`. Of what was `written_off` clients bore `written_off_clients`. `waited` is money × time, in
    unit-microseconds.
    """

    contractors: int
    authorised: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    payment_failures: int = 0
    prices: int = 0
    by_clients: int = 0
    by_contractors: int = 0
    fx_loss: int = 0
    disputes: int = 0
    disputes_net: int = 0
    charge_backs: int = 0
    taken_back: int = 0
    written_off: int = 0
    written_off_clients: int = 0
    waited: int = 0
    paid: list[int] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    owed: list[int] = field(default_factory=list)
    contested: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("paid", "amounts", "owed", "contested"):
            setattr(self, name, [0] * self.contractors)

    def price(self, contractor: int, units: int) -> None:
        """A contractor has been paid for a contract."""
        self.prices += units
        self.paid[contractor] += units
        self.amounts[contractor] += 1

    def wait(self, units: int, from_s: float, to_s: float) -> None:
        """Money has waited."""
        self.waited += units * round(1e6 * (to_s - from_s))

    @property
    def borne_by_clients(self) -> int:
        """What clients paid beyond prices, as booked."""
        return self.by_clients + self.fx_loss + self.disputes_net + self.written_off_clients - self.taken_back
