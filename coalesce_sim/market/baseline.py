"""What the same tasks cost and take where every task stays at home, on the same random numbers."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from coalesce_sim.market.records import Records
from coalesce_sim.market.settlement import late_usd_per_s
from coalesce_sim.market.workload import Block
from coalesce_sim.scenario.distributions import FloatArray
from coalesce_sim.scenario.schema import Scenario


class Baseline(Protocol):
    """Gives the all-local cost and turnaround of each block, blocks in order."""

    def take(self, block: Block, charge_usd: FloatArray) -> tuple[FloatArray, FloatArray]:
        """USD and seconds, one entry a task; `charge_usd` is the local charge before its cost factor."""


class ClosedForm:
    """Exact where no task waits at home: unlimited slots make tasks independent of each other."""

    def __init__(self, scenario: Scenario) -> None:
        self._late_usd_per_s = late_usd_per_s(scenario.cost_model)

    def take(self, block: Block, charge_usd: FloatArray) -> tuple[FloatArray, FloatArray]:
        turnaround_s = block.truth.local_work_s
        late_s = np.maximum(0.0, turnaround_s - block.tasks.max_latency_s)
        return charge_usd * block.truth.local_cost_factor + late_s * self._late_usd_per_s, turnaround_s


class Replayed:
    """The outcome of an all-local market that was played before."""

    def __init__(self) -> None:
        self._usd: list[FloatArray] = []
        self._s: list[FloatArray] = []

    def add(self, records: Records) -> None:
        """Keep a finished block of the all-local market."""
        self._usd.append(records.realised_usd)
        self._s.append(records.turnaround_s)

    def take(self, block: Block, charge_usd: FloatArray) -> tuple[FloatArray, FloatArray]:  # noqa: ARG002
        return self._usd.pop(0), self._s.pop(0)
