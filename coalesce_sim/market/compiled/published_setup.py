"""Lays out what the kernels of the published trade work on, from the same pool, tasks and luck."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.economics.external import (
    communication_usd,
    complexity_factor,
    risk_rate,
    value_at_risk_usd,
    verification_usd,
)
from coalesce_sim.market.compiled.published_tables import Clock, Contractor, Rules
from coalesce_sim.market.compiled.rows import Rows, fill, filled
from coalesce_sim.market.published.charges import home_usd
from coalesce_sim.market.published.prices import HourlyPrices
from coalesce_sim.market.trade import Venue
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.scenario.costs import CostModel, DemandPrice


class Hours:
    """How prices move by the hour, where they do: `demand_step` is what demand at every contractor changes by
    in each hour, `winners` are those who have won contracts in the last one, `clock` says which that is."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._rule = venue.scenario.cost_model.external.pricing
        dynamics = venue.scenario.contractor_dynamics
        self.move = isinstance(self._rule, DemandPrice) and dynamics is not None
        self.demand_step: FloatArray = np.zeros(0)
        if self.move and dynamics is not None:
            self.demand_step = dynamics.demand_gain * (venue.demand - dynamics.demand_reference)
        self.clock = filled(Clock, 1, demand_hour=-1)
        self.winners: IntArray = np.zeros(0, dtype=np.int64)
        self._awards: list[tuple[IntArray, NDArray[np.int32]]] = []

    def make_room(self, tasks: int) -> None:
        """Make room for so many more winners."""
        self.winners = np.resize(self.winners, int(self.clock["winners"][0]) + tasks)

    def keep(self, tasks: Rows, contractor: IntArray) -> None:
        """Keep who won contracts for the tasks of a block; a `contractor` of `LOCAL` is nobody."""
        if self.move:  # else prices stand still, whoever wins
            away = contractor != LOCAL
            awards = np.stack([tasks["hour"][away], contractor[away]], axis=1).astype(np.int32)
            self._awards.append((tasks["price_hour"][[0, -1]], awards))

    def mean_price_usd(self, hours: int) -> FloatArray:
        """The mean price over the pool at the beginning of each hour: the awards are made once more, to
        prices that keep their course."""
        venue, dynamics = self._venue, self._venue.scenario.contractor_dynamics
        prices = HourlyPrices(venue.pool, self._rule, dynamics, venue.demand)
        for (first_hour, last_hour), awards in self._awards:
            prices.lay_out(int(first_hour), int(last_hour))
            for hour, contractor in awards.tolist():
                prices.begin_hour(hour)
                prices.award(contractor)
        return prices.mean_usd_by_hour(hours)


def contractors_of(venue: Venue, row: type[Contractor]) -> Rows:
    """All contractors before the first task, in rows of that kind."""
    pool, external = venue.pool, venue.scenario.cost_model.external
    return filled(
        row,
        len(pool),
        base_usd=pool.base_price_usd,
        checks_usd=verification_usd(external, pool.reliability) + external.integration_usd,
        risk_rate=risk_rate(pool.reliability, pool.security_risk, pool.quality_risk),
        latency_s=pool.latency_s,
        reliability=pool.reliability,
        security=1 - pool.security_risk,
        demand=pool.demand,
        available=pool.available,
    )


def rules_of(venue: Venue, row: type[Rules]) -> Rows:
    """What the scenario says, in a row of that kind."""
    cost_model, dynamics = venue.scenario.cost_model, venue.scenario.contractor_dynamics
    rules = filled(
        row,
        1,
        physical=cost_model.realised.basis == "physical",
        late_usd_per_s=cost_model.late_usd_per_s,
        charged_late_usd_per_s=cost_model.charged_late_usd_per_s,
    )
    pricing = cost_model.external.pricing
    if isinstance(pricing, DemandPrice):
        rules["by_demand"], rules["load_slope"] = True, pricing.load_slope
        if dynamics is not None:
            rules["moves"], rules["capacity_floor"] = True, dynamics.capacity_floor
            rules["demand_min"], rules["demand_max"] = dynamics.demand_min, dynamics.demand_max
            rules["jobs_to_exhaust"] = dynamics.jobs_to_exhaust
    return rules


def fill_tasks(rows: Rows, cost_model: CostModel, block: Block) -> None:
    """Enter the tasks of a block."""
    tasks, truth, external = block.tasks, block.truth, cost_model.external
    price_factor: FloatArray | float = 1.0
    if isinstance(external.pricing, DemandPrice):
        price_factor = complexity_factor(external.pricing, tasks.complexity)
    fill(
        rows,
        arrival_s=tasks.arrival_s,
        price_hour=(tasks.arrival_s / 3600).astype(np.int64),
        hour=(tasks.arrival_s // 3600).astype(np.int64),
        client=tasks.client,
        type_id=tasks.type_id,
        price_factor=price_factor,
        communication_usd=communication_usd(external, tasks.data_gb, tasks.output_gb),
        at_risk_usd=value_at_risk_usd(external, tasks.value_usd, tasks.critical),
        max_latency_s=tasks.max_latency_s,
        value_usd=tasks.value_usd,
        budget_usd=tasks.budget_usd,
        sensitive=tasks.sensitive,
        internal_usd=block.home.running.total_usd + block.home.opportunity_usd,
        home_usd=home_usd(cost_model, block),
        home_s=truth.local_work_s,
        expected_home_s=block.home.work_s,
        cost_factor=truth.external_cost_factor,
        time_factor=truth.external_time_factor,
    )
