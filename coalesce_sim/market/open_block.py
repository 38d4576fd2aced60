"""Blocks of tasks being played, and how they are handed over when all their tasks have ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.cost_parts import (
    HOME,
    HOME_BILL,
    HOME_COMPUTE,
    HOME_DEPRECIATION,
    HOME_ENERGY,
    HOME_MEMORY,
    OPPORTUNITY,
)
from coalesce_sim.economics.internal import RunningCost
from coalesce_sim.market.accounts import Accounts
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import AtHome, Records
from coalesce_sim.market.workload import Block
from coalesce_sim.reputation.ratings import RatingRows

if TYPE_CHECKING:
    from coalesce_sim.market.contracts.ended import EndedContracts


def at_home_usd(
    running: RunningCost,
    cost_factor: FloatArray,
    *,
    bill_usd: FloatArray | float = 0.0,
    opportunity_usd: FloatArray | float = 0.0,
) -> FloatArray:
    """What work at home is charged by its parts, (`HOME`, tasks); the factor applies to all but bills."""
    parts_usd = np.empty((HOME.stop - HOME.start, len(cost_factor)))
    parts_usd[HOME_COMPUTE] = running.compute_usd * cost_factor
    parts_usd[HOME_MEMORY] = running.memory_usd * cost_factor
    parts_usd[HOME_ENERGY] = running.energy_usd * cost_factor
    parts_usd[HOME_DEPRECIATION] = running.depreciation_usd * cost_factor
    parts_usd[HOME_BILL] = bill_usd
    parts_usd[OPPORTUNITY] = opportunity_usd * cost_factor
    return parts_usd


class BlockUnderWay:
    """A block and its records; `left` counts the tasks that have not ended."""

    __slots__ = ("block", "left", "records")

    def __init__(self, block: Block, records: Records) -> None:
        self.block = block
        self.records = records
        self.left = len(block)


class OpenBlock(BlockUnderWay):
    """A block played by events, with plain lists of what is read once a task.

    `charge_usd` is what home really costs, lateness left out; `local_s` how long the work really takes there,
    `expected_s` how long its client thinks. `tried` are the contractors that a task was given to so far.
    """

    __slots__ = ("charge_usd", "client", "expected_s", "local_s", "tried", "type_id")

    def __init__(
        self,
        block: Block,
        records: Records,
        charge_usd: FloatArray,
        local_s: FloatArray,
        expected_s: FloatArray,
    ) -> None:
        super().__init__(block, records)
        self.tried: list[tuple[int, ...]] = [()] * len(block)
        self.charge_usd: list[float] = charge_usd.tolist()
        self.type_id: list[int] = block.tasks.type_id.tolist()
        self.client: list[int] = block.tasks.client.tolist()
        self.local_s: list[float] = local_s.tolist()
        self.expected_s: list[float] = expected_s.tolist()


class BlocksUnderWay:
    """Open blocks in order; each is booked and told to the observer when it and all before it are complete.

    With each block go the contracts and ratings that `taken` gives.
    """

    def __init__(
        self,
        accounts: Accounts,
        observer: Observer,
        taken: Callable[[], tuple[EndedContracts | None, RatingRows | None]],
    ) -> None:
        self._accounts = accounts
        self._observer = observer
        self._taken = taken
        self._waiting: deque[BlockUnderWay] = deque()

    def open(self, opened: BlockUnderWay) -> None:
        """The tasks of one more block arrive from now on."""
        self._waiting.append(opened)
        self._accounts.tasks_in += len(opened.block)
        self._observer.block_opened(opened.block)

    def hand_over(self) -> None:
        """Hand over the blocks of which no task is left."""
        while self._waiting and self._waiting[0].left == 0:
            self._record(self._waiting.popleft().records)

    def record_nothing(self, no_tasks: Block) -> None:
        """Hand over a block of no tasks, for a market to which nothing came."""
        self._record(Records.empty(no_tasks, AtHome.unknown(no_tasks)))

    def _record(self, records: Records) -> None:
        self._accounts.book(records)
        contracts, ratings = self._taken()
        if contracts is not None:
            self._observer.contracts(contracts)
        if ratings is not None:
            self._observer.ratings(ratings)
        self._observer.block_recorded(records)
