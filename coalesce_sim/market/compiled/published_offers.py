"""Prices of the published trade and what its offers cost, compiled, in the words of `market.published`."""

from __future__ import annotations

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.published_tables import Clock, Contractor, Rules, Task
from coalesce_sim.market.compiled.rows import Table


@part
def begin_hour(
    task: Task,
    contractors: Table[Contractor],
    demand_step: FloatArray,
    winners: IntArray,
    rules: Rules,
    clock: Clock,
) -> None:
    """Take up the prices of a task's hour. `demand_step` is what demand changes by in each hour."""
    ends, moved = task.hour != clock.hour, task.price_hour > clock.demand_hour
    if ends:
        end_hour(contractors, winners, rules, clock)
        clock.hour = task.hour
    while clock.demand_hour < task.price_hour:
        clock.demand_hour += 1
        for j in range(len(contractors)):
            demand = contractors[j].demand + demand_step[clock.demand_hour]
            contractors[j].demand = min(max(demand, rules.demand_min), rules.demand_max)
    if ends or moved:
        price(contractors, rules)


@part
def end_hour(contractors: Table[Contractor], winners: IntArray, rules: Rules, clock: Clock) -> None:
    """`HourlyPrices._end_hour`: capacity shrinks with the contracts won."""
    for k in range(clock.winners):
        contractor = contractors[winners[k]]
        used = min(1.0, contractor.won / rules.jobs_to_exhaust)
        contractor.available = max(rules.capacity_floor, 1 - used)
    clock.winners = 0


@part
def price(contractors: Table[Contractor], rules: Rules) -> None:
    """`demand_price_usd` of every contractor, or its flat price."""
    for j in range(len(contractors)):
        contractor = contractors[j]
        contractor.unit_usd = contractor.base_usd
        if rules.by_demand:
            usd = contractor.demand - contractor.available
            usd *= rules.load_slope
            usd += 1.0
            contractor.unit_usd = max(usd, 0.0) * contractor.base_usd


@part
def price_usd(task: Task, contractor: Contractor) -> float:
    """What a contractor asks for a task."""
    return task.price_factor * contractor.unit_usd


@part
def external_usd(task: Task, contractor: Contractor, rules: Rules) -> float:
    """The whole cost that a client expects with an offer, as `Quotes` adds it up."""
    surcharges_usd = task.communication_usd + contractor.checks_usd
    surcharges_usd += task.at_risk_usd * contractor.risk_rate
    late_usd = max(contractor.latency_s - task.max_latency_s, 0.0) * rules.late_usd_per_s
    return price_usd(task, contractor) + (surcharges_usd + late_usd)


@part
def charge_usd(task: Task, contractor: Contractor, rules: Rules) -> float:
    """`Charges.of`: the whole charge, lateness that comes about left out."""
    if rules.physical:
        fees_usd = task.communication_usd + contractor.checks_usd
        return (price_usd(task, contractor) + fees_usd) * task.cost_factor
    return external_usd(task, contractor, rules) * task.cost_factor


@part
def late_usd(task: Task, turnaround_s: float, rules: Rules) -> float:
    """What lateness that comes about is charged."""
    return max(turnaround_s - task.max_latency_s, 0.0) * rules.charged_late_usd_per_s
