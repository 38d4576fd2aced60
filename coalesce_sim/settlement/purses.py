"""Money to and from those who trade, whatever currency they keep it in."""

from __future__ import annotations

from collections.abc import Sequence

from coalesce_sim.settlement.events import FUND
from coalesce_sim.settlement.ledger import NO_CONTRACT, Ledger
from coalesce_sim.settlement.rates import Rates


class Purses:
    """Makes the entries by which clients and contractors pay and are paid.

    `currency_of` is the number of each contractor's currency. Clients are funded as they need it unless their
    funds are `limited`; contractors are where they pay up front. `funded_clients` is what clients were funded
    with so far.
    """

    def __init__(self, ledger: Ledger, rates: Rates, currency_of: Sequence[int], *, limited: bool) -> None:
        self._ledger, self._rates, self._currency_of = ledger, rates, currency_of
        self._limited = limited
        self.funded_clients = 0

    def left(self, client: int) -> int:
        """What a client has."""
        return self._ledger.balances[client]

    def fund(self, at_s: float, account: int, units: int) -> None:
        """Equity comes to an account."""
        chart = self._ledger.chart
        opening = chart.shared(chart.opening, chart.currency_of(account))
        if account < chart.clients:
            self.funded_clients += units
        self._ledger.move(at_s, FUND, NO_CONTRACT, opening, account, units)

    def cover(self, at_s: float, client: int, units: int) -> None:
        """See to it that a client can pay, unless its funds are limited."""
        lacks = units - self._ledger.balances[client]
        if lacks > 0 and not self._limited:
            self.fund(at_s, client, lacks)

    def from_client(
        self, at_s: float, event: int, contract: int, client: int, target: int, units: int
    ) -> None:
        """A client pays into an account of the book's currency."""
        self.cover(at_s, client, units)
        self._ledger.move(at_s, event, contract, client, target, units)

    def is_foreign(self, contractor: int) -> bool:
        """Whether a contractor keeps its money in another currency than the book."""
        return self._currency_of[contractor] != 0

    def worth(self, contractor: int, units: int, foreign: int, at_s: float) -> int:
        """What was `units` when a contractor's own currency came to `foreign` of its own, as it is now."""
        return units if self._rates.still else self._rates.own(foreign, self._currency_of[contractor], at_s)

    def foreign(self, contractor: int, units: int, at_s: float) -> int:
        """An amount in a contractor's own currency, at the rate of a time."""
        currency = self._currency_of[contractor]
        return self._rates.foreign(units, currency, at_s) if currency else units

    def to_contractor(
        self,
        at_s: float,
        event: int,
        contract: int,
        contractor: int,
        source: int,
        units: int,
        foreign: int | None = None,
    ) -> None:
        """A contractor is paid from an account of the book's currency; of another it gets `foreign` or, left
        out, what the amount is worth now."""
        currency, chart = self._currency_of[contractor], self._ledger.chart
        if currency == 0:
            self._ledger.move(at_s, event, contract, source, chart.contractor(contractor), units)
            return
        gets = self._rates.foreign(units, currency, at_s) if foreign is None else foreign
        self._exchange(at_s, event, contract, source, units, chart.contractor(contractor, currency), gets)

    def from_contractor(
        self,
        at_s: float,
        event: int,
        contract: int,
        contractor: int,
        target: int,
        units: int,
        *,
        up_front: bool = False,
    ) -> None:
        """A contractor pays into an account of the book's currency what an amount is worth now; `up_front`,
        equity covers what it lacks, and else it owes that."""
        currency, chart = self._currency_of[contractor], self._ledger.chart
        account = chart.contractor(contractor, currency)
        gives = self.foreign(contractor, units, at_s)
        lacks = gives - self._ledger.balances[account]
        if up_front and lacks > 0:
            self.fund(at_s, account, lacks)
        if currency == 0:
            self._ledger.move(at_s, event, contract, account, target, units)
        else:
            self._exchange(at_s, event, contract, target, -units, account, -gives)

    def _exchange(
        self, at_s: float, event: int, contract: int, account: int, units: int, other: int, gets: int
    ) -> None:
        """The four legs of an exchange: units leave an account, and another gets what they came to."""
        chart = self._ledger.chart
        theirs = chart.shared(chart.exchange, chart.currency_of(other))
        self._ledger.post(
            at_s,
            event,
            contract,
            (account, -units),
            (chart.exchange, units),
            (theirs, -gets),
            (other, gets),
        )
