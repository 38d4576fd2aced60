"""Whether sellers can live: their books, by contractor, by type or by owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from coalesce_sim.arrays import FloatArray
from coalesce_sim.columns import named, nullable, numbers, same, table_of
from coalesce_sim.experiments.routing import MOST_NAMED
from coalesce_sim.market.contracts.books import Books
from coalesce_sim.market.pool import Pool
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.pool import PriceList, RecordedPool
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate, estimate

By = Literal["contractor", "type", "owner"]

_AMOUNTS = ("jobs", "worked_s", "revenue_usd", "work_usd", "idle_usd", "profit_usd")
_SHARES = ("in_the_red",)
_LEVIED = "levied_usd"


def told_by(scenario: Scenario) -> By:
    """By what sellers are told: drawn ones are others in every replication, and many would fill the page."""
    source = scenario.contractors
    few = isinstance(source, list) and len(source) <= MOST_NAMED
    return "contractor" if few or isinstance(source, PriceList | RecordedPool) else "type"


def sellers_table(
    pool: Pool, books: Books, ended_s: float, replication: int, *, turns_over: bool, levies: bool
) -> pa.Table:
    """One row a contractor: its books from the start to the end of the last work.

    Contractors that never entered have none. Where any may come or go (`turns_over`), `entered_s` and
    `left_s` say when, the latter null for those who stayed. `owner` names the contractor that stands for all
    of its owner's, itself where it belongs to nobody else.
    `jobs` are the contracts on which work began and `worked_s` the time that they kept slots. `revenue_usd`
    is what it was paid, `work_usd` what its jobs cost it, those too that came to nothing, `idle_usd` what its
    owned hardware lost in value while it stood idle, `profit_usd` what is left; these three are null where
    nothing tells its costs. With `defences` (`levies`), `levied_usd` is what it paid the market.
    """
    types, presence = tuple(dict.fromkeys(pool.types)), pool.roster.presence
    rows = np.flatnonzero(presence.entered(ended_s))
    of_types = np.array([types.index(each) for each in pool.types])
    levied = {_LEVIED: books.levied_usd(ended_s)[rows]} if levies else {}
    left_s = np.where(presence.leave_s <= ended_s, presence.leave_s, np.nan)
    stay = {"entered_s": presence.enter_s[rows], "left_s": nullable(left_s[rows])} if turns_over else {}
    return table_of(
        {
            "replication": same(replication, len(rows)),
            "contractor": named(rows, pool.names),
            "type": named(of_types[rows], types),
            "owner": named(pool.owner[rows], pool.names),
            **stay,
            "jobs": books.jobs[rows],
            "worked_s": books.worked_s[rows],
            "revenue_usd": books.revenue_usd[rows],
            "work_usd": nullable(books.work_usd[rows]),
            "idle_usd": nullable(books.idle_usd(ended_s)[rows]),
            **levied,
            "profit_usd": nullable(books.profit_usd(ended_s)[rows]),
        }
    )


@dataclass(frozen=True)
class Sellers:
    """The books of sellers over all replications, those with more revenue first.

    `labels` are contractors, types or owners. `sums` has the amounts of `sellers_table` as (rows,
    replications), `contractors` how many each row stands for and `in_the_red` how many of them lost money.
    Sellers whose costs nothing tells are in none.
    """

    labels: tuple[str, ...]
    sums: dict[str, FloatArray]

    @classmethod
    def of(cls, tables: Sequence[pa.Table], replications: int, by: By = "type") -> Sellers:
        """From the tables of all replications (`sellers_table`); no rows where no costs are told."""
        table = pa.concat_tables(tables) if tables else None
        amounts = (*_AMOUNTS, _LEVIED) if table is not None and _LEVIED in table.schema.names else _AMOUNTS
        names = (*amounts, "contractors", "in_the_red")
        if table is None or table["profit_usd"].null_count == len(table):
            return cls((), {name: np.zeros((0, replications)) for name in names})
        table = table.filter(table["profit_usd"].is_valid())
        keys = table[by].to_pylist()
        place = {key: row for row, key in enumerate(dict.fromkeys(keys))}
        where = np.array([place[key] for key in keys]), numbers(table, "replication")
        values = {name: numbers(table, name) for name in amounts}
        values["contractors"] = np.ones(len(keys))
        spent_usd = sum(values[name] for name in ("work_usd", "idle_usd", _LEVIED) if name in values)
        values["in_the_red"] = exceeds(np.asarray(spent_usd), values["revenue_usd"])
        sums = {name: np.zeros((len(place), replications)) for name in names}
        for name in names:
            np.add.at(sums[name], where, values[name])
        order = np.argsort(-sums["revenue_usd"].sum(axis=1), kind="stable")
        labels = list(place)
        return cls(
            tuple(labels[row] for row in order.tolist()), {name: each[order] for name, each in sums.items()}
        )

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def estimates(self) -> dict[str, list[Estimate]]:
        """Means over the replications with 95 % intervals, one each row.

        Amounts and `contractors` are of a replication. `margin` is profit in percent of revenue, left out in
        replications without revenue; `in_the_red` the percentage of the row's contractors that lost money.
        """
        sums = self.sums
        values = {name: sums[name] for name in ("contractors", *_AMOUNTS, _LEVIED) if name in sums}
        values["margin"] = 100 * _ratio(sums["profit_usd"], sums["revenue_usd"])
        values["in_the_red"] = 100 * _ratio(sums["in_the_red"], sums["contractors"])
        return {
            name: [estimate(row, share=name in _SHARES) for row in rows.tolist()]
            for name, rows in values.items()
        }

    def rows(self) -> list[dict[str, Any]]:
        """`estimates` row by row, in the form in which they appear in JSON."""
        told = list(self.estimates.items())
        return [
            {"seller": label} | {name: each[row].as_dict() for name, each in told}
            for row, label in enumerate(self.labels)
        ]


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    ratio: FloatArray = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return ratio
