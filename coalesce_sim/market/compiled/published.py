"""Plays the published trade on the compiled core."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.cost_parts import LATENESS, PRICE
from coalesce_sim.economics.external import (
    communication_usd,
    complexity_factor,
    risk_rate,
    value_at_risk_usd,
    verification_usd,
)
from coalesce_sim.market.compiled.building import garbage_left
from coalesce_sim.market.compiled.published_kernel import play_block
from coalesce_sim.market.compiled.published_tables import Candidates, Clock, Contractor, Played, Rules, Task
from coalesce_sim.market.compiled.rows import Rows, filled, table
from coalesce_sim.market.compiled.settings import choosing
from coalesce_sim.market.open_block import BlocksUnderWay, BlockUnderWay
from coalesce_sim.market.published.charges import home_usd
from coalesce_sim.market.published.prices import HourlyPrices
from coalesce_sim.market.published.trade import PublishedTrade
from coalesce_sim.market.records import Records
from coalesce_sim.market.trade import Venue
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.mcdm import squared_gaps
from coalesce_sim.policies.protocol import LOCAL, Policy
from coalesce_sim.policies.yardsticks import Tally
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.costs import CostModel, DemandPrice
from coalesce_sim.scenario.schema import Scenario


class PublishedCore:
    """The compiled twin of `Loop` with a `PublishedTrade`, for the policies of `coverage`."""

    def __init__(self, venue: Venue, policy: Policy, trade: PublishedTrade) -> None:
        self._venue, self._policy, self._trade = venue, policy, trade
        self._cost_model = venue.scenario.cost_model
        self._rules = _rules(venue.scenario)
        self._contractors, self._candidates = _contractors(venue), _candidates(venue)
        self._demand_step = _demand_step(venue) if self._rules["moves"] else np.zeros(0)
        self._clock = filled(Clock, 1, demand_hour=-1)
        self._winners = np.zeros(0, dtype=np.int64)
        self._awards: list[tuple[IntArray, IntArray]] = []

    def play(
        self, blocks: Iterable[Block], records_of: Callable[[Block], Records], under_way: BlocksUnderWay
    ) -> None:
        """Play all blocks, each to its end before the next; they are handed over as SimPy would."""
        with garbage_left():
            self._play_all(blocks, records_of, under_way)

    def _play_all(
        self, blocks: Iterable[Block], records_of: Callable[[Block], Records], under_way: BlocksUnderWay
    ) -> None:
        accounts, self._choosing = self._venue.accounts, choosing(self._policy, self._venue)
        for block in blocks:
            opened = BlockUnderWay(block, records_of(block))
            under_way.open(opened)
            self._play(block, opened.records)
            opened.left = 0
            self._trade.itemise(block, opened.records)
            accounts.done += len(block)
            accounts.realised_usd += float(opened.records.realised_usd.sum())
            under_way.hand_over()
        accounts.revenue_usd[:] = self._contractors["revenue_usd"].tolist()
        if isinstance(self._policy, Tally):
            self._policy.saved_usd[:] = self._contractors["saved_usd"]

    def _play(self, block: Block, records: Records) -> None:
        tasks, played = _tasks(self._cost_model, block), table(Played, len(block))
        winners = int(self._clock["winners"][0])
        self._winners = np.resize(self._winners, winners + len(block))
        play_block(
            block.first,
            tasks,
            played,
            self._contractors,
            self._candidates,
            self._demand_step,
            self._winners,
            self._rules,
            self._clock,
            *self._choosing,
        )
        _record(records, tasks, played)
        if self._rules["moves"]:  # else prices stand still, whoever wins
            self._awards.append((tasks["price_hour"][[0, -1]], _awards(tasks["hour"], records.contractor)))

    @property
    def ended_s(self) -> float:
        """When the last task ended."""
        return float(self._clock["now_s"][0])

    def taken(self) -> tuple[None, None]:
        """There are no contracts, and nobody is rated."""
        return None, None

    def mean_price_usd(self, hours: int) -> FloatArray:
        """The mean price over the pool at the beginning of each hour: the awards are made once more, to
        prices that keep their course."""
        scenario, external = self._venue.scenario, self._cost_model.external
        dynamics = scenario.contractor_dynamics
        prices = HourlyPrices(self._venue.pool, external.pricing, dynamics, self._venue.demand)
        for (first_hour, last_hour), awards in self._awards:
            prices.lay_out(int(first_hour), int(last_hour))
            for hour, contractor in awards.tolist():
                prices.begin_hour(hour)
                prices.award(contractor)
        return prices.mean_usd_by_hour(hours)


def _record(records: Records, tasks: Rows, played: Rows) -> None:
    records.internal_usd[:] = tasks["internal_usd"]
    parts = {"price_usd": records.parts_usd[PRICE], "lateness_usd": records.parts_usd[LATENESS]}
    for name in Played.__annotations__:
        column = parts[name] if name in parts else getattr(records, name)
        column[:] = played[name]


def _awards(hour: IntArray, contractor: IntArray) -> IntArray:
    """Hour and contractor of each award, (awards, 2)."""
    away = contractor != LOCAL
    return np.stack([hour[away], contractor[away]], axis=1).astype(np.int32)


def _contractors(venue: Venue) -> Rows:
    pool, external = venue.pool, venue.scenario.cost_model.external
    return filled(
        Contractor,
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


def _candidates(venue: Venue) -> Candidates:
    pool, total = venue.pool, venue.skills.total
    eligible = [np.flatnonzero(row) for row in ~exceeds(venue.scenario.skills.threshold, total)]
    most = max(map(len, eligible))
    members = np.zeros((len(eligible), most), dtype=np.int64)
    gaps = np.zeros((len(eligible), 4, 2, most))
    criteria = (pool.reliability, -pool.latency_s, 1 - pool.security_risk)
    for type_id, who in enumerate(eligible):
        members[type_id, : len(who)] = who
        for row, values in enumerate(criteria, start=1) if len(who) else ():
            gaps[type_id, row, :, : len(who)] = squared_gaps(values[who], "min_max")
    counts = np.array([*map(len, eligible)], dtype=np.int64)
    return Candidates(counts, members, gaps, np.zeros(len(pool)), np.zeros(most, dtype=np.bool_))


def _rules(scenario: Scenario) -> Rows:
    cost_model, dynamics = scenario.cost_model, scenario.contractor_dynamics
    rules = filled(
        Rules,
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


def _demand_step(venue: Venue) -> FloatArray:
    """What demand at every contractor changes by in each hour."""
    dynamics = venue.scenario.contractor_dynamics
    assert dynamics is not None
    step: FloatArray = dynamics.demand_gain * (venue.demand - dynamics.demand_reference)
    return step


def _tasks(cost_model: CostModel, block: Block) -> Rows:
    tasks, truth, external = block.tasks, block.truth, cost_model.external
    price_factor: FloatArray | float = 1.0
    if isinstance(external.pricing, DemandPrice):
        price_factor = complexity_factor(external.pricing, tasks.complexity)
    return filled(
        Task,
        len(block),
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
