"""What the same tasks cost and take where every task stays at home, on the same random numbers."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.published.charges import home_usd
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block
from coalesce_sim.scenario.schema import Scenario


class Baseline(Protocol):
    """Gives the all-local cost and turnaround of each block, blocks in order."""

    def take(self, block: Block) -> tuple[FloatArray, FloatArray]:
        """USD and seconds, one entry a task."""

    def figures(self) -> dict[str, float]:
        """Metrics of the all-local market as a whole, none where all its work is good."""


class ClosedForm:
    """Exact where no task waits at home: unlimited slots make tasks independent of each other."""

    def __init__(self, scenario: Scenario) -> None:
        self._cost_model = scenario.cost_model

    def take(self, block: Block) -> tuple[FloatArray, FloatArray]:
        turnaround_s = block.truth.local_work_s
        late_s = np.maximum(0.0, turnaround_s - block.tasks.max_latency_s)
        late_usd = late_s * self._cost_model.charged_late_usd_per_s
        return home_usd(self._cost_model, block) + late_usd, turnaround_s

    def figures(self) -> dict[str, float]:
        return {}


class Replayed(Observer):
    """The outcome of an all-local market: of the one that it watches."""

    def __init__(self) -> None:
        self._usd_and_s: dict[int, tuple[FloatArray, FloatArray]] = {}
        self._good = self._ended = 0
        self._loss_usd = 0.0

    def block_recorded(self, records: Records) -> None:
        self._good += int((records.good & records.closes).sum())
        self._ended += int(records.closes.sum())
        self._loss_usd += float(records.loss_usd.sum())
        took_s = np.where(records.closes, records.turnaround_s, np.nan)
        self._usd_and_s[records.block.first] = records.realised_usd, took_s

    def take(self, block: Block) -> tuple[FloatArray, FloatArray]:
        return self._usd_and_s.pop(block.first)

    def figures(self) -> dict[str, float]:
        """Share of the tasks that would end well, in percent, and what those that do not would cost."""
        success_rate = 100 * self._good / self._ended if self._ended else math.nan
        return {"all_local_success_rate": success_rate, "all_local_loss_usd": self._loss_usd}
