"""What is recorded of every task, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.cost_parts import COORDINATION, COST_PARTS, LEAK, LOSS, PRICE, SEARCH
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import LOCAL


class AtHome(NamedTuple):
    """What a block's tasks cost, in all and by `COST_PARTS`, and take where every task stays at home."""

    usd: FloatArray
    parts_usd: FloatArray
    s: FloatArray

    @classmethod
    def unknown(cls, block: Block) -> AtHome:
        """NaN for every task of a block."""
        usd, parts_usd = np.full(len(block), np.nan), np.broadcast_to(np.nan, (len(COST_PARTS), len(block)))
        return cls(usd, parts_usd, usd)


@dataclass(frozen=True, slots=True)
class Records:
    """The decisions and outcomes of one block; entry i belongs to task i of the block.

    Of the first decision are `decided_s`, `internal_usd`, the estimate of the cost at home, and
    `estimated_usd` and `estimated_s`, those of what was chosen; of the policy's last decision are `score` and
    `confidence`; `explored` says whether any was made at random. `contractor` is to whom the task was sent
    last, though that one may have rejected it or not been reached, or `LOCAL`; `attempts` counts contracts
    and work at home, to which a task may come without a decision. `started_s` is when work first began; where
    none did, it is `finished_s`. `good` says whether the work was good, `closes` whether it ended a whole:
    always, but for the steps of a composite task, of which one does. A step never begun, its whole having
    failed, has 0 attempts, and so has a row of the way that a task which might be split was not done in
    (`not_taken`). `split` says whether the task was done in steps, `coordination_s` how long coordinating a
    step took. `parts_usd`, (`COST_PARTS`, tasks), holds the parts of `realised_usd`, each as it was charged;
    `retries_usd` is what attempts after the first came to, search, pay, fees and work at home, whatever part
    that belongs to. `all_local_usd`, `all_local_parts_usd` and `all_local_s` are what the same task costs, in
    all and by parts, and takes where every task stays at home, the latter NaN for a step that ended no whole
    there.
    """

    block: Block
    contractor: IntArray
    explored: BoolArray
    score: FloatArray
    confidence: FloatArray
    internal_usd: FloatArray
    estimated_usd: FloatArray
    estimated_s: FloatArray
    realised_usd: FloatArray
    parts_usd: FloatArray
    retries_usd: FloatArray
    attempts: IntArray
    good: BoolArray
    closes: BoolArray
    split: BoolArray
    coordination_s: FloatArray
    decided_s: FloatArray
    started_s: FloatArray
    finished_s: FloatArray
    all_local_usd: FloatArray
    all_local_parts_usd: FloatArray
    all_local_s: FloatArray

    @classmethod
    def empty(cls, block: Block, at_home: AtHome) -> Records:
        """Records of a block of which nothing is decided yet."""
        n = len(block)

        def unknown() -> FloatArray:
            return np.full(n, np.nan)

        return cls(
            block=block,
            contractor=np.full(n, LOCAL, dtype=np.int64),
            explored=np.zeros(n, dtype=bool),
            score=unknown(),
            confidence=unknown(),
            internal_usd=unknown(),
            estimated_usd=unknown(),
            estimated_s=unknown(),
            realised_usd=unknown(),
            parts_usd=np.zeros((len(COST_PARTS), n)),
            retries_usd=np.zeros(n),
            attempts=np.ones(n, dtype=np.int64),
            good=np.ones(n, dtype=bool),
            closes=np.ones(n, dtype=bool),
            split=np.zeros(n, dtype=bool),
            coordination_s=np.zeros(n),
            decided_s=block.tasks.arrival_s.copy(),
            started_s=unknown(),
            finished_s=unknown(),
            all_local_usd=at_home.usd,
            all_local_parts_usd=at_home.parts_usd,
            all_local_s=at_home.s,
        )

    @property
    def price_usd(self) -> FloatArray:
        """What contractors were paid."""
        return self._part(PRICE)

    @property
    def loss_usd(self) -> FloatArray:
        """What bad work cost beyond the work itself."""
        return self._part(LOSS)

    @property
    def search_usd(self) -> FloatArray:
        """What messages to find contractors cost."""
        return self._part(SEARCH)

    @property
    def leak_usd(self) -> FloatArray:
        """What leaked data cost the client."""
        return self._part(LEAK)

    @property
    def coordination_usd(self) -> FloatArray:
        """What coordinating steps cost."""
        return self._part(COORDINATION)

    def _part(self, part: int) -> FloatArray:
        values: FloatArray = self.parts_usd[part]
        return values

    @property
    def outsourced(self) -> BoolArray:
        """Which tasks went to a contractor."""
        return np.not_equal(self.contractor, LOCAL)

    @property
    def may_split(self) -> BoolArray:
        """Of which tasks the policy decided whether they were split, rows of both ways."""
        wholes = self.block.wholes
        return np.zeros(len(self.block), dtype=bool) if wholes is None else wholes.may_split

    @property
    def not_taken(self) -> BoolArray:
        """Rows of the way in which a task that might be split was not done."""
        wholes = self.block.wholes
        if wholes is None:
            return np.zeros(len(self.block), dtype=bool)
        not_taken: BoolArray = wholes.may_split & (wholes.is_step != self.split)
        return not_taken

    @property
    def turnaround_s(self) -> FloatArray:
        """From arrival to result."""
        return self.finished_s - self.block.tasks.arrival_s
