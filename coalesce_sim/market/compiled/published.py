"""Plays the published trade with TOPSIS on the compiled core."""

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
from coalesce_sim.luck import Draws
from coalesce_sim.market.compiled.published_kernel import (
    Candidates,
    Charging,
    Contractors,
    Luck,
    Pricing,
    Rules,
    State,
    Tasks,
    Written,
    play_block,
)
from coalesce_sim.market.open_block import BlocksUnderWay
from coalesce_sim.market.published.charges import home_usd
from coalesce_sim.market.published.open_block import OpenPublishedBlock
from coalesce_sim.market.published.prices import HourlyPrices
from coalesce_sim.market.published.trade import PublishedTrade
from coalesce_sim.market.records import Records
from coalesce_sim.market.trade import Venue
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.mcdm import CRITERIA, normalised, squared_gaps
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario import policy as settings
from coalesce_sim.scenario.costs import DemandPrice
from coalesce_sim.scenario.schema import Scenario


class PublishedCore:
    """The compiled twin of `Loop` with a `PublishedTrade` and a `Topsis`."""

    def __init__(self, venue: Venue, rules: settings.Topsis, trade: PublishedTrade) -> None:
        self._venue, self._cost_model, self._trade = venue, venue.scenario.cost_model, trade
        self._contractors = _contractors(venue)
        self._candidates = _candidates(venue)
        self._pricing = _pricing(venue.scenario, venue.demand)
        self._charging = Charging(
            self._cost_model.realised.basis == "physical",
            self._cost_model.late_usd_per_s,
            self._cost_model.charged_late_usd_per_s,
        )
        self._rules = _rules(rules)
        self._luck = _luck(venue)
        self._state = _state(venue, rules)
        self._awards: list[tuple[IntArray, IntArray]] = []

    def play(
        self, blocks: Iterable[Block], records_of: Callable[[Block], Records], under_way: BlocksUnderWay
    ) -> None:
        """Play all blocks, each to its end before the next; they are handed over as SimPy would."""
        accounts = self._venue.accounts
        for block in blocks:
            charge_usd = home_usd(self._cost_model, block)
            opened = OpenPublishedBlock(block, records_of(block), charge_usd)
            under_way.open(opened)
            self._play(opened, charge_usd)
            opened.left = 0
            self._trade.itemise(opened)
            accounts.done += len(block)
            accounts.realised_usd += float(opened.records.realised_usd.sum())
            under_way.hand_over()
        accounts.revenue_usd[:] = self._state.revenue_usd.tolist()

    def _play(self, opened: OpenPublishedBlock, home_charge_usd: FloatArray) -> None:
        block, records = opened.block, opened.records
        facts = _facts(self._venue.scenario, block, home_charge_usd)
        under_way = self._state.winners_count[0]
        self._state = self._state._replace(winners=np.resize(self._state.winners, under_way + len(block)))
        play_block(
            block.first,
            facts,
            self._contractors,
            self._candidates,
            self._pricing,
            self._charging,
            self._rules,
            self._luck,
            self._state,
            _columns(records),
        )
        if len(self._pricing.demand_step):  # else prices stand still, whoever wins
            self._awards.append((facts.price_hour[[0, -1]], _awards(facts.hour, records.contractor)))

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


def _columns(records: Records) -> Written:
    own = {"price_usd": records.parts_usd[PRICE], "lateness_usd": records.parts_usd[LATENESS]}
    return Written(*(own[name] if name in own else getattr(records, name) for name in Written._fields))


def _awards(hour: IntArray, contractor: IntArray) -> IntArray:
    """Hour and contractor of each award, (awards, 2)."""
    away = contractor != LOCAL
    return np.stack([hour[away], contractor[away]], axis=1).astype(np.int32)


def _contractors(venue: Venue) -> Contractors:
    pool, external = venue.pool, venue.scenario.cost_model.external
    return Contractors(
        pool.base_price_usd,
        verification_usd(external, pool.reliability) + external.integration_usd,
        risk_rate(pool.reliability, pool.security_risk, pool.quality_risk),
        pool.latency_s,
    )


