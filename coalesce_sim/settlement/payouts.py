"""From what is captured to what contractors have: netting, transit, exchange, fees and charge-backs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from coalesce_sim.luck import Draws
from coalesce_sim.scenario.settlement import ChargeBacks
from coalesce_sim.settlement.calendar import Calendar
from coalesce_sim.settlement.events import (
    CHARGE_BACK,
    DISPUTE_FEE,
    EXCHANGE,
    FEE,
    PAY_OUT,
    RELEASE,
    TOP_UP,
)
from coalesce_sim.settlement.ledger import NO_CONTRACT, Ledger
from coalesce_sim.settlement.purses import Purses
from coalesce_sim.settlement.tally import CAPTURED, CHARGED_BACK, Tally
from coalesce_sim.settlement.terms import Terms, wait_s
from coalesce_sim.settlement.units import part_of, units_of

HOME: Final = -1
"""In whose name luck is drawn that belongs to no contractor."""


@dataclass(slots=True)
class Owed:
    """What a contract has earned its contractor: `units`, in its own currency `foreign`, which wait since a
    time; the contract was authorised at another. `task` and `attempt` say which draws are its own, `captured`
    whether this is what it ends with. `paid` is told when what will be contested is paid."""

    contract: int
    client: int
    contractor: int
    units: int
    foreign: int
    since_s: float
    authorised_s: float
    task: int
    attempt: int
    captured: bool
    paid: Callable[[float], None] | None = None


@dataclass(slots=True)
class Payment:
    """What is paid together, and the draws by which it may be charged back."""

    client: int
    draw: tuple[int, int, int]
    owed: list[Owed] = field(default_factory=list)


class Payouts:
    """Pays contractors what was captured for them, on the book's calendar.

    `took_s` is told how long each contract took from authorisation to payment. `taken` is what clients took
    back of each contractor, in order, where they bear what is written off.
    """

    def __init__(
        self,
        terms: Terms,
        ledger: Ledger,
        purses: Purses,
        calendar: Calendar,
        tally: Tally,
        charge_backs: ChargeBacks | None,
        charged_back: Draws,
        charged_back_days: Draws,
        took_s: Callable[[float], None],
    ) -> None:
        self._terms, self._ledger, self._purses = terms, ledger, purses
        self._calendar, self._tally = calendar, tally
        self._charge_backs, self._draws, self._days = charge_backs, charged_back, charged_back_days
        self._charge_back_fee = 0 if charge_backs is None else units_of(charge_backs.fee_usd)
        self._took_s = took_s
        self._open: dict[tuple[int, ...], Payment] = {}
        self.taken: dict[int, list[tuple[int, int]]] = {}

    def is_straight(self, contractor: int) -> bool:
        """Whether what is captured for a contractor is its own at once."""
        terms = self._terms
        return terms.every_s is None and terms.delay_s == 0 and not self._purses.is_foreign(contractor)

    def owe(self, owed: Owed, now_s: float) -> None:
        """Something was captured now: its contractor has it, or it is in transit."""
        every_s = self._terms.every_s
        if every_s is None:
            alone = Payment(owed.client, (owed.contractor, owed.task, owed.attempt), [owed])
            if self.is_straight(owed.contractor):
                self._pay(alone, now_s, straight=True)
            else:
                self._send(alone, now_s)
            return
        period = int(now_s // every_s)
        who = (owed.contractor,) if self._terms.by_pair else ()
        key = (period, owed.client, *who)
        payment = self._open.get(key)
        if payment is None:
            first = owed.contractor if self._terms.by_pair else HOME
            payment = self._open[key] = Payment(owed.client, (first, period, owed.client))
            self._calendar.enter((period + 1) * every_s, partial(self._close, key))
        payment.owed.append(owed)

    def _close(self, key: tuple[int, ...], at_s: float) -> None:
        """What is paid together is complete."""
        self._send(self._open.pop(key), at_s)

    def _send(self, payment: Payment, at_s: float) -> None:
        """A payment sets out, and arrives when its transit is over."""
        if self._terms.delay_s == 0:
            self._pay(payment, at_s)
        else:
            self._calendar.enter(at_s + self._terms.delay_s, partial(self._pay, payment))

    def _pay(self, payment: Payment, at_s: float, *, straight: bool = False) -> None:
        """A payment reaches its contractors, its fees are taken, and luck says whether it comes back."""
        tally, each_gets = self._tally, dict[int, list[int]]()
        for owed in payment.owed:
            gets = each_gets.setdefault(owed.contractor, [0, 0])
            gets[0] += owed.units
            gets[1] += owed.foreign
            tally.wait(owed.units, owed.since_s, at_s)
            if owed.captured:
                self._took_s(at_s - owed.authorised_s)
        contract = payment.owed[0].contract if len(payment.owed) == 1 else NO_CONTRACT
        if not straight:
            for contractor, (units, foreign) in each_gets.items():
                self._pass_on(at_s, contract, payment.client, contractor, units, foreign)
        self._take_fees(at_s, contract, payment.client, each_gets)
        for owed in payment.owed:
            if owed.paid is not None:
                owed.paid(at_s)
        self._may_come_back(payment, contract, at_s)

    def _pass_on(
        self, at_s: float, contract: int, client: int, contractor: int, units: int, foreign: int
    ) -> None:
        """From transit to a contractor, for whose currency the client pays the rate of now and the spread."""
        transit = self._ledger.chart.transit
        if not self._purses.is_foreign(contractor):
            self._purses.to_contractor(at_s, PAY_OUT, contract, contractor, transit, units)
            return
        mid = self._purses.worth(contractor, units, foreign, at_s)
        costs = mid + part_of(mid, self._terms.spread)
        more = costs - units
        self._tally.fx_loss += more
        if more > 0:
            self._purses.from_client(at_s, TOP_UP, contract, client, transit, more)
        else:
            self._ledger.move(at_s, RELEASE, contract, transit, client, -more)
        self._purses.to_contractor(at_s, EXCHANGE, contract, contractor, transit, costs, foreign)

    def _take_fees(self, at_s: float, contract: int, client: int, each_gets: dict[int, list[int]]) -> None:
        platform, tally = self._ledger.chart.platform, self._tally
        in_all = sum(units for units, _ in each_gets.values())
        for fee in self._terms.fees:
            if fee.by_client:
                units = fee.of(in_all)
                tally.by_clients += units
                self._purses.from_client(at_s, FEE, contract, client, platform, units)
                continue
            for contractor, (gets, _) in each_gets.items():
                units = fee.of(gets)
                tally.by_contractors += units
                self._purses.from_contractor(at_s, FEE, contract, contractor, platform, units)

    def _may_come_back(self, payment: Payment, contract: int, at_s: float) -> None:
        rules = self._charge_backs
        if rules is None or any(owed.paid is not None for owed in payment.owed):
            return
        if self._draws.draw(*payment.draw) < rules.rate:
            takes_s = wait_s(rules.days, self._days.draw(*payment.draw))
            self._calendar.enter(at_s + takes_s, partial(self._charge_back, payment, contract))

    def _charge_back(self, payment: Payment, contract: int, at_s: float) -> None:
        """The client has its payment back, and its contractors share the fee, the first what is over."""
        chart, tally, rules = self._ledger.chart, self._tally, self._charge_backs
        tally.charge_backs += 1
        for owed in payment.owed:
            who = owed.contractor
            tally.taken_back += owed.units
            if rules is not None and rules.written_off_by == "client":
                self.taken.setdefault(who, []).append((payment.client, owed.units))
            self._purses.from_contractor(at_s, CHARGE_BACK, owed.contract, who, payment.client, owed.units)
            if owed.captured:
                tally.ended[CAPTURED] -= 1
                tally.ended[CHARGED_BACK] += 1
        contractors = list(dict.fromkeys(owed.contractor for owed in payment.owed))
        each, rest = divmod(self._charge_back_fee, len(contractors))
        for place, who in enumerate(contractors):
            units = each + rest if place == 0 else each
            self._purses.from_contractor(at_s, DISPUTE_FEE, contract, who, chart.platform, units)
