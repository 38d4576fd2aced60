"""A block of tasks being played where work may come to nothing."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.cost_parts import RUNNING
from coalesce_sim.market.composite import OpenWholes
from coalesce_sim.market.contracts.discovery import Found
from coalesce_sim.market.contracts.layout import Layout
from coalesce_sim.market.contracts.results import Results
from coalesce_sim.market.open_block import OpenBlock, at_home_usd
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block
from coalesce_sim.scenario.workload import LEVELS

HIGH = LEVELS.index("high")


class OpenContractBlock(OpenBlock):
    """An open block with its layout and its `results`, which nobody knows yet.

    `running_usd` is what running a task at home is expected to cost, `home_parts_usd`, (`HOME`, tasks), what
    it really does, by its parts. `found` is what the client of each task
    found when it last looked for contractors, None where everybody knows everybody. `wholes` is the state of
    composite tasks, None where there are none. `known_home_s`, one entry a task, are times of work at home by
    type of task; NaN where the hardware tells.
    """

    __slots__ = ("found", "home_parts_usd", "layout", "results", "running_parts_usd", "running_usd", "wholes")

    def __init__(
        self,
        block: Block,
        records: Records,
        layout: Layout,
        results: Results,
        known_home_s: FloatArray,
    ) -> None:
        running, factor = block.truth.local_running, block.truth.local_cost_factor
        bills_usd = results.own_bills_usd()
        by_hardware = np.isnan(known_home_s)
        super().__init__(
            block,
            records,
            running.total_usd * factor + bills_usd,
            local_s=np.where(by_hardware, block.truth.local_work_s, known_home_s),
            expected_s=np.where(by_hardware, block.home.work_s, known_home_s),
        )
        self.layout, self.results = layout, results
        self.home_parts_usd = at_home_usd(running, factor, bill_usd=bills_usd)
        self.found: list[Found | None] = [None] * len(block)
        self.running_usd: list[float] = block.home.running.total_usd.tolist()
        self.running_parts_usd = np.array([*block.home.running])
        self.wholes = None if block.wholes is None else OpenWholes(block.wholes)
        records.realised_usd[:] = 0.0
        if self.wholes is not None:
            records.attempts[:] = 0
            records.closes[:] = False
        if block.wholes is not None:
            records.split[:] = block.wholes.is_step & ~block.wholes.may_split

    def share_machine(self, task: int, hours: float) -> None:
        """A task has used up so many hours of a machine that serves all its jobs at once: charge that in
        place of a whole hour."""
        parts_usd = self.home_parts_usd[:, task]
        parts_usd[RUNNING] *= hours
        self.charge_usd[task] = float(parts_usd.sum())

    def search_s(self, task: int) -> float:
        """How long it took the client to find contractors."""
        found = self.found[task]
        return 0.0 if found is None else found.latency_s

    def is_sensitive(self, task: int) -> bool:
        """Whether the data of a task are of high sensitivity."""
        return self.block.sensitivity.item(task) == HIGH
