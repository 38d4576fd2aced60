"""Payment as a scenario settles it: every event of a contract is an entry of the book."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.payments import Payments
from coalesce_sim.market.contracts.reasons import TIMED_OUT
from coalesce_sim.market.contracts.states import COMPLETED
from coalesce_sim.market.trade import Venue
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.scenario.distributions import drawn_at
from coalesce_sim.scenario.settlement import Settlement
from coalesce_sim.settlement.book import Book
from coalesce_sim.settlement.disputes import Case, Disputes
from coalesce_sim.settlement.events import (
    AUTHORISE,
    CAPTURE,
    ENTRY_FEE,
    LEVY,
    RECLAIM,
    REFUND,
    RELEASE,
    SLASH,
    STAKE,
    TOP_UP,
    UNSTAKE,
    VOID,
)
from coalesce_sim.settlement.ledger import NO_CONTRACT
from coalesce_sim.settlement.payouts import Owed
from coalesce_sim.settlement.surcharges import Surcharges
from coalesce_sim.settlement.tally import CAPTURED, RECLAIMED, REFUNDED, VOIDED
from coalesce_sim.settlement.units import amount_of, part_of, ratio_of, units_of

if TYPE_CHECKING:
    import pyarrow as pa

_TRIES = 16
"""More attempts at authorising a contract than there may be."""


class Settling(Payments):
    """Keeps the book of a market, and checks it against the records when the market has ended."""

    def __init__(self, venue: Venue, stated: Settlement, *, expected_per_payment: float) -> None:
        super().__init__(venue.accounts)
        scenario, pool, self._luck = venue.scenario, venue.pool, venue.luck
        self._presence, self._defences = pool.roster.presence, scenario.defences
        self._names, self._start = pool.names, scenario.clock.start
        self._book = book = Book(
            stated,
            clients=scenario.clients.total,
            contractors=len(pool),
            currency_of=currencies_of(stated, pool.names, pool.types),
            luck=venue.luck,
            streams=venue.streams,
            keeps_journal=venue.observer.wants("journal"),
        )
        self._ledger, self._purses, self._tally = book.ledger, book.purses, book.tally
        self._terms, self._payouts = book.terms, book.payouts
        self._surcharges = Surcharges(stated, book.currency_of, expected_per_payment)
        self._failures, self._failed = stated.failures, venue.luck("settlement.failed")
        self._limited = stated.clients is not None
        self._stake = units_of(scenario.defences.stake_usd)
        escrow = stated.escrow
        self.secured = escrow is not None
        self._cap, self._disputes = None, None
        if escrow is not None:
            self._cap = escrow.cap
            if escrow.until == "verified" and escrow.holdback < 1:
                self.bad_share = 1 - escrow.holdback
            if escrow.dispute is not None:
                self._disputes = Disputes(
                    escrow.dispute, book.ledger, book.purses, book.calendar, book.tally, venue.luck
                )
        due = 0.0 if scenario.contracts is None else scenario.contracts.due_on_failure
        self._due = ratio_of(due if self.bad_share is None else self.bad_share)
        if stated.clients is not None:
            draws = venue.luck("settlement.funds")
            for client in range(scenario.clients.total):
                usd = drawn_at(stated.clients.funds_usd, draws.draw(LOCAL, client))
                self._purses.fund(0.0, client, units_of(usd))

    def reserve(self, contract: Contract) -> bool:
        at_s, client = contract.submitted_s, contract.client
        self._accounts.hold(0.0)  # it counts contracts; the book holds the money
        self._book.calendar.advance(at_s)
        price = units_of(contract.agreed_usd)
        if self._refused(contract) or (
            self._limited and price + self._terms.clients_fees(price) > self._purses.left(client)
        ):
            self._tally.payment_failures += 1
            return False
        contract.number, contract.held_units = self._tally.authorised, price
        self._tally.authorised += 1
        self._book.authorises(contract.contractor)
        escrow = self._ledger.chart.escrow(client)
        self._purses.from_client(at_s, AUTHORISE, contract.number, client, escrow, price)
        if self._stake:
            stake, who = self._ledger.chart.stake(contract.contractor), contract.contractor
            self._purses.from_contractor(at_s, STAKE, contract.number, who, stake, self._stake, up_front=True)
        return True

    def _refused(self, contract: Contract) -> bool:
        """Whether no attempt to authorise it succeeds."""
        rules = self._failures
        if rules is None or rules.rate == 0:
            return False
        first, at = contract.attempt * _TRIES, (contract.contractor, contract.task)
        tries = range(first, first + rules.retries + 1)
        return all(self._failed.draw(*at, each) < rules.rate for each in tries)

    def admitted_usd(self, contract: Contract, due_usd: float) -> float:
        """A bill is cut at its cap, and at what its client has."""
        if contract.number < 0:
            return 0.0
        most_usd = math.inf if self._cap is None else contract.agreed_usd * (1 + self._cap)
        if self._limited:
            has = contract.held_units + max(0, self._purses.left(contract.client))
            most_usd = min(most_usd, amount_of(has))
        if due_usd > most_usd:
            self._tally.disputes += 1
        return min(due_usd, most_usd)

    def deliver(self, contract: Contract) -> None:
        at_s, who, client = contract.ended_s, contract.contractor, contract.client
        self._begin_end(contract)
        self._accounts.pay(who, contract.paid_usd)
        paid, number = units_of(contract.paid_usd), contract.number
        escrow = self._ledger.chart.escrow(client)
        if self._limited:
            paid = min(paid, contract.held_units + max(0, self._purses.left(client)))
        if (more := paid - contract.held_units) > 0:
            self._purses.from_client(at_s, TOP_UP, number, client, escrow, more)
            contract.held_units += more
        self._tally.price(who, paid)
        contested = (
            self._disputes is not None
            and contract.state == COMPLETED
            and self._disputes.contests(_place(contract))
        )
        if contract.reported and (paid > 0 or contract.billed_usd == 0):
            self._tally.ended[CAPTURED] += 1
            self._capture(contract, paid, contested=contested)
        elif contract.reported:
            self._tally.ended[RECLAIMED] += 1
            self._give_back(contract, RECLAIM)
        else:
            self._tally.ended[REFUNDED] += 1
            self._refund(contract, paid)
            if contested:
                self._contest(contract, at_s, 0)
        self._book.is_empty(contract.number, contract.held_units)

    def cancel(self, contract: Contract) -> None:
        self._begin_end(contract)
        if contract.number < 0:
            return
        timed_out = contract.reason == TIMED_OUT
        self._tally.ended[RECLAIMED if timed_out else VOIDED] += 1
        self._give_back(contract, RECLAIM if timed_out else VOID)
        self._book.is_empty(contract.number, contract.held_units)

    def _begin_end(self, contract: Contract) -> None:
        """What waited for a contract has waited; its stake goes where it belongs."""
        at_s = contract.ended_s
        self._accounts.release(0.0, contract.state)
        self._book.calendar.advance(at_s)
        if contract.number < 0:
            return
        if self._terms.in_escrow:
            self._tally.wait(contract.held_units, contract.submitted_s, at_s)
        if self._stake:
            chart, who = self._ledger.chart, contract.contractor
            if contract.slashed:
                self._ledger.move(at_s, SLASH, contract.number, chart.stake(who), chart.platform, self._stake)
            else:
                self._purses.to_contractor(at_s, UNSTAKE, contract.number, who, chart.stake(who), self._stake)

    def _capture(self, contract: Contract, paid: int, *, contested: bool) -> None:
        """Accepted work is paid, but for a holdback that waits for the window to close."""
        at_s, terms = contract.ended_s, self._terms
        kept = part_of(paid, terms.holdback)
        waits = kept if terms.window_s is not None else 0
        target = self._target(contract)
        if terms.window_s is None and 0 < kept < paid:  # the holdback waited for the verdict
            self._out(contract, CAPTURE, target, paid - kept)
            self._out(contract, RELEASE, target, kept)
        else:
            self._out(contract, CAPTURE, target, paid - waits)
        self._give_back(contract, RELEASE, but=waits)
        in_dispute = min(waits, paid - part_of(paid, self._due)) if contested else 0
        owed = self._owed(contract, paid - waits, captured=True)
        if contested:
            owed.contested = True
            owed.paid = lambda paid_s: self._contest(contract, paid_s, in_dispute)
        if owed.units or contested:
            self._payouts.owe(owed, at_s, straight=self._payouts.is_straight(contract.contractor))
        contract.held_units -= waits
        if terms.window_s is not None and waits > in_dispute:
            release = partial(self._release, contract, waits - in_dispute)
            self._book.calendar.enter(at_s + terms.window_s, release)

    def _release(self, contract: Contract, units: int, at_s: float) -> None:
        """The window has closed: the holdback is the contractor's."""
        escrow = self._ledger.chart.escrow(contract.client)
        self._tally.wait(units, contract.ended_s, at_s)
        self._ledger.move(at_s, RELEASE, contract.number, escrow, self._target(contract), units)
        owed = self._owed(contract, units, captured=False)
        owed.since_s = at_s
        self._payouts.owe(owed, at_s, straight=self._payouts.is_straight(contract.contractor))

    def _refund(self, contract: Contract, paid: int) -> None:
        """Bad work: its contractor has what is due for it, in one entry the client has the rest back."""
        if self.bad_share is not None and paid and contract.state == COMPLETED:
            self._out(contract, CAPTURE, self._target(contract), paid)
            self._give_back(contract, REFUND)
        else:
            escrow, held = self._ledger.chart.escrow(contract.client), contract.held_units
            legs = ((escrow, -held), (contract.client, held - paid), (self._target(contract), paid))
            self._ledger.post(contract.ended_s, REFUND, contract.number, *(leg for leg in legs if leg[1]))
            contract.held_units = 0
        if paid:
            owed = self._owed(contract, paid, captured=False)
            straight = self._payouts.is_straight(contract.contractor)
            self._payouts.owe(owed, contract.ended_s, straight=straight)

    def _contest(self, contract: Contract, at_s: float, in_escrow: int) -> None:
        """One side contests the verdict: what bad work does not earn is at stake."""
        assert self._disputes is not None
        full = units_of(contract.paid_usd if contract.reported else contract.full_usd)
        case = Case(
            contract.number,
            contract.client,
            contract.contractor,
            full - part_of(full, self._due),
            in_escrow,
            contract.reported,
            contract.good,
            _place(contract),
        )
        self._disputes.open(case, at_s)

    def _owed(self, contract: Contract, units: int, *, captured: bool) -> Owed:
        foreign = self._purses.foreign(contract.contractor, units, contract.submitted_s)
        return Owed(
            contract.number,
            contract.client,
            contract.contractor,
            units,
            foreign,
            contract.ended_s,
            contract.submitted_s,
            contract.task,
            contract.attempt,
            captured,
        )

    def _target(self, contract: Contract) -> int:
        """Where what is captured goes: to its contractor, or on its way there."""
        chart = self._ledger.chart
        straight = self._payouts.is_straight(contract.contractor)
        return chart.contractor(contract.contractor) if straight else chart.transit

    def _out(self, contract: Contract, event: int, target: int, units: int) -> None:
        """Part of what a contract holds leaves escrow."""
        escrow = self._ledger.chart.escrow(contract.client)
        self._ledger.move(contract.ended_s, event, contract.number, escrow, target, units)
        contract.held_units -= units

    def _give_back(self, contract: Contract, event: int, *, but: int = 0) -> None:
        """What a contract still holds goes back to its client, but for what waits."""
        self._out(contract, event, contract.client, contract.held_units - but)

    def levy(self, at_s: float, contractor: int, usd: float) -> None:
        platform, units = self._ledger.chart.platform, units_of(usd)
        self._purses.from_contractor(at_s, LEVY, NO_CONTRACT, contractor, platform, units, up_front=True)

    def slash(self, contract: Contract) -> None:
        contract.slashed = True

    def surcharge_usd(self, ids: IntArray, price_usd: FloatArray) -> FloatArray | None:
        return self._surcharges.usd(ids, price_usd)

    def close(self, now_s: float) -> None:
        """Book what contractors paid for their names, let all fall due, and check the laws."""
        fee, presence = units_of(self._defences.entry_fee_usd), self._presence
        for who in np.flatnonzero(presence.entered(now_s)).tolist() if fee else ():
            at_s, platform = presence.enter_s.item(who), self._ledger.chart.platform
            self._purses.from_contractor(at_s, ENTRY_FEE, NO_CONTRACT, who, platform, fee, up_front=True)
        self._book.close(now_s, self._accounts.revenue_usd)

    def figures(self) -> dict[str, float]:
        return self._book.figures()

    def journal(self) -> pa.Table | None:
        journal = self._ledger.journal
        if journal is None:
            return None
        return self._book.table(journal, self._names, self._start)


def _place(contract: Contract) -> tuple[int, int, int]:
    """Which draws are a contract's own."""
    return contract.contractor, contract.task, contract.attempt


def currencies_of(stated: Settlement, names: tuple[str, ...], types: tuple[str, ...]) -> list[str]:
    """The currency of each contractor: that of its name or else of its type, or that of the book."""
    paid_in = {} if stated.fx is None else stated.fx.contractors
    return [
        paid_in.get(name, paid_in.get(kind, stated.currency)) for name, kind in zip(names, types, strict=True)
    ]
