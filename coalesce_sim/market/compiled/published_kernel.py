"""The published trade without events, a block of tasks at a time: unlimited slots make nobody wait.

Compiled by numba. Each line does what the SimPy side does for one task, in the same order of arithmetic; the
names are those of `market.published` and `policies.topsis`, which say why.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.market.compiled.building import kernel, part
from coalesce_sim.market.compiled.draws import StateArray, normal, uniform
from coalesce_sim.policies.mcdm import FAR
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.rounding import ROUNDING


class Tasks(NamedTuple):
    """What stands of each task of a block before anybody decides; one entry a task."""

    arrival_s: FloatArray
    price_hour: IntArray
    hour: IntArray
    client: IntArray
    type_id: IntArray
    price_factor: FloatArray
    communication_usd: FloatArray
    at_risk_usd: FloatArray
    max_latency_s: FloatArray
    value_usd: FloatArray
    budget_usd: FloatArray
    sensitive: BoolArray
    internal_usd: FloatArray
    home_usd: FloatArray
    home_s: FloatArray
    expected_home_s: FloatArray
    cost_factor: FloatArray
    time_factor: FloatArray


class Contractors(NamedTuple):
    """What never changes of each contractor. `checks_usd` is verification and integration."""

    base_usd: FloatArray
    checks_usd: FloatArray
    risk_rate: FloatArray
    latency_s: FloatArray


class Candidates(NamedTuple):
    """The eligible contractors of each task type, one after the other: type i has those from `first[i]` to
    `first[i + 1]`, with their squared gaps in reliability, latency and security, (3, 2, all of them)."""

    first: IntArray
    members: IntArray
    gaps: FloatArray


class Pricing(NamedTuple):
    """How prices move by the hour. `demand_step` is what demand changes by in each hour; empty where prices
    stand still."""

    by_demand: bool
    load_slope: float
    demand_step: FloatArray
    demand_min: float
    demand_max: float
    jobs_to_exhaust: float
    capacity_floor: float


class Charging(NamedTuple):
    """What is charged: on the basis ``physical`` or ``estimate``, and for lateness, expected and real."""

    physical: bool
    late_usd_per_s: float
    charged_late_usd_per_s: float


class Rules(NamedTuple):
    """The settings of TOPSIS; `cheaper_factor` is NaN where cost against cost plays no part."""

    decay: float
    above_score: float
    above_confidence: float
    cheaper_factor: float
    explored_too: bool
    explored_score: float
    explored_confidence: float
    boost_cost: float
    boost_cost_below: float
    boost_latency: float
    boost_latency_below_s: float
    boost_security: float
    initial_confidence: float
    warm_up: int
    window: int
    good_score: float
    drifts: bool
    drift: float
    drift_up_to_score: float


class State(NamedTuple):
    """What one block leaves to the next.

    `clock` is the time and ε; `hours` the hour that demand is of, and the one that capacity is of; `won` how
    many contracts each contractor has won, `winners` those of this hour, `winners_count` how many.
    `memory` are the weights, `scores` a ring of the last ones, `counts` decisions and good ones in the ring,
    each by memory. `external_usd` is room to work in.
    """

    clock: FloatArray
    hours: IntArray
    demand: FloatArray
    available: FloatArray
    unit_usd: FloatArray
    won: IntArray
    winners: IntArray
    winners_count: IntArray
    revenue_usd: FloatArray
    memory: FloatArray
    scores: FloatArray
    counts: IntArray
    external_usd: FloatArray


class Written(NamedTuple):
    """The columns of the records that are filled in."""

    contractor: IntArray
    explored: BoolArray
    score: FloatArray
    confidence: FloatArray
    internal_usd: FloatArray
    estimated_usd: FloatArray
    estimated_s: FloatArray
    realised_usd: FloatArray
    price_usd: FloatArray
    lateness_usd: FloatArray
    started_s: FloatArray
    finished_s: FloatArray


class Luck(NamedTuple):
    """The states that draws begin at: whether and whom to explore, and the drift of four weights."""

    exploration: np.uint64
    pick: np.uint64
    drift: StateArray


@part
def _end_hour(pricing: Pricing, state: State) -> None:
    """`HourlyPrices._end_hour`: capacity shrinks with the contracts won."""
    for k in range(state.winners_count[0]):
        j = state.winners[k]
        used = min(1.0, state.won[j] / pricing.jobs_to_exhaust)
        state.available[j] = max(pricing.capacity_floor, 1 - used)
    state.winners_count[0] = 0


@part
def _price(pricing: Pricing, contractors: Contractors, state: State) -> None:
    """`demand_price_usd` of every contractor, or its flat price."""
    for j in range(len(contractors.base_usd)):
        if pricing.by_demand:
            usd = state.demand[j] - state.available[j]
            usd *= pricing.load_slope
            usd += 1.0
            state.unit_usd[j] = max(usd, 0.0) * contractors.base_usd[j]
        else:
            state.unit_usd[j] = contractors.base_usd[j]


@part
def _move_demand(price_hour: int, pricing: Pricing, state: State) -> None:
    """Demand moves on to the hour, step by step."""
    while state.hours[0] < price_hour:
        state.hours[0] += 1
        step = pricing.demand_step[state.hours[0]]
        for j in range(len(state.demand)):
            state.demand[j] = min(max(state.demand[j] + step, pricing.demand_min), pricing.demand_max)


@part
def _external_usd(
    t: int, j: int, tasks: Tasks, contractors: Contractors, charging: Charging, state: State
) -> float:
    """The whole cost that a client expects with an offer, as `Quotes` adds it up."""
    surcharges_usd = tasks.communication_usd[t] + contractors.checks_usd[j]
    surcharges_usd += tasks.at_risk_usd[t] * contractors.risk_rate[j]
    late_usd = max(contractors.latency_s[j] - tasks.max_latency_s[t], 0.0) * charging.late_usd_per_s
    usd: float = tasks.price_factor[t] * state.unit_usd[j] + (surcharges_usd + late_usd)
    return usd


@part
def _weights(t: int, m: int, tasks: Tasks, rules: Rules, state: State) -> tuple[float, float, float, float]:
    """The remembered weights, boosted where the task asks for it; their squares."""
    a, b, c, d = state.memory[m, 0], state.memory[m, 1], state.memory[m, 2], state.memory[m, 3]
    if tasks.budget_usd[t] < rules.boost_cost_below * tasks.value_usd[t]:
        a *= rules.boost_cost
    if tasks.max_latency_s[t] < rules.boost_latency_below_s:
        c *= rules.boost_latency
    if tasks.sensitive[t]:
        d *= rules.boost_security
    total = a + b + c + d
    a, b, c, d = a / total, b / total, c / total, d / total
    return a * a, b * b, c * c, d * d


@part
def _closest(
    t: int,
    weights: tuple[float, float, float, float],
    tasks: Tasks,
    contractors: Contractors,
    charging: Charging,
    candidates: Candidates,
    state: State,
    scores: FloatArray,
) -> tuple[int, float]:
    """`mcdm.closest`: the contractor closest to the ideal among the candidates for the task's type."""
    first, stop = candidates.first[tasks.type_id[t]], candidates.first[tasks.type_id[t] + 1]
    cheapest, dearest = np.inf, -np.inf
    for k in range(first, stop):
        j = candidates.members[k]
        usd = _external_usd(t, j, tasks, contractors, charging, state)
        state.external_usd[j] = usd
        cheapest = min(cheapest, usd)
        if usd < np.inf:
            dearest = max(dearest, usd)
    unit = 1.0 / (dearest - cheapest) if -cheapest > -dearest + ROUNDING * abs(dearest) else 0.0
    a, b, c, d = weights
    best_score, gaps = -1.0, candidates.gaps
    for k in range(first, stop):
        usd = state.external_usd[candidates.members[k]]
        to_best, to_worst = FAR, 0.0
        if usd < np.inf:
            to_best, to_worst = (usd - cheapest) * unit, (dearest - usd) * unit
            to_best, to_worst = to_best * to_best, to_worst * to_worst
        to_best = math.sqrt(to_best * a + gaps[0, 0, k] * b + gaps[1, 0, k] * c + gaps[2, 0, k] * d)
        to_worst = math.sqrt(to_worst * a + gaps[0, 1, k] * b + gaps[1, 1, k] * c + gaps[2, 1, k] * d)
        total = to_best + to_worst
        scores[k] = to_worst / total if total > 0 else 0.5
        best_score = max(best_score, scores[k])
    for k in range(first, stop):
        if scores[k] >= best_score - ROUNDING * best_score:
            return candidates.members[k], scores[k]
    return LOCAL, best_score


