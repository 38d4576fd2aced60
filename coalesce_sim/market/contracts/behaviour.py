"""How contractors and clients behave, as questions; each class here gives the answers of the honest.

A question is asked when its answer is needed, and may be asked beforehand and again by whoever is told more,
such as the oracle: an answer changes nothing. Others than the honest are subclasses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coalesce_sim.adversaries.protocol import Effort
from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.reputation.rating import Rating

if TYPE_CHECKING:
    from coalesce_sim.market.contracts.contract import Contract


class Conduct:
    """How contractors work; `concerns` says who may do so otherwise than the honest, None where nobody does.
    `task` is the task's number in the run."""

    concerns: BoolArray | None = None

    def effort(self, now_s: float, contractor: int, task: int) -> Effort | None:
        """How work is done now; None for honestly.

        Asked when work begins, for bad work may break off, and when it is delivered. Both times what comes of
        it is compared with the same luck.
        """
        return None

    def bill_usd(self, now_s: float, contractor: int, due_usd: float, honest_usd: float) -> float:
        """What is billed for a delivery, or for one that failed, of which a share may be due; `due_usd` is
        what use, or the offer, make of it, `honest_usd` what use or an honest offer would. Not asked if the
        client has fixed the price."""
        return due_usd


def as_it_can_be(effort: Effort | None, offered: BoolArray | None) -> Effort | None:
    """Honest work, where the one whose work it would be is not among those who offer for such a task."""
    like = None if effort is None else effort.like
    return None if like is not None and offered is not None and not offered[like] else effort


class Asking:
    """What contractors offer. `task` is the task's number in the run; `ids` are those who offer. `concerns`
    is as in `Conduct`."""

    concerns: BoolArray | None = None

    def ask_usd(self, now_s: float, task: int, ids: IntArray, list_usd: FloatArray) -> FloatArray:
        """The price that each asks, before queues and bargaining have their say; its list says `list_usd`.

        Asked for the answer that is expected and, where prices go by tokens, for the one that is written.
        """
        return list_usd

    def latency_s(self, now_s: float, task: int, ids: IntArray, true_s: FloatArray) -> FloatArray:
        """The time that each says a delivery takes with an empty queue; it thinks that it takes `true_s`."""
        return true_s

    def hurries(self, now_s: float, ids: IntArray) -> BoolArray:
        """Which of them see to it that their offer comes before those of all others."""
        return np.zeros(len(ids), dtype=bool)


class Bidding:
    """What contractors bid under seal."""

    def bids_usd(self, now_s: float, task: int, ids: IntArray, own_usd: FloatArray) -> FloatArray:
        """The bid of each, infinite for one who stays away; `own_usd` is its cost or, where that is not
        known, the price that it asks."""
        return own_usd


class Reception:
    """What clients do with work that was delivered and checked (`Contract.passed`)."""

    def pays(self, contract: Contract) -> bool:
        """Whether the client pays what is due."""
        return True

    def reports(self, contract: Contract) -> bool:
        """Whether the client says that it passed: its contractor is paid by that, and rated."""
        return contract.passed

    def keeps(self, contract: Contract) -> bool:
        """Whether it takes the work in: its task is done then, else tried again or given up."""
        return contract.passed


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How everybody in a market behaves."""

    conduct: Conduct
    asking: Asking
    bidding: Bidding
    reception: Reception
    rating: Rating


HONEST = Behaviour(Conduct(), Asking(), Bidding(), Reception(), Rating())
