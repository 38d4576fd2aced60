"""A block of tasks being played in the published trade."""

from __future__ import annotations

from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.open_block import OpenBlock
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block


class OpenPublishedBlock(OpenBlock):
    """An open block with `estimate_usd`, what a client expects home to cost before it looks at its queue."""

    __slots__ = ("estimate_usd",)

    def __init__(self, block: Block, records: Records, charge_usd: FloatArray) -> None:
        super().__init__(block, records, charge_usd, block.truth.local_work_s, block.home.work_s)
        estimate_usd = block.home.running.total_usd + block.home.opportunity_usd
        self.estimate_usd: list[float] = estimate_usd.tolist()
