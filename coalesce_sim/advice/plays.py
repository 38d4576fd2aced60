"""Plays of a market under many policies, and of variants of it, on the same tasks and random numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self, TypeVar

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.cost_parts import COST_PARTS, GROUPS, Group
from coalesce_sim.experiments.cores import AskedCore, ChosenCore, choose_core
from coalesce_sim.experiments.parallel import Processes
from coalesce_sim.experiments.totals import percentiles
from coalesce_sim.files import expecting
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.loading import data_digests
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import Records
from coalesce_sim.policies.registry import create
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.routes import HOME
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.spool import Spool

SUMS = ("tasks", "good", "late", "turnaround_s", "usd")
"""What is added up by worker and type of task."""

_ASKED = 64
"""So many markets of a set are asked which core plays them: all are variants of one."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Played:
    """What one replication came to.

    `sums` has for each of `SUMS` a table, (workers, types), of who did a task last: `workers` are the
    contractors, and home. `parts_usd` are the sums of `COST_PARTS`, `percentiles_s` the 50th, 95th and 99th
    of the turnaround.
    """

    workers: tuple[str, ...]
    sums: dict[str, FloatArray]
    parts_usd: FloatArray
    percentiles_s: tuple[float, ...]

    @property
    def usd(self) -> float:
        """All that it cost."""
        return math.fsum(self.group_usd(group) for group in GROUPS)

    def group_usd(self, group: Group) -> float:
        """What a group of the parts came to."""
        return math.fsum(
            self.parts_usd.item(place) for place, part in enumerate(COST_PARTS) if part.group == group
        )

    def total(self, name: str) -> float:
        """One of the `sums` over all workers and types."""
        return float(self.sums[name].sum())


class _Bill(Observer):
    """Adds up what tasks cost and take, and who did them."""

    def __init__(self, types: int) -> None:
        self._types = types
        self.parts_usd = np.zeros(len(COST_PARTS))
        self.turnaround_s = Spool()

    def set_up(self, market: Market) -> None:
        self.workers = (*market.pool.names, HOME)
        self.sums = {name: np.zeros((len(self.workers), self._types)) for name in SUMS}

    def block_recorded(self, records: Records) -> None:
        self.parts_usd += records.parts_usd.sum(axis=1)
        took_s, done = records.turnaround_s, records.attempts > 0
        self.turnaround_s.add(took_s[records.closes])
        place = (records.contractor % len(self.workers)) * self._types + records.block.tasks.type_id
        for name, values in (
            ("tasks", done),
            ("good", done & records.good),
            ("late", done & exceeds(took_s, records.block.target_s)),
            ("turnaround_s", np.where(done, took_s, 0.0)),
            ("usd", records.realised_usd),
        ):
            self._add(name, place, values)

    def _add(self, name: str, place: IntArray, values: Any) -> None:
        sums = self.sums[name]
        sums += np.bincount(place, values, sums.size).reshape(sums.shape)


def play(scenario: Scenario, seed: int, core: Core, replication: int) -> Played:
    """Play one replication of a market with its own policy; what is uncertain of it is drawn."""
    scenario = drawn(scenario, seed, replication)
    bill = _Bill(len(scenario.workload.types))
    policy = create(scenario.policy)
    Market(scenario, policy, bill, seed=seed, replication=replication, core=core).run()
    return Played(bill.workers, bill.sums, bill.parts_usd, tuple(percentiles(bill.turnaround_s.values())))


class Plays:
    """Plays markets on one seed, in processes that stay from one use to the next; used as a context."""

    def __init__(self, *, seed: int, jobs: int, core: AskedCore) -> None:
        self.seed = seed
        self._asked, self._processes = core, Processes(jobs)

    def __enter__(self) -> Self:
        self._processes.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._processes.__exit__(*error)

    def core(self, markets: Sequence[Scenario], runs: int) -> ChosenCore:
        """What plays these markets."""
        return choose_core(self._asked, markets, runs=runs)

    def play(self, markets: Sequence[Scenario], replications: Iterable[int]) -> list[list[Played]]:
        """Every market's plays, one a replication in the order given, on the same random numbers."""
        numbers = list(replications)
        found = self.each([(market, number) for number in numbers for market in markets])
        return [found[place :: len(markets)] for place in range(len(markets))]

    def each(self, items: Sequence[tuple[Scenario, int]]) -> list[Played]:
        """A play of each market and replication."""
        if not items:
            return []
        markets = [market for market, _ in items]
        core = self.core(markets[:_ASKED], len(items)).core
        return self.map(partial(_play_one, self.seed, core), items, markets[:1])

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item], markets: Sequence[Scenario]
    ) -> list[Result]:
        """What a function gives for each item, in their order, in as many processes as there are; the data
        files of the markets must stay as they are meanwhile."""
        with expecting(data_digests(*markets)):
            return list(self._processes.ordered_map(function, items))


def _play_one(seed: int, core: Core, item: tuple[Scenario, int]) -> Played:
    return play(item[0], seed, core, item[1])
