"""One replication of a scenario: the market, its honest baseline, its metrics and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from coalesce_sim.experiments.hindsight import best_fixed_choice
from coalesce_sim.experiments.steady_state import Series, SteadyTotals
from coalesce_sim.experiments.tables.contracts import ContractRows
from coalesce_sim.experiments.tables.decisions import decisions_table
from coalesce_sim.experiments.tables.experience import estimation_error_table, ratings_table
from coalesce_sim.experiments.tables.offers import offers_table
from coalesce_sim.experiments.timeline import Timeline
from coalesce_sim.experiments.totals import Totals
from coalesce_sim.market.baseline import Baseline, ClosedForm, Replayed
from coalesce_sim.market.market import DecidedOffers, Market
from coalesce_sim.market.records import Records
from coalesce_sim.policies.protocol import Policy
from coalesce_sim.policies.registry import create
from coalesce_sim.policies.yardsticks import AlwaysLocal, BestFixed
from coalesce_sim.scenario.schema import Scenario

TableName = Literal["decisions", "timeline", "contracts", "ratings", "estimation_error", "offers"]
Emit = Callable[[TableName, pa.Table], None]
PolicyFactory = Callable[[], Policy]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tables a run is to emit besides the metrics.

    `experience` stands for contracts, ratings and estimation errors, where the scenario has any.
    """

    decisions: bool = False
    timeline: bool = False
    experience: bool = False
    offers: bool = False

    def tables(self, scenario: Scenario) -> tuple[TableName, ...]:
        """The names of the tables that a run of the scenario will emit."""
        learning = self.experience and scenario.learning
        names: dict[TableName, bool] = {
            "decisions": self.decisions,
            "timeline": self.timeline,
            "contracts": learning,
            "ratings": learning and scenario.reputation is not None,
            "estimation_error": learning,
            "offers": self.offers,
        }
        return tuple(name for name, wanted in names.items() if wanted)


def honest_baseline(scenario: Scenario, seed: int, replication: int) -> Baseline:
    """The all-local costs of the same tasks on the same random numbers.

    In closed form where no task waits at home; else the all-local market is played first.
    """
    if scenario.clients.slots == "unlimited" and not scenario.learning:
        return ClosedForm(scenario)
    replayed = Replayed()
    Market(scenario, AlwaysLocal(), None, replayed.add, seed=seed, replication=replication).run()
    return replayed


def play(
    scenario: Scenario,
    seed: int,
    replication: int,
    emit: Emit,
    wanted: Wanted,
    policy: PolicyFactory | None = None,
    *,
    steady_state: Series | None = None,
) -> dict[str, float]:
    """Play one replication and return its metrics; the wanted tables go to `emit` as they are complete.

    With `steady_state` the metrics are those of `SteadyTotals`: only tasks that arrived after the warm-up
    found in that series count. Figures of the market as a whole (concentration, utilisation, estimation
    errors, contract shares, discovery, the all-local market's success and losses) cannot be cut and are left
    out. Tables tell of the whole run.
    """
    totals = Totals(scenario) if steady_state is None else SteadyTotals(scenario, steady_state)
    timeline, contracts = Timeline(scenario, replication), ContractRows()
    tables, type_names = wanted.tables(scenario), tuple(scenario.workload.types)

    def collect(records: Records) -> None:
        totals.add(records)
        if wanted.timeline:
            timeline.add(records)
        if wanted.decisions:
            emit("decisions", decisions_table(records, replication, scenario, market.pool.names))
        if "contracts" in tables:
            emit("contracts", contracts.take(replication, type_names, market.pool.names))

    def collect_offers(decided: DecidedOffers) -> None:
        learning = scenario.learning
        emit("offers", offers_table(decided, replication, market.pool, market.skills, learning=learning))

    def collect_ratings(rows: Mapping[str, NDArray[Any]]) -> None:
        emit("ratings", ratings_table(rows, replication, type_names, market.pool.names))

    decider = policy() if policy is not None else create(scenario.policy)
    baseline = honest_baseline(scenario, seed, replication)
    market = Market(
        scenario,
        decider,
        baseline,
        collect,
        seed=seed,
        replication=replication,
        on_decision=collect_offers if wanted.offers else None,
        on_contract=contracts.add if "contracts" in tables else None,
        on_ratings=collect_ratings if "ratings" in tables else None,
    )
    if isinstance(decider, BestFixed):
        decider.told(best_fixed_choice(scenario, seed, replication))
    market.run()
    if wanted.timeline:
        hours = scenario.clock.hours
        price_usd = np.full(hours, np.nan) if scenario.learning else market.prices.mean_usd_by_hour(hours)
        emit("timeline", timeline.table(market.demand, price_usd, market.pool.total_slots))
    if market.knowledge is not None and "estimation_error" in tables:
        emit("estimation_error", estimation_error_table(market.knowledge.errors.windows(), replication))
    if steady_state is not None:
        return totals.metrics()
    figures = market.figures() | (baseline.figures() if scenario.learning else {})
    return totals.metrics() | figures
