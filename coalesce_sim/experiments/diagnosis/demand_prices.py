"""Whether prices by demand may be taken below 0, where they count as 0."""

from __future__ import annotations

import math

import numpy as np

from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.scenario.costs import DemandPrice
from coalesce_sim.scenario.distributions import Support, support
from coalesce_sim.scenario.pool import DrawnPool
from coalesce_sim.scenario.schema import Scenario


def below_nothing(scenario: Scenario) -> list[str]:
    """A sentence for each slope of eq. 7 that may take a price below 0."""
    rule = scenario.cost_model.external.pricing
    if not isinstance(rule, DemandPrice):
        return []
    least, most = _complexity(scenario)
    slopes = {
        "load_slope": (rule.load_slope, _demand_beyond_capacity(scenario)),
        "complexity_slope": (rule.complexity_slope, (least - 1, most - 1)),
    }
    return [
        f"cost_model.external.pricing.{name} is {slope:g}: where that takes a price below 0, work is done "
        "for nothing"
        for name, (slope, ends) in slopes.items()
        if slope != 0 and min(1 + slope * end for end in ends) < 0
    ]


def _demand_beyond_capacity(scenario: Scenario) -> Support:
    """What a contractor's demand less its available capacity lies between."""
    pool, dynamics = scenario.contractors, scenario.contractor_dynamics
    if isinstance(pool, DrawnPool):
        demand, available = support(pool.demand), support(pool.available_capacity)
    elif not isinstance(pool, list):
        return 0.0, 0.0  # price lists and records say nothing of either, and both defaults are the same
    else:
        demand = _range(np.array([each.demand for each in pool]))
        available = _range(np.array([each.available_capacity for each in pool]))
    if dynamics is not None:
        demand = dynamics.demand_min, dynamics.demand_max
        available = min(available[0], dynamics.capacity_floor), max(available[1], 1.0)
    return demand[0] - available[1], demand[1] - available[0]


def _complexity(scenario: Scenario) -> Support:
    """What the tasks' complexity lies between."""
    stated = support(scenario.workload.attributes.complexity)
    table = tasks_of(scenario)
    given = None if table is None else table.given.get("complexity")
    if given is None or np.isnan(given).all():
        return stated
    least, most = _range(given)
    return (min(least, stated[0]), max(most, stated[1])) if np.isnan(given).any() else (least, most)


def _range(values: np.ndarray) -> Support:
    return (float(np.nanmin(values)), float(np.nanmax(values))) if len(values) else (math.nan, math.nan)
