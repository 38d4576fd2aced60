"""Tiny markets played with a book, and what the book says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import pyarrow as pa

import coalesce_sim
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.market import Market
from coalesce_sim.policies.registry import create
from tests.market.trading import Script

DAY_S = 86_400.0
ONE = 10**9


class Entry(NamedTuple):
    """An entry: when, what, of which contract, and what comes to each account, called ``Client:C000 USD``."""

    at_s: float
    event: str
    contract: int | None
    legs: dict[str, int]


class Kept(coalesce_sim.Observer):
    """Plays a market, decided by a script or by its own policy; keeps its contracts and its book."""

    def __init__(
        self, scenario: dict[str, Any] | coalesce_sim.Scenario, *choices: str, replication: int = 0
    ) -> None:
        self.ended: list[Contract] = []
        self.entries: list[Entry] = []
        loaded = coalesce_sim.load(scenario) if isinstance(scenario, dict) else scenario
        policy = Script(list(choices)).policy() if choices else create(loaded.policy)
        self.market = Market(loaded, policy, self, seed=1, replication=replication)
        self.market.run()
        self.figures = self.market.settlement()

    def contract_ended(self, contract: Contract) -> None:
        self.ended.append(contract)

    def journal(self, entries: pa.Table) -> None:
        for row in entries.to_pylist():
            if row["entry"] == len(self.entries):
                self.entries.append(Entry(row["time_s"], row["event"], row["contract"], {}))
            account = f"{row['account'].partition(':')[2]} {row['currency']}"
            self.entries[row["entry"]].legs[account] = row["units"]

    def of(self, *events: str) -> list[Entry]:
        """The entries of some kinds."""
        return [each for each in self.entries if each.event in events]

    def told(self, *events: str) -> list[tuple[float, str, int | None, int]]:
        """The same in short: when, what, of which contract, and how many units."""
        return [(*each[:3], max(each.legs.values())) for each in self.of(*events)]

    def balances(self) -> dict[str, int]:
        """What is on every account in the end."""
        return balances(self.entries)


def balances(entries: Iterable[Entry]) -> dict[str, int]:
    """What entries leave on every account."""
    held: dict[str, int] = {}
    for entry in entries:
        for account, units in entry.legs.items():
            held[account] = held.get(account, 0) + units
    return held
