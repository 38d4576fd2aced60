"""Journals for tests: posted by hand, and as long as they are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pyarrow as pa

from coalesce_sim.settlement.journal import journal_table
from coalesce_sim.settlement.units import DECIMALS

ONE = 10**DECIMALS
CENT = ONE // 100
DAY_S = 86_400.0
START = datetime(2025, 6, 1, 8)
NAMES = {"K003": "GPT-5.4", "K004": 'a "quoted" \\ name\nin two lines'}

USD, EUR = "USD", "EUR"
CLIENT, ESCROW = "Assets:Client:C007", "Assets:Escrow:C007"
SELLER, STAKE = "Assets:Contractor:K003", "Assets:Stake:K003"
ABROAD = "Assets:Contractor:K004"
PLATFORM, FX, TRANSIT = "Assets:Platform", "Assets:Fx", "Assets:InTransit"
OPENING, LOSS = "Equity:Opening", "Expenses:Loss:Platform"

Leg = tuple[str, str, int]


class Journal:
    """Entries one after the other; `contractors` has who was hired, by contract."""

    def __init__(self, contractors: list[int]) -> None:
        self._contractors = contractors
        self._legs: list[tuple[float, int, str, int, str, str, int]] = []
        self._entries = 0

    def post(self, time_s: float, event: str, contract: int | None, *legs: Leg) -> None:
        number = -1 if contract is None else contract
        self._legs += [(time_s, self._entries, event, number, *leg) for leg in legs]
        self._entries += 1

    def move(
        self, time_s: float, event: str, contract: int | None, units: int, source: str, goal: str
    ) -> None:
        self.post(time_s, event, contract, (source, USD, -units), (goal, USD, units))

    def table(self, names: Mapping[str, str] = NAMES, start: datetime = START) -> pa.Table:
        events = tuple(dict.fromkeys(leg[2] for leg in self._legs))
        accounts = list(dict.fromkeys((leg[4], leg[5]) for leg in self._legs))
        time_s, entry, event, contract, account, currency, units = zip(*self._legs, strict=True)
        return journal_table(
            np.array(time_s),
            np.array(entry),
            np.array([events.index(each) for each in event]),
            np.array(contract),
            np.array([accounts.index(each) for each in zip(account, currency, strict=True)]),
            np.array(units),
            events=events,
            accounts=[each for each, _ in accounts],
            currencies=[each for _, each in accounts],
            contractors=np.array(self._contractors, dtype=np.int64),
            names=names,
            start=start,
        )


def every_event() -> pa.Table:
    """A journal with an entry of each event: contracts 0 to 7, of which 5 and 6 are of 0.0000004 USD and 4
    is reclaimed; the charge-back of contract 1 is larger than what its contractor has."""
    book = Journal([3, 3, 4, 3, 3, 3, 3, 4])
    book.move(0.0, "fund", None, 100 * ONE, OPENING, CLIENT)
    book.move(0.0, "fund", None, 2 * ONE, OPENING, SELLER)
    book.move(1.0, "entry fee", None, CENT, SELLER, PLATFORM)
    book.move(1.0, "levy", None, CENT, SELLER, PLATFORM)
    book.move(1.0, "stake", None, ONE, SELLER, STAKE)
    for contract, units in enumerate((ONE, 2 * ONE, 3 * ONE, ONE, ONE, 400, 400, ONE)):
        book.move(60.0 + contract, "authorise", contract, units, CLIENT, ESCROW)
    book.move(90.25, "capture", 0, 90 * CENT, ESCROW, SELLER)
    book.move(91.0, "release", 0, 10 * CENT, ESCROW, SELLER)
    book.move(92.0, "fee", 0, 33 * CENT, CLIENT, PLATFORM)
    book.move(93.0, "capture", 1, 2 * ONE, ESCROW, SELLER)
    book.move(94.0, "top up", 2, 50 * CENT, CLIENT, ESCROW)
    book.move(94.5, "capture", 2, 350 * CENT, ESCROW, TRANSIT)
    book.move(95.0, "top up", 2, CENT, CLIENT, TRANSIT)
    legs = [(TRANSIT, USD, -351 * CENT), (FX, USD, 351 * CENT), (FX, EUR, -316 * CENT)]
    book.post(95.0, "fx", 2, *legs, (ABROAD, EUR, 316 * CENT))
    book.move(96.0, "refund", 3, 40 * CENT, ESCROW, CLIENT)
    book.move(96.0, "capture", 3, 60 * CENT, ESCROW, SELLER)
    book.move(97.0, "reclaim", 4, ONE, ESCROW, CLIENT)
    for contract in (5, 6):
        book.move(98.0, "capture", contract, 400, ESCROW, TRANSIT)
    book.move(99.0, "void", 7, ONE, ESCROW, CLIENT)
    book.move(100.0, "slash", None, 25 * CENT, STAKE, CLIENT)
    book.move(2 * DAY_S, "pay out", None, 800, TRANSIT, SELLER)
    book.move(3 * DAY_S, "unstake", None, 75 * CENT, STAKE, SELLER)
    book.move(40 * DAY_S, "dispute", 3, 60 * CENT, SELLER, ESCROW)
    book.move(70 * DAY_S, "dispute won", 3, 60 * CENT, ESCROW, SELLER)
    book.move(71 * DAY_S, "dispute", 0, ONE, SELLER, ESCROW)
    book.move(72 * DAY_S, "dispute lost", 0, ONE, ESCROW, CLIENT)
    book.move(90 * DAY_S, "charge-back", 1, 2 * ONE, SELLER, CLIENT)
    book.move(90 * DAY_S, "dispute fee", 1, 15 * ONE, SELLER, PLATFORM)
    owed = 2 * ONE - 2 * CENT - ONE + ONE + 2 * ONE + 60 * CENT + 800 + 75 * CENT - ONE - 17 * ONE
    book.move(91 * DAY_S, "write-off", None, -owed, LOSS, SELLER)
    return book.table()


def many(contracts: int) -> pa.Table:
    """A journal of that many contracts: authorised, captured with a holdback, released, and a fee paid."""
    contract = np.arange(contracts)
    clients, sellers = contract % 50, contract * 7 % 40
    client, escrow, seller, platform = clients, 50 + clients, 100 + sellers, np.full(contracts, 140)
    legs = [client, escrow, escrow, seller, escrow, seller, client, platform]
    units = [-1_000_000_007, 1_000_000_007, -900_000_007, 900_000_007, -(10**8), 10**8, -(10**7), 10**7]
    accounts = [f"Assets:{kind}:C{who:03d}" for kind in ("Client", "Escrow") for who in range(50)]
    accounts += [f"Assets:Contractor:K{who:03d}" for who in range(40)] + [PLATFORM]
    entry = np.arange(contracts * 4).repeat(2)
    return journal_table(
        np.asarray(entry * 5.0, dtype=np.float64),
        entry,
        np.tile(np.arange(4).repeat(2), contracts),
        contract.repeat(8),
        np.stack(legs, axis=1).ravel(),
        np.tile(units, contracts),
        events=("authorise", "capture", "release", "fee"),
        accounts=accounts,
        currencies=[USD] * len(accounts),
        contractors=sellers,
        names={f"K{who:03d}": f"model-{who}.1" for who in range(40)},
        start=START,
    )
