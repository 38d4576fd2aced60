"""How the contracts of a scenario are paid."""

from __future__ import annotations

import math

from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.market.contracts.payments import Payments
from coalesce_sim.market.contracts.settling import Settling
from coalesce_sim.market.trade import Venue
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.settlement import Pay
from coalesce_sim.scenario.volume import expected_tasks
from coalesce_sim.scenario.workload import DemandDriven, Recorded, Renewal


def payments_of(venue: Venue) -> Payments:
    """Payment as the scenario settles it, or at once and for nothing."""
    scenario, stated = venue.scenario, venue.scenario.settlement
    if stated is None:
        return Payments(venue.accounts)
    tasks_per_s = _tasks(scenario) / scenario.clients.total / scenario.clock.horizon_s
    return Settling(venue, stated, tasks_per_s=tasks_per_s)


def tasks_per_payment(scenario: Scenario, pay: Pay, contractors: int) -> float:
    """About how many tasks a payment is for if all go outside, to all contractors alike; 1 where each
    contract is paid alone."""
    if pay.every_h is None:
        return 1.0
    tasks = _tasks(scenario) / scenario.clients.total / (contractors if pay.among == "pair" else 1)
    return max(1.0, min(1.0, pay.every_h / (24 * scenario.clock.days)) * tasks)


def _tasks(scenario: Scenario) -> float:
    """About how many tasks come; of several in a file, all."""
    arrivals = scenario.workload.arrivals
    if isinstance(arrivals, DemandDriven | Renewal | Recorded):
        horizon_s, clients = scenario.clock.horizon_s, scenario.clients.total
        return expected_tasks(arrivals, scenario.market_demand, horizon_s, clients)
    table = tasks_of(scenario)
    return math.inf if table is None else float(len(table.arrival_s))
