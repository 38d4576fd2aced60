"""What the published kernel reads and writes (`rows` says how)."""

from __future__ import annotations

from typing import NamedTuple

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray


class Task:
    """What stands of a task before anybody decides. `price_hour` is the hour that its prices are of, `route`
    whom a static routing names for it."""

    arrival_s: float
    price_hour: int
    hour: int
    client: int
    type_id: int
    price_factor: float
    communication_usd: float
    at_risk_usd: float
    max_latency_s: float
    value_usd: float
    budget_usd: float
    sensitive: bool
    internal_usd: float
    home_usd: float
    home_s: float
    expected_home_s: float
    cost_factor: float
    time_factor: float
    route: int
    route_else: int


class Played:
    """What comes of a task: columns of the records."""

    contractor: int
    explored: bool
    score: float
    confidence: float
    estimated_usd: float
    estimated_s: float
    realised_usd: float
    price_usd: float
    lateness_usd: float
    started_s: float
    finished_s: float


class Contractor:
    """A contractor. Every estimate needs the price of the simplest task, which may change, verification and
    integration (`checks_usd`), risk and latency: they lie side by side. Then other facts, and what else
    changes: demand, capacity, contracts won, revenue, what it would have saved (`Tally`)."""

    unit_usd: float
    checks_usd: float
    risk_rate: float
    latency_s: float
    base_usd: float
    reliability: float
    security: float
    demand: float
    available: float
    won: int
    revenue_usd: float
    saved_usd: float


class Rules:
    """The scenario's: whether and how prices follow demand and capacity, whether they move by the hour, and
    what is charged: on the basis ``physical`` or not, for lateness expected and real."""

    by_demand: bool
    moves: bool
    load_slope: float
    demand_min: float
    demand_max: float
    jobs_to_exhaust: float
    capacity_floor: float
    physical: bool
    late_usd_per_s: float
    charged_late_usd_per_s: float


class Clock:
    """What one block leaves to the next: the time, the hour that demand is of, the one that capacity is of,
    and how many have won contracts in it."""

    now_s: float
    demand_hour: int
    hour: int
    winners: int


class Candidates(NamedTuple):
    """The eligible contractors of each task type: how many, who they are, (types, most), and their
    squared gaps, (types, 4, 2, most), of which the first row, the cost's, differs from task to task.
    `external_usd` and `affordable`, by place, are room to work in; TOPSIS and the oracle have the former by
    contractor."""

    eligible: IntArray
    members: IntArray
    gaps: FloatArray
    external_usd: FloatArray
    affordable: BoolArray
