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

    def __init__(self, venue: Venue, stated: Settlement, *, tasks_per_s: float) -> None:
        super().__init__(venue.accounts)
        scenario, pool = venue.scenario, venue.pool
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
        self._surcharges = Surcharges(stated, book.currency_of, tasks_per_s, scenario.clock.horizon_s)
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
        contract.number, contract.held_units = self._book.authorises(contract.contractor), price
        self._surcharges.made(client, contract.contractor, at_s)
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

    def bill(self, contract: Contract, usd: float) -> None:
        contract.full_usd = usd

    def admitted_usd(self, contract: Contract, due_usd: float) -> float:
        """A bill is cut at its cap, and at what its client has."""
        if contract.number < 0:
            return 0.0
        self._book.calendar.advance(contract.ended_s)
        most_usd = self._most_usd(contract)
        if due_usd > most_usd:
            self._tally.disputes += 1
        if self._limited:
            has = contract.held_units + max(0, self._purses.left(contract.client))
            most_usd = min(most_usd, amount_of(has))
        return min(due_usd, most_usd)

    def _most_usd(self, contract: Contract) -> float:
        """What a bill may come to at most."""
        return math.inf if self._cap is None else contract.agreed_usd * (1 + self._cap)

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
        kept_back = contract.paid_usd == 0 and contract.billed_usd > 0 and contract.waived_usd == 0
        if contract.reported and kept_back:
            how = RECLAIMED
            self._give_back(contract, RECLAIM)
        elif contract.reported:
            how = CAPTURED
            self._capture(contract, paid)
        else:
            how = REFUNDED
            self._refund(contract, paid)
            full = units_of(min(contract.full_usd, self._most_usd(contract)))
            if self._disputes is not None and (case := self._contested(contract, full)) is not None:
                self._disputes.open(case, at_s)
        self._book.ends(number, how, contract.held_units)

    def cancel(self, contract: Contract) -> None:
        self._begin_end(contract)
        if contract.number < 0:
            return
        how, event = (RECLAIMED, RECLAIM) if contract.reason == TIMED_OUT else (VOIDED, VOID)
        self._give_back(contract, event)
        self._book.ends(contract.number, how, contract.held_units)

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

    def _capture(self, contract: Contract, paid: int) -> None:
        """Accepted work is paid, but for a holdback that waits for the window to close, or for a decision."""
        at_s, who, terms = contract.ended_s, contract.contractor, self._terms
        kept, target, opens = part_of(paid, terms.holdback), self._target(who), None
        waits = 0 if terms.window_s is None else kept
        if terms.window_s is None and 0 < kept < paid:  # the holdback waited for the verdict
            self._out(contract, CAPTURE, target, paid - kept)
            self._out(contract, RELEASE, target, kept)
        else:
            self._out(contract, CAPTURE, target, paid - waits)
        self._give_back(contract, RELEASE, but=waits)
        contract.held_units -= waits
        at_once, in_dispute = paid - waits, 0
        if self._disputes is not None and (case := self._contested(contract, paid, waits)) is not None:
            self._tally.contested[who] += (in_dispute := case.in_escrow)
            opens = partial(self._disputes.open, case)
        if at_once:
            owed = self._owed(contract, at_once, captured=True)
            owed.paid = opens
            self._payouts.owe(owed, at_s)
        elif opens is not None:
            opens(at_s)
        if terms.window_s is not None and waits > in_dispute:
            owed = self._owed(contract, waits - in_dispute, captured=at_once == 0)
            self._book.calendar.enter(at_s + terms.window_s, partial(self._release, owed))

    def _release(self, owed: Owed, at_s: float) -> None:
        """The window has closed: the holdback is the contractor's."""
        escrow = self._ledger.chart.escrow(owed.client)
        self._tally.wait(owed.units, owed.since_s, at_s)
        target = self._target(owed.contractor)
        self._ledger.move(at_s, RELEASE, owed.contract, escrow, target, owed.units)
        owed.since_s = at_s
        self._payouts.owe(owed, at_s)

    def _refund(self, contract: Contract, paid: int) -> None:
        """Bad work: its contractor has what is due for it, in one entry the client has the rest back."""
        at_s, target, held = contract.ended_s, self._target(contract.contractor), contract.held_units
        if self.bad_share is not None and paid and contract.state == COMPLETED:
            self._out(contract, CAPTURE, target, paid)
            self._give_back(contract, REFUND)
        elif held:
            escrow = self._ledger.chart.escrow(contract.client)
            legs = ((escrow, -held), (contract.client, held - paid), (target, paid))
            self._ledger.post(at_s, REFUND, contract.number, *(leg for leg in legs if leg[1]))
            contract.held_units = 0
        if paid:
            self._payouts.owe(self._owed(contract, paid, captured=False), at_s)

    def _contested(self, contract: Contract, full: int, waits: int = 0) -> Case | None:
        """What is at stake where the verdict on work is contested that earns so much where it is good: what
        bad work does not earn, as far as possible of what waits. None where nobody contests it."""
        units = full - part_of(full, self._due)
        if self._disputes is None or contract.state != COMPLETED:
            return None
        if not self._disputes.contests(_place(contract), units):
            return None
        return Case(
            contract.number,
            contract.client,
            contract.contractor,
            units,
            min(waits, units),
            contract.ended_s,
            contract.reported,
            contract.good,
            _place(contract),
        )

    def _owed(self, contract: Contract, units: int, *, captured: bool) -> Owed:
        who = contract.contractor
        foreign = self._purses.foreign(who, units, contract.submitted_s)
        self._tally.owed[who] += foreign
        return Owed(
            contract.number,
            contract.client,
            who,
            units,
            foreign,
            contract.ended_s,
            contract.submitted_s,
            contract.task,
            contract.attempt,
            captured,
        )

    def _target(self, contractor: int) -> int:
        """Where what is captured goes: to its contractor, or on its way there."""
        chart = self._ledger.chart
        return chart.contractor(contractor) if self._payouts.is_straight(contractor) else chart.transit

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
        self._book.calendar.advance(at_s)
        self._purses.from_contractor(at_s, LEVY, NO_CONTRACT, contractor, platform, units, up_front=True)

    def slash(self, contract: Contract) -> None:
        contract.slashed = True

    def surcharge_usd(
        self, client: int, ids: IntArray, price_usd: FloatArray, now_s: float
    ) -> FloatArray | None:
        return self._surcharges.usd(client, ids, price_usd, now_s)

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
        from coalesce_sim.settlement.journal import entries_of

        return entries_of(journal, self._ledger.chart, self._names, self._start)


def _place(contract: Contract) -> tuple[int, int, int]:
    """Which draws are a contract's own."""
    return contract.contractor, contract.task, contract.attempt


def currencies_of(stated: Settlement, names: tuple[str, ...], types: tuple[str, ...]) -> list[str]:
    """The currency of each contractor: that of its name or else of its type, or that of the book."""
    paid_in = {} if stated.fx is None else stated.fx.contractors
    return [
        paid_in.get(name, paid_in.get(kind, stated.currency)) for name, kind in zip(names, types, strict=True)
    ]
