"""The book of one market: its parts, the laws that hold over all of it, and what it tells in the end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from coalesce_sim.errors import ConservationError
from coalesce_sim.luck import Luck
from coalesce_sim.scenario.settlement import Settlement
from coalesce_sim.settlement.calendar import Calendar
from coalesce_sim.settlement.chart import Chart
from coalesce_sim.settlement.events import WRITE_OFF
from coalesce_sim.settlement.ledger import NO_CONTRACT, Journal, Ledger
from coalesce_sim.settlement.payouts import Payouts
from coalesce_sim.settlement.purses import Purses
from coalesce_sim.settlement.rates import Rates
from coalesce_sim.settlement.tally import Tally
from coalesce_sim.settlement.terms import DAY_S, Terms
from coalesce_sim.settlement.units import amount_of
from coalesce_sim.spool import Spool
from coalesce_sim.streams import Streams

if TYPE_CHECKING:
    pass


class Book:
    """Ledger, purses, calendar and payouts of a market; `currency_of` says in what contractors are paid."""

    def __init__(
        self,
        stated: Settlement,
        *,
        clients: int,
        contractors: int,
        currency_of: Sequence[str],
        luck: Luck,
        streams: Streams,
        keeps_journal: bool,
    ) -> None:
        self.stated, self.terms = stated, Terms(stated)
        currencies = list(dict.fromkeys([stated.currency, *currency_of]))
        number = {currency: place for place, currency in enumerate(currencies)}
        self.currency_of = [number[each] for each in currency_of]
        fx = stated.fx
        start = [1.0 if fx is None else fx.rate.get(currency, 1.0) for currency in currencies]
        rates = Rates(
            start,
            0.0 if fx is None else fx.volatility_per_year,
            lambda place: streams(f"settlement.fx.{currencies[place]}"),
        )
        chart = Chart(clients, contractors, currencies)
        self.ledger = Ledger(chart, Journal() if keeps_journal else None)
        limited = stated.clients is not None
        self.purses = Purses(self.ledger, rates, self.currency_of, limited=limited)
        self.calendar, self.tally = Calendar(), Tally(contractors)
        self._rates, self._held, self._took_s = rates, Spool(), Spool()
        self._held_block: list[float] = []
        self._took_block: list[float] = []
        self._open: set[int] = set()
        self.payouts = Payouts(
            self.terms,
            self.ledger,
            self.purses,
            self.calendar,
            self.tally,
            stated.charge_backs,
            luck("settlement.charged_back"),
            luck("settlement.charge_back_days"),
            self._took_block.append,
        )

    def authorises(self, contractor: int) -> int:
        """A contract with somebody is about to be authorised: what is held for others counts (p95). Its
        number."""
        number = self.tally.authorised
        self.tally.authorised += 1
        self._open.add(number)
        if self.ledger.journal is not None:
            self.ledger.journal.contractors.append(contractor)
        self._held_block.append(amount_of(self.ledger.held_units))
        if len(self._held_block) >= 4096:
            self._spool()
        return number

    def _spool(self) -> None:
        for block, spool in ((self._held_block, self._held), (self._took_block, self._took_s)):
            spool.add(np.array(block, dtype=np.float64))
            block.clear()

    def ends(self, contract: int, how: str, held_units: int) -> None:
        """A contract has ended, once (law 7); it holds nothing but open holdbacks and disputes (law 4)."""
        if contract not in self._open:
            raise ConservationError(f"law 7: contract {contract} is {how}, and is not open")
        if held_units:
            raise ConservationError(f"law 4: contract {contract} is {how} and still holds {held_units} units")
        self._open.remove(contract)
        self.tally.ended[how] += 1

    def close(self, now_s: float, revenue_usd: Sequence[float]) -> None:
        """The market has ended: let all fall due, write off what nobody has, and check the laws."""
        self.calendar.advance()
        self._write_off(now_s)
        self.ledger.check()
        self._check_ends()
        self._check_revenue(revenue_usd)
        self._check_clients()

    def _write_off(self, now_s: float) -> None:
        """What contractors owe in the end and have not got is borne by somebody else."""
        chart, ledger = self.ledger.chart, self.ledger
        for who in range(chart.contractors):
            currency = self.currency_of[who]
            account = chart.contractor(who, currency)
            owes = -ledger.balances[account]
            if owes <= 0:
                continue
            at_s = max(now_s, self.calendar.now_s)
            units = self._rates.own(owes, currency, at_s) if currency else owes
            shares = self._clients_shares(who, units)
            by_clients = sum(shares.values())
            for client, share in shares.items():
                self.purses.cover(at_s, client, share)
            legs = [(account, owes), *((client, -share) for client, share in shares.items())]
            legs += [(chart.loss_of_clients, by_clients), (chart.platform, by_clients - units)]
            legs += [(chart.loss_of_platform, units - by_clients), (chart.opening, -units)]
            if currency:
                legs += [(chart.shared(chart.exchange, currency), -owes), (chart.exchange, units)]
            ledger.post(at_s, WRITE_OFF, NO_CONTRACT, *(leg for leg in legs if leg[1]))
            self.tally.written_off += units
            self.tally.written_off_clients += by_clients

    def _clients_shares(self, contractor: int, units: int) -> dict[int, int]:
        """What of a loss clients bear, by client: who took a payment back bears it, the last first, but none
        more than it took."""
        shares = dict[int, int]()
        for client, took in reversed(self.payouts.taken.get(contractor, [])):
            part = min(took, units)
            if part:
                shares[client] = shares.get(client, 0) + part
                units -= part
        return shares

    def _check_ends(self) -> None:
        if self._open:
            raise ConservationError(f"law 7: contract {min(self._open)} was authorised and has not ended")
        ended = sum(self.tally.ended.values())
        if ended != self.tally.authorised or min(self.tally.ended.values(), default=0) < 0:
            told = ", ".join(f"{count} {how}" for how, count in self.tally.ended.items())
            raise ConservationError(f"law 7: {self.tally.authorised} contracts were authorised, and {told}")
        chart = self.ledger.chart
        for account in (*map(chart.escrow, range(chart.clients)), chart.transit):
            if self.ledger.balances[account]:
                held = self.ledger.balances[account]
                raise ConservationError(
                    f"law 4: all contracts have ended, and {chart.names()[account]} still holds {held} units"
                )

    def _check_revenue(self, revenue_usd: Sequence[float]) -> None:
        """Law 5: what contractors got is what the records say, within half a unit an amount, and what adding
        floats up loses; and it is what came to their accounts, to the unit."""
        chart, tally, ledger = self.ledger.chart, self.tally, self.ledger
        for who, usd in enumerate(revenue_usd):
            paid, amounts, currency = tally.paid[who], tally.amounts[who], self.currency_of[who]
            if abs(usd - amount_of(paid)) > 0.5e-9 * amounts + 1e-15 * amounts * abs(usd):
                raise ConservationError(
                    f"law 5: contractor {who} got {paid} units by the book and {usd!r} by the records"
                )
            booked, owed = ledger.earned[chart.contractor(who, currency)], tally.owed[who]
            if booked != owed or (currency == 0 and owed + tally.contested[who] != paid):
                raise ConservationError(
                    f"law 5: {booked} units came to contractor {who}, and its contracts earned it {owed}, "
                    f"of {paid} that were paid for them"
                )

    def _check_clients(self) -> None:
        """Law 6: what clients have paid is the prices and what they bore of each friction."""
        chart, balances = self.ledger.chart, self.ledger.balances
        left = sum(balances[: chart.clients])
        paid = self.purses.funded_clients - left
        told = self.tally.prices + self.tally.borne_by_clients
        if paid != told:
            raise ConservationError(
                f"law 6: clients paid {paid} units, and prices and frictions come to {told}"
            )

    def figures(self) -> dict[str, float]:
        """What settlement came to, by metric; what is not stated is left out."""
        self._spool()
        tally, stated, terms = self.tally, self.stated, self.terms
        capital = terms.capital(tally.waited)
        borne = tally.borne_by_clients + (capital if terms.capital_by_client else 0)
        held_usd, took_s = self._held.values(), self._took_s.values()
        figures = {
            "frictions_usd": amount_of(borne),
            "fees_usd": amount_of(tally.by_clients + tally.by_contractors),
            "fx_loss_usd": amount_of(tally.fx_loss),
            "capital_cost_usd": amount_of(capital),
            "held_usd_p95": float(np.percentile(held_usd, 95)) if len(held_usd) else math.nan,
            "days_to_paid_p50": float(np.median(took_s)) / DAY_S if len(took_s) else math.nan,
            "disputes": float(tally.disputes),
            "disputes_usd": amount_of(tally.disputes_net),
            "charge_backs": float(tally.charge_backs),
            "charge_backs_usd": amount_of(tally.taken_back),
            "written_off_usd": amount_of(tally.written_off),
            "written_off_by_clients_usd": amount_of(tally.written_off_clients),
            "payment_failures": float(tally.payment_failures),
        }
        return {name: value for name, value in figures.items() if name not in _unstated(stated)}


def _unstated(stated: Settlement) -> set[str]:
    """Figures of what a scenario does not state."""
    escrow = stated.escrow
    needs = {
        "fees_usd": bool(stated.fee),
        "fx_loss_usd": stated.fx is not None,
        "capital_cost_usd": stated.pay.capital_rate_per_year > 0,
        "disputes": escrow is not None and (escrow.dispute is not None or escrow.cap is not None),
        "disputes_usd": escrow is not None and escrow.dispute is not None,
        "charge_backs": stated.charge_backs is not None,
        "charge_backs_usd": stated.charge_backs is not None,
        "written_off_by_clients_usd": (
            stated.charge_backs is not None and stated.charge_backs.written_off_by == "client"
        ),
        "payment_failures": stated.failures is not None or stated.clients is not None,
    }
    return {name for name, needed in needs.items() if not needed}
