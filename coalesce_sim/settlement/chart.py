"""The chart of accounts: which there are, one of each in every currency, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence


class Chart:
    """Accounts by number: those of the first currency, then those of the next, each in the same order.

    Within a currency: a `client` and an `escrow` account for each client, a `contractor` and a `stake`
    account for each contractor, and one each of `platform`, `exchange`, `transit`, `opening` (equity that
    clients and contractors begin with), and losses borne by the `loss_of_platform` or the `loss_of_clients`.
    Accounts of clients and contractors below zero are what these owe.
    """

    def __init__(self, clients: int, contractors: int, currencies: Sequence[str]) -> None:
        self.clients, self.contractors = clients, contractors
        self.currencies = tuple(currencies)
        self._ends = (clients, 2 * clients, 2 * clients + contractors, 2 * (clients + contractors))
        self.size = self._ends[3] + 6
        self.platform, self.exchange, self.transit = (self._ends[3] + place for place in range(3))
        self.opening, self.loss_of_platform, self.loss_of_clients = (
            self._ends[3] + place for place in range(3, 6)
        )

    def __len__(self) -> int:
        return self.size * len(self.currencies)

    def client(self, who: int) -> int:
        """What a client has, in the first currency."""
        return who

    def escrow(self, client: int) -> int:
        """What waits for a client's contracts, in the first currency."""
        return self._ends[0] + client

    def contractor(self, who: int, currency: int = 0) -> int:
        """What a contractor has."""
        return currency * self.size + self._ends[1] + who

    def stake(self, contractor: int) -> int:
        """What a contractor has staked, in the first currency."""
        return self._ends[2] + contractor

    def shared(self, account: int, currency: int) -> int:
        """One of the accounts that there is one of, in another currency."""
        return currency * self.size + account

    def currency_of(self, account: int) -> int:
        """The number of an account's currency."""
        return account // self.size

    def guarded(self) -> list[bool]:
        """Which accounts may never be below zero: escrow, stakes, and what is in transit."""
        within = [
            self._ends[0] <= place < self._ends[1]
            or self._ends[2] <= place < self._ends[3]
            or place == self.transit
            for place in range(self.size)
        ]
        return within * len(self.currencies)

    def held(self) -> list[bool]:
        """Which accounts hold what is under way from clients to contractors, in the first currency."""
        within = [
            self._ends[0] <= place < self._ends[1] or place == self.transit for place in range(self.size)
        ]
        return within + [False] * (len(self) - self.size)

    def names(self) -> list[str]:
        """What each is called, its currency left out."""
        clients = [f"C{who:03d}" for who in range(self.clients)]
        contractors = [f"K{who:03d}" for who in range(self.contractors)]
        within = [
            *(f"Assets:Client:{name}" for name in clients),
            *(f"Assets:Escrow:{name}" for name in clients),
            *(f"Assets:Contractor:{name}" for name in contractors),
            *(f"Assets:Stake:{name}" for name in contractors),
            "Assets:Platform",
            "Assets:Fx",
            "Assets:InTransit",
            "Equity:Opening",
            "Expenses:Loss:Platform",
            "Expenses:Loss:Clients",
        ]
        return within * len(self.currencies)

    def currency_names(self) -> list[str]:
        """The currency of each."""
        return [currency for currency in self.currencies for _ in range(self.size)]
