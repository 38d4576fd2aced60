"""The market over time: one row an interval, worked out from the records of finished tasks."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.columns import nullable, table_of
from coalesce_sim.market.records import Records
from coalesce_sim.scenario.schema import Scenario


class _Step:
    """The mean level over each interval of a count that goes up and down at given times.

    For every event time t the level rises (or falls) by 1 from t on. The area up to an edge e is
    ``Σ (e − t)`` over the events before it, so counts and sums of event times by interval are enough.
    """

    def __init__(self, edges_s: FloatArray) -> None:
        self._edges_s = edges_s
        self._counts = np.zeros(len(edges_s))
        self._times_s = np.zeros(len(edges_s))

    def add(self, times_s: FloatArray, sign: float) -> None:
        if len(times_s) == 0:
            return
        after = np.searchsorted(self._edges_s, times_s, side="left")
        inside = after < len(self._edges_s)
        np.add.at(self._counts, after[inside], sign)
        np.add.at(self._times_s, after[inside], sign * times_s[inside])

    def means(self) -> FloatArray:
        area_s = self._edges_s * np.cumsum(self._counts) - np.cumsum(self._times_s)
        # Rounding may leave a level that is 0 a hair below it.
        return np.maximum(0.0, np.diff(area_s) / np.diff(self._edges_s))


class Timeline:
    """Collects records; `table` gives one row for each interval of the scenario's timeline.

    Counts and costs belong to the interval in which a task arrived; the steps of a composite task count as
    one task and as many decisions, and `split` counts the tasks done in steps, where that is open. Levels are
    time averages: tasks at work and waiting at home and at contractors. Utilisation is the share of slots at
    work, null where slots are unlimited. Prices and demand are those at the beginning of the interval.
    """

    def __init__(self, scenario: Scenario, replication: int) -> None:
        self._scenario = scenario
        self._replication = replication
        self._step_s = scenario.clock.timeline_min * 60
        count = max(1, math.ceil(scenario.clock.horizon_s / self._step_s - 1e-9))
        self._edges_s: FloatArray = self._step_s * np.arange(count + 1, dtype=np.float64)
        self._sums = {
            name: np.zeros(count)
            for name in (
                "tasks",
                "decided",
                "outsourced",
                "explored",
                "realised_usd",
                "all_local_usd",
                "late",
                "good",
            )
        }
        if scenario.workload.splits:
            self._sums["split"] = np.zeros(count)
        self._levels = {
            name: _Step(self._edges_s)
            for name in ("home_busy", "home_queue", "contractor_busy", "contractor_queue")
        }

    def add(self, records: Records) -> None:
        """Count a finished block."""
        tasks = records.block.tasks
        count = len(self._edges_s) - 1
        interval = np.minimum((tasks.arrival_s / self._step_s).astype(np.int64), count - 1)
        first = (
            int(interval.min()) if len(interval) else 0
        )  # a block is in few of the intervals of a long run
        interval -= first
        away, closes = records.outsourced, records.closes
        late = closes & (records.turnaround_s > records.block.target_s)
        for name, values in (
            ("tasks", closes.astype(float)),
            ("decided", (records.attempts > 0).astype(float)),
            ("good", (records.good & closes).astype(float)),
            ("outsourced", away.astype(float)),
            ("explored", records.explored.astype(float)),
            ("realised_usd", records.realised_usd),
            ("all_local_usd", records.all_local_usd),
            ("late", late.astype(float)),
        ):
            self._count(name, first, interval, values)
        if "split" in self._sums:
            self._count("split", first, interval, (closes & records.split).astype(float))
        for place, there in (("home", ~away), ("contractor", away)):
            busy, queue = self._levels[f"{place}_busy"], self._levels[f"{place}_queue"]
            busy.add(records.started_s[there], 1.0)
            busy.add(records.finished_s[there], -1.0)
            queue.add(records.decided_s[there], 1.0)
            queue.add(records.started_s[there], -1.0)

    def _count(self, name: str, first: int, interval: IntArray, values: FloatArray) -> None:
        """Add up values by their intervals, numbered from the first."""
        counted = np.bincount(interval, weights=values)
        self._sums[name][first : first + len(counted)] += counted

    def table(self, demand: FloatArray, mean_price_usd: FloatArray, slots: int | None) -> pa.Table:
        """The timeline as an Arrow table.

        `demand` (empty for a market without demand) and `mean_price_usd` (NaN where prices are made
        task by task) have one entry an hour. `slots` is
        the contractors' total, None if unlimited.
        """
        start_s = self._edges_s[:-1]
        sums = self._sums
        cost_usd, base_usd = np.cumsum(sums["realised_usd"]), np.cumsum(sums["all_local_usd"])
        hour = np.minimum((start_s / 3600).astype(np.int64), len(mean_price_usd) - 1)
        demand = demand[hour] if len(demand) else np.full(len(start_s), np.nan)
        levels = {name: step.means() for name, step in self._levels.items()}
        home_slots = self._scenario.clients.total_slots
        split = {"split": sums["split"].astype(np.int64)} if "split" in sums else {}
        return table_of(
            {
                "replication": np.full(len(start_s), self._replication, dtype=np.int32),
                "start_s": start_s,
                "demand": nullable(demand),
                "mean_price_usd": nullable(mean_price_usd[hour]),
                "tasks": sums["tasks"].astype(np.int64),
                "outsourced": sums["outsourced"].astype(np.int64),
                "explored": sums["explored"].astype(np.int64),
                "late": sums["late"].astype(np.int64),
                "good": sums["good"].astype(np.int64),
                "outsourcing_rate": nullable(_percent(sums["outsourced"], sums["decided"])),
                "realised_usd": sums["realised_usd"],
                "all_local_usd": sums["all_local_usd"],
                "cumulative_savings_usd": base_usd - cost_usd,
                "cumulative_cost_reduction": nullable(_percent(base_usd - cost_usd, base_usd)),
                **levels,
                "home_utilisation": nullable(_share(levels["home_busy"], home_slots)),
                "contractor_utilisation": nullable(_share(levels["contractor_busy"], slots)),
                **split,
            }
        )


def _percent(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.where(whole > 0, 100 * part / np.where(whole > 0, whole, 1.0), np.nan)


def _share(busy: FloatArray, slots: int | None) -> FloatArray:
    return 100 * busy / slots if slots else np.full(len(busy), np.nan)
