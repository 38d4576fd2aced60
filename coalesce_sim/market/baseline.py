"""What the same tasks cost and take where every task stays at home, on the same random numbers."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.cost_parts import COST_PARTS, HOME, LATENESS
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.published.charges import home_parts_usd, home_usd
from coalesce_sim.market.records import AtHome, Records
from coalesce_sim.market.workload import Block
from coalesce_sim.metrics import of_group
from coalesce_sim.scenario.clients import Clients
from coalesce_sim.scenario.schema import Scenario


class Baseline(Protocol):
    """Gives the all-local cost and turnaround of each block, blocks in order."""

    def take(self, block: Block) -> AtHome:
        """What each task of the block costs and takes."""

    def figures(self) -> dict[str, float]:
        """Metrics of the all-local market as a whole, none where all its work is good."""


class ClosedForm:
    """Exact where no task waits at home: unlimited slots make tasks independent of each other."""

    def __init__(self, scenario: Scenario) -> None:
        self._cost_model = scenario.cost_model

    def take(self, block: Block) -> AtHome:
        turnaround_s = block.truth.local_work_s
        late_s = np.maximum(0.0, turnaround_s - block.tasks.max_latency_s)
        late_usd = late_s * self._cost_model.charged_late_usd_per_s
        parts_usd = np.zeros((len(COST_PARTS), len(block)))
        parts_usd[HOME], parts_usd[LATENESS] = home_parts_usd(self._cost_model, block), late_usd
        return AtHome(home_usd(self._cost_model, block) + late_usd, parts_usd, turnaround_s)

    def figures(self) -> dict[str, float]:
        return {}


class _Kept(NamedTuple):
    """What tasks of a block cost and took; of the parts only those that were `charged`, to save memory."""

    usd: FloatArray
    s: FloatArray
    charged: BoolArray
    parts_usd: FloatArray


class Replayed(Observer):
    """The outcome of an all-local market of these clients: of the one that it watches."""

    def __init__(self, clients: Clients) -> None:
        self._blocks: dict[int, _Kept] = {}
        self._names, self._group_of = [*(clients.groups or ())], clients.group_of
        self._good = self._ended = np.zeros(max(1, len(self._names)), dtype=np.int64)
        self._loss_usd = 0.0

    def block_recorded(self, records: Records) -> None:
        self._good = self._good + self._by_group(records, records.good & records.closes)
        self._ended = self._ended + self._by_group(records, records.closes)
        self._loss_usd += float(records.loss_usd.sum())
        took_s = np.where(records.closes, records.turnaround_s, np.nan)
        charged: BoolArray = np.any(records.parts_usd, axis=1)
        kept = _Kept(records.realised_usd, took_s, charged, records.parts_usd[charged])
        self._blocks[records.block.first] = kept

    def _by_group(self, records: Records, which: BoolArray) -> IntArray:
        """How many tasks that is of each group."""
        group = self._group_of[records.block.tasks.client[which]]
        return np.bincount(group, minlength=len(self._ended))

    def take(self, block: Block) -> AtHome:
        kept = self._blocks.pop(block.first)
        parts_usd = np.zeros((len(COST_PARTS), len(block)))
        parts_usd[kept.charged] = kept.parts_usd
        return AtHome(kept.usd, parts_usd, kept.s)

    def figures(self) -> dict[str, float]:
        """Share of the tasks that would end well, in percent, of each group too, and what those that do not
        would cost."""
        good, ended = self._good.tolist(), self._ended.tolist()
        rates = {"all_local_success_rate": _percent(sum(good), sum(ended))}
        for number, name in enumerate(self._names):
            rates[of_group("all_local_success_rate", name)] = _percent(good[number], ended[number])
        return rates | {"all_local_loss_usd": self._loss_usd}


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else math.nan
