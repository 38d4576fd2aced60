"""Watching a market while it is played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from coalesce_sim.market.breakdown import Breakdown
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import Decision, Offers, View
from coalesce_sim.reputation.ratings import RatingRows

if TYPE_CHECKING:
    import pyarrow as pa

    from coalesce_sim.market.contracts.contract import Contract
    from coalesce_sim.market.contracts.ended import EndedContracts
    from coalesce_sim.market.market import Market

EventName = Literal[
    "block_opened",
    "considered",
    "decided",
    "contract_ended",
    "contracts",
    "ratings",
    "block_recorded",
    "journal",
]


@dataclass(frozen=True, slots=True)
class DecidedOffers:
    """One decision with everything it was based on.

    `task` is the row of the task in its block, `row` that of its offers, by which a `View` shows them: tasks
    that come together may share them, or not, as the core does it. `attempt` counts the decisions on it from
    0. `breakdown` tells what the estimates are made up of: ask while being told of the decision.
    """

    block: Block
    task: int
    row: int
    attempt: int
    offers: Offers
    decision: Decision
    breakdown: Callable[[], Breakdown]


@dataclass(frozen=True, slots=True)
class Considered:
    """Whether a task that may be split is done in steps, with the view (`View.whole`, `View.split`) by which
    that was decided. `task` is the row of the undivided task in its block."""

    block: Block
    task: int
    view: View
    split: bool


class Observer:
    """Is told what happens while a replication is played; a subclass overrides what it wants to know.

    Of a replication that is staged it hears what happens in its own market, not in the all-local one that may
    be played before. It changes nothing: the same scenario, seed and replication give the same market,
    whoever watches, and whichever core plays tells the same in the same order. What an observer raises ends
    the replication and reaches whoever plays it: a replication that was stopped is discarded whole.

    >>> import coalesce_sim
    >>> class Progress(coalesce_sim.Observer):
    ...     def block_recorded(self, records):
    ...         print(
    ...             f"{len(records.block)} tasks are done, {records.outsourced.sum()} of them by contractors"
    ...         )
    >>> scenario = coalesce_sim.load("dur_02", ["clock.days=1"])
    >>> metrics = coalesce_sim.stage(scenario, seed=1, observer=Progress()).play()
    51 tasks are done, 13 of them by contractors
    """

    def set_up(self, market: Market) -> None:
        """The market to be played stands, with its contractors (`market.pool`); told once, before the first
        task."""

    def block_opened(self, block: Block) -> None:
        """A block of tasks, some two thousand, is about to arrive one by one."""

    def considered(self, considered: Considered) -> None:
        """The policy has decided whether a task is split; told before it decides on it, or on its steps."""

    def decided(self, decided: DecidedOffers) -> None:
        """The policy has decided on a task, for the first time or again. Who overrides this has policies give
        their reasons, which takes them longer."""

    def contract_ended(self, contract: Contract) -> None:
        """A contract has reached its final state and is paid; only where markets have contracts. On the
        compiled core what comes about in `Contract.opened` is entered when its block is over."""

    def contracts(self, rows: EndedContracts) -> None:
        """The contracts that have ended since the last time, in the order in which they ended; told with each
        block that is recorded, where markets have contracts. It costs less than `contract_ended`."""

    def ratings(self, rows: RatingRows) -> None:
        """What was rated since the last time, oldest first; told with each block that is
        recorded, where there is a public record."""

    def block_recorded(self, records: Records) -> None:
        """All tasks of a block have ended; blocks come in order. Whether the next one has been opened by then
        hangs on what plays: where nobody queues the compiled core plays each block to its end first."""

    def journal(self, entries: pa.Table) -> None:
        """All has been paid: the book's entries, leg by leg; told once, where a scenario states `settlement`.
        Who overrides this has the book keep them."""

    def wants(self, event: EventName) -> bool:
        """Whether this observer does anything when told."""
        return getattr(type(self), event) is not getattr(Observer, event)

    @property
    def sees_decisions(self) -> bool:
        """Whether it is told of decisions one by one."""
        return self.wants("decided") or self.wants("considered")


class Observers(Observer):
    """Several observers as one, told in turn."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def set_up(self, market: Market) -> None:
        for each in self._observers:
            each.set_up(market)

    def block_opened(self, block: Block) -> None:
        for each in self._observers:
            each.block_opened(block)

    def considered(self, considered: Considered) -> None:
        for each in self._observers:
            each.considered(considered)

    def decided(self, decided: DecidedOffers) -> None:
        for each in self._observers:
            each.decided(decided)

    def contract_ended(self, contract: Contract) -> None:
        for each in self._observers:
            each.contract_ended(contract)

    def contracts(self, rows: EndedContracts) -> None:
        for each in self._observers:
            each.contracts(rows)

    def ratings(self, rows: RatingRows) -> None:
        for each in self._observers:
            each.ratings(rows)

    def block_recorded(self, records: Records) -> None:
        for each in self._observers:
            each.block_recorded(records)

    def journal(self, entries: pa.Table) -> None:
        for each in self._observers:
            each.journal(entries)

    def wants(self, event: EventName) -> bool:
        return any(each.wants(event) for each in self._observers)
