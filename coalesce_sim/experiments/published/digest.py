"""What the replication study keeps of a run: its metrics and a few sums over its decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.cores import choose_core
from coalesce_sim.experiments.replication import Wanted
from coalesce_sim.experiments.runs import metrics_of
from coalesce_sim.metrics import SAVINGS
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate, estimate

_DAY_S = 86_400.0
_COLUMNS = (
    "arrival_s",
    "contractor",
    "explored",
    "internal_usd",
    "internal_opportunity_usd",
    "realised_usd",
    "all_local_usd",
)


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
    runs: dict[str, list[Run]] = {name: [] for name in cases}
    for done, (name, run) in enumerate(_played(cases, replications, jobs), start=1):
        runs[name].append(run)
        progress(done / (len(cases) * replications))
    return runs


def _played(cases: Mapping[str, Case], replications: int, jobs: int) -> Iterator[tuple[str, Run]]:
    keys = [(name, replication) for name in cases for replication in range(replications)]
    items = [(cases[name].scenario, cases[name].seed, replication) for name, replication in keys]
    tables: list[pa.Table] = []
    wanted = Wanted(decisions=True)
    core = choose_core("auto", [each.scenario for each in cases.values()], runs=replications).core
    played = metrics_of(
        items, jobs=jobs, emit=lambda _, table: tables.append(table), wanted=wanted, core=core
    )
    with closing(played):
        for (name, _), metrics in zip(keys, played, strict=True):
            yield name, digest(metrics, tables, cases[name].scenario.clock.horizon_s)
            tables.clear()


def digest(metrics: dict[str, float], decisions: Sequence[pa.Table], horizon_s: float) -> Run:
    """Sum up one replication's decisions, given as one or more tables in order."""
    table = pa.concat_tables([each.select(_COLUMNS) for each in decisions])
    column = {name: table[name].to_numpy() for name in _COLUMNS if name != "contractor"}
    away = table["contractor"].is_valid().to_numpy()
    internal_usd, realised_usd = column["internal_usd"], column["realised_usd"]
    opportunity_usd = column["internal_opportunity_usd"]
    days = max(1, int(np.ceil(horizon_s / _DAY_S)))
    day = np.minimum((column["arrival_s"] / _DAY_S).astype(np.int64), days - 1)

    def by_day(weights: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(day, weights=weights, minlength=days), dtype=np.float64)

    gain_usd = (internal_usd - realised_usd)[away]
    return Run(
        metrics=metrics,
        daily=Daily(
            tasks=by_day(np.ones(len(day))),
            outsourced=by_day(away.astype(float)),
            explored=by_day(column["explored"].astype(float)),
            realised_usd=by_day(realised_usd),
            all_local_usd=by_day(column["all_local_usd"]),
        ),
        shared_tasks=int((opportunity_usd > 0).sum()),
        opportunity_usd=float(opportunity_usd.sum()),
        largest_opportunity_usd=float(opportunity_usd.max()),
        internal_usd=float(internal_usd.sum()),
        gain_usd=float(np.maximum(0.0, gain_usd).sum()),
        net_gain_usd=float(gain_usd.sum()),
        local_realised_usd=float(realised_usd[~away].sum()),
    )
