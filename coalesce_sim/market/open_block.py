"""A block being played: its records, and plain lists of what is read once a task."""

from __future__ import annotations

from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block


class OpenBlock:
    """`internal_usd` is the estimate at home, `charge_usd` what home really costs, lateness left out."""

    __slots__ = (
        "block",
        "charge_usd",
        "client",
        "expected_s",
        "internal_usd",
        "left",
        "local_s",
        "records",
        "type_id",
    )

    def __init__(
        self, block: Block, records: Records, internal_usd: FloatArray, charge_usd: FloatArray
    ) -> None:
        self.block = block
        self.records = records
        self.left = len(block)
        self.internal_usd: list[float] = internal_usd.tolist()
        self.charge_usd: list[float] = charge_usd.tolist()
        self.type_id: list[int] = block.tasks.type_id.tolist()
        self.client: list[int] = block.tasks.client.tolist()
        self.local_s: list[float] = block.truth.local_work_s.tolist()
        self.expected_s: list[float] = block.home.work_s.tolist()
