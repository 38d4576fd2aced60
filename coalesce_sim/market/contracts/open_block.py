"""A block of tasks being played in a market where work may come to nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.contracts.lifecycle import Draws, Luck
from coalesce_sim.market.contracts.quotes import ContractQuotes
from coalesce_sim.market.contracts.results import GroundTruth
from coalesce_sim.market.open_block import OpenBlock
from coalesce_sim.market.records import Records
from coalesce_sim.market.wholes import OpenWholes
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import LOCAL, Outcome


class OpenContractBlock(OpenBlock):
    """An open block with what its work would really yield (`results`), its luck and its layout.

    `internal_usd` is what running a task at home costs, as expected; `charge_usd` what it really costs there.
    """

    __slots__ = ("layout", "luck", "results", "wholes")

    def __init__(
        self,
        block: Block,
        records: Records,
        charge_usd: FloatArray,
        truth: GroundTruth,
        draws: Draws,
        quotes: ContractQuotes,
    ) -> None:
        self.results = truth.of(block)
        self.luck = Luck(draws, len(block))
        self.layout = quotes.lay_out(block)
        self.wholes = None if block.wholes is None else OpenWholes(block.wholes)
        own_usd = np.nan_to_num(self.results.bill_usd[:, LOCAL])
        charge_usd = charge_usd * block.truth.local_cost_factor + own_usd
        super().__init__(block, records, block.home.running.total_usd, charge_usd)
        known_s = truth.type_service_s[block.tasks.type_id, LOCAL]
        self.expected_s = np.where(np.isnan(known_s), block.home.work_s, known_s).tolist()
        self.local_s = np.where(np.isnan(known_s), block.truth.local_work_s, known_s).tolist()
        records.realised_usd[:] = 0.0
        if block.wholes is not None:
            records.attempts[:] = 0
            records.closes[:] = False


class Ask(Protocol):
    """Has the policy decide on a task: for the first time, or again without those that were `tried`."""

    def __call__(self, opened: OpenBlock, task: int, tried: tuple[int, ...] = ()) -> None: ...


Tell = Callable[[Outcome], None]
"""Lets the policy know what the client knows of an attempt."""
