"""Who got the work: tasks, money, delay and success by contractor, or home, and type of task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.columns import named, numbers, same, table_of
from coalesce_sim.market.contracts.ended import EndedContracts
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.records import Records
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.pool import DrawnPool
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate, estimate

if TYPE_CHECKING:
    import pandas as pd

HOME = "home"
"""What the row of the clients' own work is called."""

MOST_NAMED = 12
"""Listed contractors of several types beyond this many are told by type."""

COUNTS = ("tasks", "explored", "good", "late", "attempts")
AMOUNTS = ("turnaround_s", "paid_usd", "realised_usd")

_SHARES = ("share", "late_rate", "success_rate", "exploration_rate")
"""Figures in percent, whose intervals stay within 0 and 100."""


class Routed(Observer):
    """Adds up who got the work of one replication; memory grows with contractors × types, not with tasks."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._types = tuple(scenario.workload.types)

    def set_up(self, market: Market) -> None:
        self._has_contracts = isinstance(market.trade, ContractTrade)
        self._labels, group = groups(self._scenario, market.pool)
        self._group = np.append(group, len(self._labels))  # home is the last, where `LOCAL` points
        shape = len(self._labels) + 1, len(self._types)
        self._sums = {name: np.zeros(shape) for name in (*COUNTS, *AMOUNTS)}
        self._attempts = np.zeros(len(self._types))

    def contracts(self, rows: EndedContracts) -> None:
        group = self._group[rows.contractor]
        self._add("attempts", group, rows.type_id, np.ones(len(group)))
        self._add("paid_usd", group, rows.type_id, rows.paid_usd)

    def block_recorded(self, records: Records) -> None:
        type_id = records.block.tasks.type_id
        group, counted = self._group[records.contractor], records.attempts > 0
        turnaround_s = np.where(counted, records.turnaround_s, 0.0)
        self._add("tasks", group, type_id, counted)
        self._add("explored", group, type_id, counted & records.explored)
        self._add("good", group, type_id, counted & records.good)
        self._add("late", group, type_id, counted & exceeds(turnaround_s, records.block.target_s))
        self._add("turnaround_s", group, type_id, turnaround_s)
        self._add("realised_usd", group, type_id, records.realised_usd)
        self._attempts += np.bincount(type_id, records.attempts, len(self._types))
        if not self._has_contracts:
            self._add("paid_usd", group, type_id, records.price_usd)
            self._add("attempts", group, type_id, np.where(records.outsourced, records.attempts, 0))

    def table(self, replication: int) -> pa.Table:
        """One row a contractor (null for home) and type of task that had anything to do with one another.

        `contractor` is the contractor or, where contractors are drawn or are many of several types, their
        type. `tasks`, steps of composite ones among them, went there last; of these are `explored` (some
        decision on them was made at random), `good`, `late` (past their target), `turnaround_s`, from arrival
        to result, and `realised_usd`, all that they cost, both added up. `attempts` and `paid_usd` are of all
        contracts with that contractor, those on tasks that went elsewhere afterwards too; at home nobody is
        paid. What steps cost that never began, their whole having failed, stands at home.
        """
        at_home = self._attempts - self._sums["attempts"][:-1].sum(axis=0)
        sums = self._sums | {"attempts": np.vstack([self._sums["attempts"][:-1], at_home])}
        used = (sums["tasks"] > 0) | (sums["attempts"] > 0) | (sums["realised_usd"] != 0)
        group, type_id = np.nonzero(used)
        code = np.where(group == len(self._labels), -1, group)
        return table_of(
            {
                "replication": same(replication, len(group)),
                "contractor": named(code, self._labels),
                "type": named(type_id, self._types),
                **{name: sums[name][used].astype(np.int64) for name in COUNTS},
                **{name: sums[name][used] for name in AMOUNTS},
            }
        )

    def _add(self, name: str, group: IntArray, type_id: IntArray, values: Any) -> None:
        sums = self._sums[name]
        sums += np.bincount(group * sums.shape[1] + type_id, values, sums.size).reshape(sums.shape)


def groups(scenario: Scenario, pool: Pool) -> tuple[tuple[str, ...], IntArray]:
    """What contractors are told by, and the place of each contractor's among them.

    That is their type where they are drawn, since those of the same name are others in another replication,
    and where many are listed that are of several types; else their name.
    """
    kinds = tuple(dict.fromkeys(pool.types))
    if isinstance(scenario.contractors, DrawnPool):
        kinds = tuple(scenario.contractors.types)
    elif len(pool) <= MOST_NAMED or not 1 < len(kinds) < len(pool):
        return pool.names, np.arange(len(pool))
    place = {name: index for index, name in enumerate(kinds)}
    return kinds, np.array([place[name] for name in pool.types], dtype=np.int64)


@dataclass(frozen=True)
class Routing:
    """Who got the work over all replications: one row a contractor (None for home) and type of task.

    Types with more tasks come first, and of each those with more of its tasks. `sums` has the columns of
    `Routed.table` as (rows, replications), `of_type` the tasks of each row's type.
    """

    contractors: tuple[str | None, ...]
    types: tuple[str, ...]
    sums: dict[str, FloatArray]
    of_type: FloatArray

    @classmethod
    def of(cls, tables: Sequence[pa.Table], replications: int) -> Routing:
        """From the tables of all replications (`Routed.table`); no rows where there are none."""
        if not tables:
            return cls._ordered([], {name: np.zeros((0, replications)) for name in (*COUNTS, *AMOUNTS)})
        table = pa.concat_tables(tables)
        pairs = list(zip(table["contractor"].to_pylist(), table["type"].to_pylist(), strict=True))
        place = {pair: row for row, pair in enumerate(dict.fromkeys(pairs))}
        rows = [place[pair] for pair in pairs], numbers(table, "replication")
        sums = {name: np.zeros((len(place), replications)) for name in (*COUNTS, *AMOUNTS)}
        for name, values in sums.items():
            values[rows] = numbers(table, name)
        return cls._ordered(list(place), sums)

    @classmethod
    def _ordered(cls, pairs: Sequence[tuple[str | None, str]], sums: dict[str, FloatArray]) -> Routing:
        contractors, types = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        place = {name: index for index, name in enumerate(dict.fromkeys(types))}
        code = np.array([place[name] for name in types], dtype=np.int64)
        tasks = np.zeros((len(place), sums["tasks"].shape[1]))
        np.add.at(tasks, code, sums["tasks"])
        own, whole = sums["tasks"].sum(axis=1), tasks.sum(axis=1)[code]
        order = np.lexsort((-own, code, -whole))
        return cls(
            tuple(contractors[row] for row in order.tolist()),
            tuple(types[row] for row in order.tolist()),
            {name: values[order] for name, values in sums.items()},
            tasks[code][order],
        )

    def __len__(self) -> int:
        return len(self.types)

    @property
    def labels(self) -> list[str]:
        """The contractors as people read them."""
        return [HOME if name is None else name for name in self.contractors]

    @cached_property
    def estimates(self) -> dict[str, list[Estimate]]:
        """Means over the replications with 95 % intervals, one each row; rates and shares in percent.

        `tasks`, `attempts`, `paid_usd` and `realised_usd` are of a replication. `share` is that of the tasks
        of the type; `usd_per_task` all that a task costs, `turnaround_s` how long it takes. `success_rate`,
        `late_rate` and `exploration_rate` are shares of the row's own tasks; undefined, and left out, where a
        replication has none.
        """
        sums, tasks = self.sums, self.sums["tasks"]
        values = {
            "tasks": tasks,
            "share": 100 * _ratio(tasks, self.of_type),
            "attempts": sums["attempts"],
            "paid_usd": sums["paid_usd"],
            "realised_usd": sums["realised_usd"],
            "usd_per_task": _ratio(sums["realised_usd"], tasks),
            "turnaround_s": _ratio(sums["turnaround_s"], tasks),
            "late_rate": 100 * _ratio(sums["late"], tasks),
            "success_rate": 100 * _ratio(sums["good"], tasks),
            "exploration_rate": 100 * _ratio(sums["explored"], tasks),
        }
        return {
            name: [estimate(row, share=name in _SHARES) for row in rows.tolist()]
            for name, rows in values.items()
        }

    def frame(self) -> pd.DataFrame:
        """`estimates` as a table: `contractor` (home's is called so), `type`, and of every figure its mean
        and, as ``…_half_width``, half of its 95 % interval, NaN in one replication."""
        import pandas as pd

        columns: dict[str, Any] = {"contractor": self.labels, "type": list(self.types)}
        for name, rows in self.estimates.items():
            columns[name] = np.array([each.mean for each in rows], dtype=float)
            columns[f"{name}_half_width"] = np.array([each.half_width for each in rows], dtype=float)
        return pd.DataFrame(columns)

    def rows(self) -> list[dict[str, Any]]:
        """`estimates` row by row, in the form in which they appear in JSON."""
        return [
            {"contractor": contractor, "type": kind} | {name: each[row].as_dict() for name, each in told}
            for told in [list(self.estimates.items())]
            for row, (contractor, kind) in enumerate(zip(self.labels, self.types, strict=True))
        ]

    def most(self, count: int) -> list[int]:
        """The rows with most tasks, in their order."""
        tasks = self.sums["tasks"].sum(axis=1)
        return sorted(np.argsort(-tasks, kind="stable")[:count].tolist())

    def part(self, rows: Sequence[int]) -> Routing:
        """Some of the rows, with the same shares."""
        return Routing(
            tuple(self.contractors[row] for row in rows),
            tuple(self.types[row] for row in rows),
            {name: values[list(rows)] for name, values in self.sums.items()},
            self.of_type[list(rows)],
        )

    def together(self, rows: Sequence[int], label: str) -> Routing:
        """Some rows as one, whose share is that of all tasks."""
        sums = {name: values[list(rows)].sum(axis=0, keepdims=True) for name, values in self.sums.items()}
        return Routing((label,), ("",), sums, self.sums["tasks"].sum(axis=0, keepdims=True))

    def over_types(self) -> Routing:
        """The same with all types as one: a row a contractor."""
        place = {name: row for row, name in enumerate(dict.fromkeys(self.contractors))}
        code = np.array([place[name] for name in self.contractors], dtype=np.int64)
        sums = {name: np.zeros((len(place), values.shape[1])) for name, values in self.sums.items()}
        for name, values in sums.items():
            np.add.at(values, code, self.sums[name])
        return self._ordered([(name, "") for name in place], sums)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    ratio: FloatArray = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return ratio
