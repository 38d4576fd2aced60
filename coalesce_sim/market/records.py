"""What is recorded of every task, column by column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import LOCAL


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
    (`not_taken`). `split` says whether the task was done in steps; `coordination_usd`, a part of
    `realised_usd`, and `coordination_s` what coordinating a step cost and took. `price_usd` is what
    contractors were paid, `loss_usd` the part of `realised_usd` that bad work cost, `leak_usd` the part that
    leaked data did, `search_usd` that of messages to find contractors. `all_local_usd` and `all_local_s` are
    what the same task costs and takes where every task stays at home, the latter NaN for a step that ended no
    whole there.
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
    price_usd: FloatArray
    loss_usd: FloatArray
    search_usd: FloatArray
    leak_usd: FloatArray
    attempts: IntArray
    good: BoolArray
    closes: BoolArray
    split: BoolArray
    coordination_usd: FloatArray
    coordination_s: FloatArray
    decided_s: FloatArray
    started_s: FloatArray
    finished_s: FloatArray
    all_local_usd: FloatArray
    all_local_s: FloatArray

    @classmethod
    def empty(cls, block: Block, all_local_usd: FloatArray, all_local_s: FloatArray) -> Records:
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
            price_usd=np.zeros(n),
            loss_usd=np.zeros(n),
            search_usd=np.zeros(n),
            leak_usd=np.zeros(n),
            attempts=np.ones(n, dtype=np.int64),
            good=np.ones(n, dtype=bool),
            closes=np.ones(n, dtype=bool),
            split=np.zeros(n, dtype=bool),
            coordination_usd=np.zeros(n),
            coordination_s=np.zeros(n),
            decided_s=block.tasks.arrival_s.copy(),
            started_s=unknown(),
            finished_s=unknown(),
            all_local_usd=all_local_usd,
            all_local_s=all_local_s,
        )

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
