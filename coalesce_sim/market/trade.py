"""What a way of trading must do; the two that there are live in `published` and `contracts`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import simpy

from coalesce_sim.arrays import FloatArray
from coalesce_sim.economics.correction import ErrorWindow
from coalesce_sim.luck import Luck
from coalesce_sim.market.accounts import Accounts
from coalesce_sim.market.breakdown import Breakdown
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.open_block import OpenBlock
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.queues import Queues
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import Decision, Offers, OracleView, Outcome
from coalesce_sim.reputation.ratings import RatingRows
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.skills.compatibility import Compatibility
from coalesce_sim.streams import Streams

if TYPE_CHECKING:
    from coalesce_sim.market.contracts.ended import EndedContracts

Events = Generator[simpy.Event, object, None]
"""A SimPy process: it waits for what it yields."""

Preparing = Generator[simpy.Event, object, bool]
"""What comes before a decision; at its end it says whether the decision is still to be made."""


@dataclass(frozen=True, slots=True)
class Venue:
    """What every trade is built on.

    `listens` says whether any policy wants to be told of outcomes, `searches` whether that of a client has it
    ask for contractors; it may know only when the market is played.
    """

    scenario: Scenario
    streams: Streams
    luck: Luck
    demand: FloatArray
    pool: Pool
    skills: Compatibility
    queues: Queues
    accounts: Accounts
    observer: Observer
    listens: bool
    searches: Callable[[int], bool]


class Quote(Protocol):
    """The offers of one decision round; what else a trade keeps with them is its own."""

    @property
    def offers(self) -> Offers:
        """What the policy sees."""


B = TypeVar("B", bound=OpenBlock)
"""A block of tasks being played, with what the trade keeps of it."""

Q = TypeVar("Q", bound=Quote)
"""The offers on some tasks of a block."""

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)
"""One attempt at a task under way: a contract, or work at home."""


@dataclass(frozen=True, slots=True)
class Onward(Generic[A_co]):
    """How things go on when an attempt is over.

    `decide` are tasks of its block that the policy is asked about now: the same again, or steps that waited
    for it. `carry_out` is another attempt at the same task, which nobody needs to be asked about.
    """

    decide: Sequence[int] = ()
    carry_out: A_co | None = None


class Trade(Protocol[B, Q, A]):
    """A way of trading: the steps of `Loop`, in its order, and what can be said at the end.

    Tasks are rows of their open block. What is asked (`quote`, `bids_usd`, `oracle_view`, `breakdown`)
    changes nothing, however often it is asked.
    """

    def open(self, block: Block, records: Records) -> B:
        """Lay out a block whose tasks are about to arrive."""

    def arrive(self, opened: B, tasks: slice) -> Iterable[slice]:
        """Tasks arrive together; the rounds in which they are decided, each before the next is asked for.

        In a round no decision can change the offers on the others. What is left out is decided later, as
        `split` and `recover` say.
        """

    def prepare(self, opened: B, tasks: slice) -> Preparing | None:
        """What has to be done before the tasks of a round are decided; None where that takes no time."""

    def quote(self, opened: B, tasks: slice) -> Q:
        """The offers on the tasks of one round, as things stand now."""

    def bids_usd(self, quote: Q) -> FloatArray:
        """Sealed bids, (tasks, offers); the honest bid their own cost or, where that is not known, their
        price."""

    def oracle_view(self, opened: B, quote: Q, task: int) -> OracleView:
        """The view on one task with the realised cost of every choice."""

    def breakdown(self, opened: B, quote: Q, task: int) -> Breakdown:
        """What the estimates for one task are made up of, before it is sent anywhere."""

    def split(self, opened: B, task: int) -> Sequence[int]:
        """Do a task in steps: those that may begin now."""

    def carry_out(self, opened: B, quote: Q, task: int, decision: Decision) -> A | None:
        """Send a task where it was decided to go: the attempt, or None where it has ended already."""

    def work(self, attempt: A) -> Events:
        """All events of an attempt, to its end."""

    def end(self, attempt: A) -> None:
        """It is over: verified and charged, and paid unless it was on award."""

    def learn(self, attempt: A) -> Outcome | None:
        """Enter in the public record and the clients' memory what they know of it now.

        What the policy is told; None where it is told nothing.
        """

    def recover(self, attempt: A) -> Onward[A]:
        """Close the task, or say how it goes on."""

    def taken(self) -> tuple[EndedContracts | None, RatingRows | None]:
        """The contracts that have ended and what was rated since the last time; None where there is nothing
        of the kind, or nobody watches."""

    def figures(self) -> dict[str, float]:
        """What can be said of this trade as a whole once the market has been played."""

    def mean_price_usd(self, hours: int) -> FloatArray:
        """The mean over the pool of the price of the simplest task, hour by hour; NaN where prices differ by
        task."""

    def estimation_errors(self) -> list[ErrorWindow]:
        """How far estimates were off, charge after charge; empty where nothing is estimated twice."""