def _candidates(venue: Venue) -> Candidates:
    pool, total = venue.pool, venue.skills.total
    eligible = [np.flatnonzero(row) for row in ~exceeds(venue.scenario.skills.threshold, total)]
    first = np.cumsum([0, *map(len, eligible)])
    criteria = (pool.reliability, -pool.latency_s, 1 - pool.security_risk)
    gaps = np.zeros((3, 2, first[-1]))
    for begin, members in zip(first[:-1].tolist(), eligible, strict=True):
        if len(members):
            for row, values in zip(gaps, criteria, strict=True):
                row[:, begin : begin + len(members)] = squared_gaps(values[members], "min_max")
    return Candidates(first, np.concatenate(eligible), gaps)


def _pricing(scenario: Scenario, market_demand: FloatArray) -> Pricing:
    rule, dynamics = scenario.cost_model.external.pricing, scenario.contractor_dynamics
    if not isinstance(rule, DemandPrice):
        return Pricing(False, 0.0, np.zeros(0), 0.0, 0.0, 1.0, 0.0)
    if dynamics is None:
        return Pricing(True, rule.load_slope, np.zeros(0), 0.0, 0.0, 1.0, 0.0)
    return Pricing(
        True,
        rule.load_slope,
        dynamics.demand_gain * (market_demand - dynamics.demand_reference),
        dynamics.demand_min,
        dynamics.demand_max,
        float(dynamics.jobs_to_exhaust),
        dynamics.capacity_floor,
    )


def _rules(rules: settings.Topsis) -> Rules:
    half_life, percent, boosts = rules.epsilon_half_life_tasks, rules.only_if_cheaper_percent, rules.boosts
    return Rules(
        decay=1.0 if half_life is None else 0.5 ** (1 / half_life),
        above_score=rules.outsource_above_score,
        above_confidence=rules.outsource_above_confidence,
        cheaper_factor=np.nan if percent is None else 1 - percent / 100,
        explored_too=rules.explored_too,
        explored_score=rules.explored_score,
        explored_confidence=rules.explored_confidence,
        boost_cost=boosts.cost,
        boost_cost_below=boosts.cost_if_budget_share_below,
        boost_latency=boosts.latency,
        boost_latency_below_s=boosts.latency_if_max_min_below * 60,
        boost_security=boosts.security_if_sensitive,
        initial_confidence=rules.confidence.initial,
        warm_up=rules.confidence.warm_up,
        window=rules.confidence.window,
        good_score=rules.confidence.good_score,
        drifts=rules.drift.step > 0,
        drift=rules.drift.step * rules.drift.sd,
        drift_up_to_score=rules.drift.up_to_score,
    )


def _luck(venue: Venue) -> Luck:
    def home(draws: Draws) -> np.uint64:
        return np.uint64(draws.states[LOCAL])

    drift = [home(venue.luck(f"policy.weight drift.{name}")) for name in CRITERIA]
    exploration, pick = (home(venue.luck(f"policy.{name}")) for name in ("exploration", "exploration.pick"))
    return Luck(exploration, pick, np.array(drift, dtype=np.uint64))


def _state(venue: Venue, rules: settings.Topsis) -> State:
    memories = 1 if rules.memory == "shared" else venue.scenario.clients.count
    n = len(venue.pool)
    return State(
        clock=np.array([0.0, rules.epsilon]),
        hours=np.array([-1, 0]),
        demand=venue.pool.demand.copy(),
        available=venue.pool.available.copy(),
        unit_usd=np.zeros(n),
        won=np.zeros(n, dtype=np.int64),
        winners=np.zeros(0, dtype=np.int64),
        winners_count=np.zeros(1, dtype=np.int64),
        revenue_usd=np.zeros(n),
        memory=np.tile(normalised(rules.weights.as_tuple()), (memories, 1)),
        scores=np.zeros((memories, rules.confidence.window)),
        counts=np.zeros((memories, 2), dtype=np.int64),
        external_usd=np.zeros(n),
    )


def _facts(scenario: Scenario, block: Block, home_charge_usd: FloatArray) -> Tasks:
    tasks, truth, external = block.tasks, block.truth, scenario.cost_model.external
    price_factor = np.ones(len(block))
    if isinstance(external.pricing, DemandPrice):
        price_factor = complexity_factor(external.pricing, tasks.complexity)
    return Tasks(
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
        home_usd=home_charge_usd,
        home_s=truth.local_work_s,
        expected_home_s=block.home.work_s,
        cost_factor=truth.external_cost_factor,
        time_factor=truth.external_time_factor,
    )
