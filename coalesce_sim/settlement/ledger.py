"""Double entry: what every account holds, and the laws that every entry keeps."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from coalesce_sim.errors import AmountError, ConservationError
from coalesce_sim.settlement.chart import Chart
from coalesce_sim.settlement.events import EVENTS, PAYS

Leg = tuple[int, int]
"""An account and the units that come to it, or leave it where they are negative."""

NO_CONTRACT = -1

_MOST = 2**63 - 1
"""Units that a journal can write down."""


class Journal:
    """The entries of a book leg by leg, in columns of integers, one item a leg; `contractors` has who was
    hired, by contract."""

    def __init__(self) -> None:
        self.at_s, self.entry, self.event = array("d"), array("q"), array("b")
        self.contract, self.account, self.units = array("q"), array("q"), array("q")
        self.contractors = array("q")
        self.entries = 0

    def add(self, at_s: float, event: int, contract: int, legs: Iterable[Leg]) -> None:
        """One more entry. Raises `AmountError` for more than 64 bits hold."""
        for account, units in legs:
            if not -_MOST <= units <= _MOST:
                raise AmountError(
                    f"{EVENTS[event]} of {_called(contract)}: {abs(units)} units (10⁻⁹ of a currency) are "
                    f"more than the {_MOST} that a journal can write down"
                )
            self.at_s.append(at_s)
            self.entry.append(self.entries)
            self.event.append(event)
            self.contract.append(contract)
            self.account.append(account)
            self.units.append(units)
        self.entries += 1


class Ledger:
    """What every account of a chart holds in units, entry by entry; `held_units` is all that is in escrow and
    in transit, in the first currency, and `earned` what came to each account by events that pay contracts.

    Laws: (1) every entry sums to zero in every currency, (2) so does the book, (3) what is guarded is never
    below zero. An entry that breaks one is not made. `journal` keeps the entries where it is given; else they
    are forgotten once they are in the balances, which are Python's integers and overflow nowhere.
    """

    def __init__(self, chart: Chart, journal: Journal | None = None) -> None:
        self.chart, self.journal = chart, journal
        self.balances, self.earned = [0] * len(chart), [0] * len(chart)
        self.entries, self.held_units = 0, 0
        self._guarded, self._held = chart.guarded(), chart.held()

    def move(self, at_s: float, event: int, contract: int, source: int, target: int, units: int) -> None:
        """An entry of two legs. Raises `ConservationError`."""
        if units:
            self.post(at_s, event, contract, (source, -units), (target, units))

    def post(self, at_s: float, event: int, contract: int, *legs: Leg) -> None:
        """An entry. Raises `ConservationError`, with nothing changed, for one that breaks a law."""
        if len(legs) == 2:
            (source, out), (target, into) = legs
            size = self.chart.size
            if out + into != 0 or source // size != target // size:
                self._refuse(1, "does not sum to zero in every currency", event, contract, legs)
        elif not self._sums_to_zero(legs):
            self._refuse(1, "does not sum to zero in every currency", event, contract, legs)
        balances, held = self.balances, self._held
        for account, units in legs:
            balances[account] += units
            if held[account]:
                self.held_units += units
        for account, _ in legs:
            if balances[account] < 0 and self._guarded[account]:
                self._undo(legs)
                self._refuse(3, f"leaves {self._named(account)} below zero", event, contract, legs)
        if event in PAYS:
            for account, units in legs:
                self.earned[account] += units
        self.entries += 1
        if self.journal is not None:
            self.journal.add(at_s, event, contract, legs)

    def _sums_to_zero(self, legs: Iterable[Leg]) -> bool:
        sums: dict[int, int] = {}
        for account, units in legs:
            currency = self.chart.currency_of(account)
            sums[currency] = sums.get(currency, 0) + units
        return not any(sums.values())

    def _undo(self, legs: Iterable[Leg]) -> None:
        for account, units in legs:
            self.balances[account] -= units
            if self._held[account]:
                self.held_units -= units

    def check(self) -> None:
        """Raise `ConservationError` unless the book sums to zero in every currency, and nothing that is
        guarded is below zero."""
        size = self.chart.size
        for number, currency in enumerate(self.chart.currencies):
            total = sum(self.balances[number * size : (number + 1) * size])
            if total:
                raise ConservationError(f"law 2: the book sums to {total} units of {currency}, not to 0")
        for account, units in enumerate(self.balances):
            if units < 0 and self._guarded[account]:
                raise ConservationError(f"law 3: {self._named(account)} holds {units} units")

    def _named(self, account: int) -> str:
        return f"{self.chart.names()[account]} {self.chart.currency_names()[account]}"

    def _refuse(self, law: int, what: str, event: int, contract: int, legs: Iterable[Leg]) -> None:
        told = ", ".join(f"{self._named(account)} {units:+d}" for account, units in legs)
        raise ConservationError(f"law {law}: {EVENTS[event]} of {_called(contract)} {what}: {told}")


def _called(contract: int) -> str:
    return "no contract" if contract == NO_CONTRACT else f"contract {contract}"
