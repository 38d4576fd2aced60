"""Deliveries that one side contests, and what is decided months later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from coalesce_sim.luck import Draws
from coalesce_sim.scenario.settlement import Dispute
from coalesce_sim.settlement.calendar import Calendar
from coalesce_sim.settlement.events import DISPUTE, DISPUTE_FEE, DISPUTE_LOST, DISPUTE_WON
from coalesce_sim.settlement.ledger import Ledger
from coalesce_sim.settlement.purses import Purses
from coalesce_sim.settlement.tally import Tally
from coalesce_sim.settlement.terms import wait_s
from coalesce_sim.settlement.units import units_of


@dataclass(frozen=True, slots=True)
class Case:
    """A delivery that is contested: `units` go to one side or the other, of which so much is `in_escrow`
    already, since a time; the rest is put there by the side that has it. `accepted` says that this is the
    contractor, `good` what the work is worth, and `at` which draws are its own."""

    contract: int
    client: int
    contractor: int
    units: int
    in_escrow: int
    since_s: float
    accepted: bool
    good: bool
    at: tuple[int, int, int]


class Disputes:
    """Opens and decides disputes on the book's calendar."""

    def __init__(
        self,
        rules: Dispute,
        ledger: Ledger,
        purses: Purses,
        calendar: Calendar,
        tally: Tally,
        luck: Callable[[str], Draws],
    ) -> None:
        self._rules, self._ledger, self._purses = rules, ledger, purses
        self._calendar, self._tally = calendar, tally
        self._cost, self._least = units_of(rules.cost_usd), units_of(rules.least_usd)
        self._contested, self._days, self._wrong = (
            luck(f"settlement.{purpose}") for purpose in ("disputed", "dispute_days", "dispute_wrong")
        )

    def contests(self, at: tuple[int, int, int], units: int) -> bool:
        """Whether a delivery is contested of which so much is at stake: nothing never is."""
        return 0 < units >= self._least and self._contested.draw(*at) < self._rules.share

    def open(self, case: Case, at_s: float) -> None:
        """What is contested goes into escrow until it is decided."""
        self._tally.disputes += 1
        self._tally.wait(case.in_escrow, case.since_s, at_s)
        escrow, puts = self._ledger.chart.escrow(case.client), case.units - case.in_escrow
        if case.accepted:
            self._purses.from_contractor(at_s, DISPUTE, case.contract, case.contractor, escrow, puts)
        else:
            self._purses.from_client(at_s, DISPUTE, case.contract, case.client, escrow, puts)
        takes_s = wait_s(self._rules.days, self._days.draw(*case.at))
        self._calendar.enter(at_s + takes_s, partial(self._decide, case, at_s))

    def _decide(self, case: Case, opened_s: float, at_s: float) -> None:
        chart, tally = self._ledger.chart, self._tally
        tally.wait(case.units, opened_s, at_s)
        escrow, contract = chart.escrow(case.client), case.contract
        right = self._wrong.draw(*case.at) >= self._rules.wrong
        if case.good == right:  # the contractor is paid, and the client has lost
            tally.disputes_net += self._cost + (0 if case.accepted else case.units)
            self._purses.to_contractor(at_s, DISPUTE_WON, contract, case.contractor, escrow, case.units)
            self._purses.from_client(at_s, DISPUTE_FEE, contract, case.client, chart.platform, self._cost)
            return
        tally.disputes_net -= case.units if case.accepted else 0
        self._ledger.move(at_s, DISPUTE_LOST, contract, escrow, case.client, case.units)
        who = case.contractor
        self._purses.from_contractor(at_s, DISPUTE_FEE, contract, who, chart.platform, self._cost)
