"""What the replication study keeps of a run: its metrics and a few sums over its decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray
from coalesce_sim.experiments.cores import choose_core
from coalesce_sim.experiments.parallel import ordered_map
from coalesce_sim.experiments.staging import Metrics, Stage
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import Records
from coalesce_sim.metrics import SAVINGS
from coalesce_sim.policies.registry import create
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate, estimate

_DAY_S = 86_400.0
_TOGETHER = 25
"""Runs that a process is asked for at a time."""


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario to be played with a seed."""

    scenario: Scenario
    seed: int


@dataclass(frozen=True, slots=True)
class Daily:
    """Sums by the day of arrival, one entry a day."""

    tasks: FloatArray
    outsourced: FloatArray
    explored: FloatArray
    realised_usd: FloatArray
    all_local_usd: FloatArray


@dataclass(frozen=True, slots=True)
class Run:
    """One replication.

    `shared_tasks` have another task of their client behind them in the same hour, hence an opportunity cost.
    `gain_usd` is what the outsourced tasks saved against the estimate at home, losses counted as 0;
    `net_gain_usd` counts them.
    """

    metrics: dict[str, float]
    daily: Daily
    shared_tasks: int
    opportunity_usd: float
    largest_opportunity_usd: float
    internal_usd: float
    gain_usd: float
    net_gain_usd: float
    local_realised_usd: float

    @property
    def opportunity_share(self) -> float:
        """Percent of the estimated cost at home, all tasks together, that is opportunity cost."""
        return 100 * self.opportunity_usd / self.internal_usd


def savings_of(runs: Sequence[Run]) -> dict[str, Estimate]:
    """What is saved of cash, delay and losses, by `SAVINGS`, percent; they add up to `cost_reduction`."""
    return {name: estimate([run.metrics[name] for run in runs]) for name in SAVINGS}


def play_cases(
    cases: Mapping[str, Case],
    replications: int,
    *,
    jobs: int,
    progress: Callable[[float], None],
) -> dict[str, list[Run]]:
    """Play every case `replications` times; `progress` is told the share of the runs that are done."""
    firsts = range(0, replications, _TOGETHER)
    chunks = [
        (name, range(first, min(first + _TOGETHER, replications))) for name in cases for first in firsts
    ]
    core = choose_core("auto", [each.scenario for each in cases.values()], runs=replications).core
    items = [(cases[name], chunk) for name, chunk in chunks]
    runs: dict[str, list[Run]] = {name: [] for name in cases}
    done = 0
    with closing(ordered_map(partial(_played, core), items, jobs=jobs)) as played:
        for (name, chunk), some in zip(chunks, played, strict=True):
            runs[name] += some
            done += len(chunk)
            progress(done / (len(cases) * replications))
    return runs


def _played(core: Core, item: tuple[Case, range]) -> list[Run]:
    (case, replications), runs = item, []
    for replication in replications:
        sums = _Sums()
        policy = create(case.scenario.policy)
        staged = Stage(case.scenario, policy, sums, seed=case.seed, replication=replication, core=core)
        runs.append(sums.of(staged.play(), case.scenario.clock.horizon_s))
    return runs


class _Sums(Observer):
    """Keeps of every task what a `Run` is made of."""

    def __init__(self) -> None:
        self._columns: list[tuple[FloatArray | BoolArray, ...]] = []

    def block_recorded(self, records: Records) -> None:
        block = records.block
        self._columns.append(
            (
                block.tasks.arrival_s,
                records.outsourced,
                records.explored,
                records.internal_usd,
                block.home.opportunity_usd,
                records.realised_usd,
                records.all_local_usd,
            )
        )

    def of(self, metrics: Metrics, horizon_s: float) -> Run:
        """The run, once it was played."""
        columns = [np.concatenate(blocks) for blocks in zip(*self._columns, strict=True)]
        arrival_s, away, explored, internal_usd, opportunity_usd, realised_usd, all_local_usd = columns
        days = max(1, int(np.ceil(horizon_s / _DAY_S)))
        day = np.minimum((arrival_s / _DAY_S).astype(np.int64), days - 1)

        def by_day(weights: FloatArray) -> FloatArray:
            return np.asarray(np.bincount(day, weights=weights, minlength=days), dtype=np.float64)

        gain_usd = (internal_usd - realised_usd)[away]
        return Run(
            metrics=metrics,
            daily=Daily(
                tasks=by_day(np.ones(len(day))),
                outsourced=by_day(away.astype(float)),
                explored=by_day(explored.astype(float)),
                realised_usd=by_day(realised_usd),
                all_local_usd=by_day(all_local_usd),
            ),
            shared_tasks=int((opportunity_usd > 0).sum()),
            opportunity_usd=float(opportunity_usd.sum()),
            largest_opportunity_usd=float(opportunity_usd.max()),
            internal_usd=float(internal_usd.sum()),
            gain_usd=float(np.maximum(0.0, gain_usd).sum()),
            net_gain_usd=float(gain_usd.sum()),
            local_realised_usd=float(realised_usd[~away].sum()),
        )
