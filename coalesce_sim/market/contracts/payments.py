"""Where a contract's money is set aside when it is made, and where it goes when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.accounts import Accounts

if TYPE_CHECKING:
    import pyarrow as pa

    from coalesce_sim.market.contracts.contract import Contract


class Payments:
    """The seam between contracts and money, and what it is without a settlement: the price is set aside,
    set free at the end, and what is due is paid, at once and at no cost.

    `secured` says that clients cannot keep back what is due, and `bad_share` what delivered work that is
    found bad earns of its bill where payment says so; None leaves it to the contract.
    """

    secured = False
    bad_share: float | None = None

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def reserve(self, contract: Contract) -> bool:
        """A contract is submitted; whether its price could be set aside."""
        self._accounts.hold(contract.agreed_usd)
        return True

    def bill(self, contract: Contract, usd: float) -> None:
        """What a contract would come to if its work is accepted."""

    def admitted_usd(self, contract: Contract, due_usd: float) -> float:  # noqa: ARG002
        """What of an amount that is due can be had."""
        return due_usd

    def deliver(self, contract: Contract) -> None:
        """A contract has come to work, which earned its contractor what it is paid."""
        self._accounts.release(contract.agreed_usd, contract.state)
        self._accounts.pay(contract.contractor, contract.paid_usd)

    def cancel(self, contract: Contract) -> None:
        """A contract has ended before any work was delivered or failed: nothing is due."""
        self._accounts.release(contract.agreed_usd, contract.state)

    def levy(self, at_s: float, contractor: int, usd: float) -> None:
        """A contractor pays the market."""

    def slash(self, contract: Contract) -> None:
        """A contractor loses its stake in a contract."""

    def surcharge_usd(
        self,
        client: int,  # noqa: ARG002
        ids: IntArray,  # noqa: ARG002
        price_usd: FloatArray,  # noqa: ARG002
        now_s: float,  # noqa: ARG002
    ) -> FloatArray | None:
        """What a client expects payment to cost it beyond the price of each offer; None where it is free."""
        return None

    def surcharge_of_usd(self, contract: Contract) -> float:
        """The same of a contract that has ended and what it was really paid."""
        if contract.paid_usd == 0:
            return 0.0
        ids, paid_usd = np.array([contract.contractor]), np.array([contract.paid_usd])
        extra_usd = self.surcharge_usd(contract.client, ids, paid_usd, contract.ended_s)
        return 0.0 if extra_usd is None else float(extra_usd[0])

    def close(self, now_s: float) -> None:
        """The market has ended."""

    def figures(self) -> dict[str, float]:
        """What can be said of how contracts were paid."""
        return {}

    def journal(self) -> pa.Table | None:
        """The entries of the book, leg by leg; None where none was kept."""
        return None
