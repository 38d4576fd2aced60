"""Tasks that follow the market's demand are an inhomogeneous Poisson stream, hour by hour."""

from __future__ import annotations

import numpy as np
from scipy import stats

import coalesce_sim
from coalesce_sim.scenario.workload import DemandDriven
from verification.test_queueing import interval

REPLICATIONS = 40


def test_tasks_of_each_hour_are_poisson_counts_of_its_demand() -> None:
    """Given the demand of an hour, its tasks have that times the stated rate as mean and as variance."""
    scenario = coalesce_sim.load("dur_02", ["workload.arrivals={kind: demand_driven, tasks_per_hour: 12}"])
    arrivals = scenario.workload.arrivals
    assert isinstance(arrivals, DemandDriven)
    more, standardised = [], []
    for replication in range(REPLICATIONS):
        staged = coalesce_sim.stage(scenario, replication=replication)
        expected = arrivals.tasks_per_hour * staged.market.demand
        hours = np.array([task["arrival_s"] for task in staged.facts()["tasks"]]) // 3600
        counts = np.bincount(hours.astype(np.int64), minlength=len(expected))
        more.append(float((counts - expected).sum() / expected.sum()))
        standardised.append((counts - expected) / np.sqrt(expected))
    low, high = interval(more)
    assert low < 0 < high
    # Pearson's χ²: as many degrees of freedom as hours, since each hour's mean is known.
    cells = np.concatenate(standardised)
    assert 0.0005 < stats.chi2.cdf(float((cells**2).sum()), len(cells)) < 0.9995
    assert expected.max() > 2 * expected.min(), "the rate is not the same all day"
