"""One replication of a scenario: the market, its honest baseline, its metrics and tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from coalesce_sim.experiments.tables import decisions_table, offers_table
from coalesce_sim.experiments.timeline import Timeline
from coalesce_sim.experiments.totals import Totals
from coalesce_sim.market.baseline import Baseline, ClosedForm, Replayed
from coalesce_sim.market.records import Records
from coalesce_sim.market.simulation import DecidedOffers, Market
from coalesce_sim.policies.protocol import Policy
from coalesce_sim.policies.registry import create
from coalesce_sim.policies.yardsticks import AlwaysLocal
from coalesce_sim.scenario.schema import Scenario

TableName = Literal["decisions", "timeline", "offers"]
Emit = Callable[[TableName, pa.Table], None]
PolicyFactory = Callable[[], Policy]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tables a run is to emit besides the metrics."""

    decisions: bool = False
    timeline: bool = False
    offers: bool = False


def honest_baseline(scenario: Scenario, seed: int, replication: int) -> Baseline:
    """The all-local costs of the same tasks on the same random numbers.

    In closed form where no task waits at home; else the all-local market is played first.
    """
    if scenario.clients.slots == "unlimited":
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
) -> dict[str, float]:
    """Play one replication and return its metrics; the wanted tables go to `emit` as they are complete."""
    totals, timeline = Totals(scenario), Timeline(scenario, replication)
    type_names = tuple(scenario.workload.types)

    def collect(records: Records) -> None:
        totals.add(records)
        if wanted.timeline:
            timeline.add(records)
        if wanted.decisions:
            emit("decisions", decisions_table(records, replication, type_names, market.pool.names))

    def collect_offers(decided: DecidedOffers) -> None:
        emit("offers", offers_table(decided, replication, market.pool, market.skills, market.quotes))

    market = Market(
        scenario,
        policy() if policy is not None else create(scenario.policy),
        honest_baseline(scenario, seed, replication),
        collect,
        seed=seed,
        replication=replication,
        on_decision=collect_offers if wanted.offers else None,
    )
    market.run()
    if wanted.timeline:
        price_usd = market.prices.mean_usd_by_hour(scenario.clock.hours)
        emit("timeline", timeline.table(market.demand, price_usd, market.pool.total_slots))
    return totals.metrics()
