"""The metrics of a replication once it has warmed up."""

from __future__ import annotations

from typing import Literal

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.totals import Totals
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import Records
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.warm_up import mser5

Series = Literal["realised_usd", "turnaround_s"]
"""What is watched to find where a run has warmed up: one observation a task, in order of arrival."""


class SteadyTotals(Observer):
    """As `Totals`, but for the tasks that arrived after the warm-up, which MSER-5 finds in a series.

    Holds all records until the end: about 650 bytes a task. A composite task is one observation: what its
    steps cost together, or how long it took to the last of them.
    """

    def __init__(self, scenario: Scenario, series: Series) -> None:
        self._scenario = scenario
        self._series = series
        self._blocks: list[Records] = []

    def block_recorded(self, records: Records) -> None:
        self._blocks.append(records)

    def metrics(self) -> dict[str, float]:
        """The metrics of `Totals` and two more.

        `warm_up_s` is when the first task that counts arrived, 0 where all count; `warm_up_found` is 1, or 0
        where the run is too short to tell: then all tasks count.
        """
        observed = [_observations(records, self._series) for records in self._blocks]
        warm_up = mser5(np.concatenate(observed))
        totals, left, kept_s = Totals(self._scenario), warm_up.observations_cut, []
        for records, series in zip(self._blocks, observed, strict=True):
            cut_here = min(left, len(series))
            left -= cut_here
            first = _first_row(records, cut_here)
            totals.add(records, first)
            kept_s += records.block.tasks.arrival_s[first : first + 1].tolist()
        warm_up_s = kept_s[0] if warm_up.observations_cut > 0 else 0.0
        return totals.metrics() | {"warm_up_s": warm_up_s, "warm_up_found": float(warm_up.found)}


def _observations(records: Records, series: Series) -> FloatArray:
    """One value a task of the block; steps of a composite task are one."""
    if series == "turnaround_s":
        return records.turnaround_s[records.closes]
    wholes = records.block.wholes
    if wholes is None:
        return records.realised_usd
    return np.bincount(wholes.of, weights=records.realised_usd).astype(np.float64, copy=False)


def _first_row(records: Records, cut: int) -> int:
    """The row at which the first task after the cut begins."""
    wholes = records.block.wholes
    return cut if wholes is None else int(np.searchsorted(wholes.of, cut))