@part
def _confidence(m: int, rules: Rules, state: State) -> float:
    """`Memory.confidence`."""
    if state.counts[m, 0] < rules.warm_up:
        return rules.initial_confidence
    n = min(state.counts[m, 0], rules.window)
    share = state.counts[m, 1] / n
    minority = share if share < 0.5 else 1 - share
    confidence: float = max(0.0, 1 - 1.96 * 2 * minority / math.sqrt(n))
    return confidence


@part
def _remember(m: int, score: float, task: int, rules: Rules, state: State, luck: Luck) -> None:
    """`Memory.remember` and the drift of the weights after it."""
    place = state.counts[m, 0] % rules.window
    if state.counts[m, 0] >= rules.window and state.scores[m, place] > rules.good_score:
        state.counts[m, 1] -= 1
    state.scores[m, place] = score
    state.counts[m, 0] += 1
    if score > rules.good_score:
        state.counts[m, 1] += 1
    if rules.drifts and state.counts[m, 0] > 1 and score <= rules.drift_up_to_score:
        total = 0.0
        for c in range(4):
            moved = abs(state.memory[m, c] + rules.drift * normal(uniform(luck.drift[c], task)))
            state.memory[m, c] = moved
            total += moved
        for c in range(4):
            state.memory[m, c] /= total


@part
def _saves(internal_usd: float, external_usd: float, rules: Rules) -> bool:
    """Whether an offer is as much cheaper than home as is asked for."""
    if math.isnan(rules.cheaper_factor):
        return True
    return rules.cheaper_factor * internal_usd > external_usd + ROUNDING * abs(external_usd)


@part
def _exceeds(one: float, other: float) -> bool:
    return one > other + ROUNDING * abs(other)


@kernel
def play_block(
    first_task: int,
    tasks: Tasks,
    contractors: Contractors,
    candidates: Candidates,
    pricing: Pricing,
    charging: Charging,
    rules: Rules,
    luck: Luck,
    state: State,
    written: Written,
) -> None:
    """Play the tasks of a block to their end, one after the other."""
    n = len(contractors.base_usd)
    moves = len(pricing.demand_step) > 0
    shared = len(state.memory) == 1
    scores = np.empty(len(candidates.members))
    if moves and tasks.price_hour[0] > state.hours[1]:
        _end_hour(pricing, state)
    _price(pricing, contractors, state)
    for t in range(len(tasks.arrival_s)):
        arrival_s = tasks.arrival_s[t]
        while state.clock[0] < arrival_s:
            state.clock[0] += arrival_s - state.clock[0]
        now_s = state.clock[0]
        if moves:
            ends, moved = tasks.hour[t] != state.hours[1], tasks.price_hour[t] > state.hours[0]
            if ends:
                _end_hour(pricing, state)
                state.hours[1] = tasks.hour[t]
            if moved:
                _move_demand(tasks.price_hour[t], pricing, state)
            if ends or moved:
                _price(pricing, contractors, state)
        m = 0 if shared else tasks.client[t]
        internal_usd = tasks.internal_usd[t]
        contractor, explored, score, confidence = LOCAL, False, np.nan, np.nan
        draw = uniform(luck.exploration, first_task + t)
        epsilon = state.clock[1]
        state.clock[1] *= rules.decay
        if draw < epsilon:
            picked = int(uniform(luck.pick, first_task + t) * n)
            usd = _external_usd(t, picked, tasks, contractors, charging, state)
            if not rules.explored_too or _saves(internal_usd, usd, rules):
                contractor, explored = picked, True
                score, confidence = rules.explored_score, rules.explored_confidence
        elif candidates.first[tasks.type_id[t]] < candidates.first[tasks.type_id[t] + 1]:
            weights = _weights(t, m, tasks, rules, state)
            best, score = _closest(t, weights, tasks, contractors, charging, candidates, state, scores)
            confidence = _confidence(m, rules, state)
            outsourced = (
                _exceeds(score, rules.above_score)
                and _exceeds(confidence, rules.above_confidence)
                and _saves(internal_usd, state.external_usd[best], rules)
            )
            _remember(m, score if outsourced else 0.0, first_task + t, rules, state, luck)
            if outsourced:
                contractor = best
        written.explored[t], written.score[t], written.confidence[t] = explored, score, confidence
        written.internal_usd[t] = internal_usd
        if contractor == LOCAL:
            written.estimated_usd[t], written.estimated_s[t] = internal_usd, tasks.expected_home_s[t]
            service_s, realised_usd = tasks.home_s[t], tasks.home_usd[t]
        else:
            external_usd = _external_usd(t, contractor, tasks, contractors, charging, state)
            price_usd = tasks.price_factor[t] * state.unit_usd[contractor]
            realised_usd = external_usd * tasks.cost_factor[t]
            if charging.physical:
                fees_usd = tasks.communication_usd[t] + contractors.checks_usd[contractor]
                realised_usd = (price_usd + fees_usd) * tasks.cost_factor[t]
            price_usd *= tasks.cost_factor[t]
            service_s = contractors.latency_s[contractor] * tasks.time_factor[t]
            written.contractor[t], written.price_usd[t] = contractor, price_usd
            written.estimated_usd[t] = external_usd
            written.estimated_s[t] = contractors.latency_s[contractor]
            state.revenue_usd[contractor] += price_usd
            if moves:
                state.won[contractor] += 1
                state.winners[state.winners_count[0]] = contractor
                state.winners_count[0] += 1
        finished_s = now_s + service_s
        if charging.charged_late_usd_per_s > 0:
            late_s = finished_s - arrival_s - tasks.max_latency_s[t]
            written.lateness_usd[t] = max(0.0, late_s) * charging.charged_late_usd_per_s
            realised_usd += written.lateness_usd[t]
        written.started_s[t], written.finished_s[t] = now_s, finished_s
        written.realised_usd[t] = realised_usd
