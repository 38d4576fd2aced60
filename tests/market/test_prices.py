"""Demand and prices by the hour."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.market.workload import hourly_demand
from coalesce_sim.streams import Streams


@pytest.mark.parametrize("block_tasks", [5, 2048])
def test_prices_follow_demand_and_shrinking_capacity(
    block_tasks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eq. 7 by hand, hour by hour, for one contractor that wins every task; ten wins exhaust it."""
    monkeypatch.setattr("coalesce_sim.market.workload.BLOCK_TASKS", block_tasks)
    changes = ["clock.days=2", "contractors.count=1", "policy.epsilon=1", "clients.count=50"]
    scenario = coalesce_sim.load("dur_01", changes)
    result = coalesce_sim.run(scenario, replications=1)
    streams = Streams(scenario.seed, 0)
    pool: Any = scenario.contractors
    kind = str(result.decisions["contractor"].iloc[0]).rsplit("_", 1)[0]
    base_usd = pool.types[kind].price_usd * streams("pool.price").normal(1, 0.1)
    demand = streams("pool.demand").uniform(0.2, 0.9)
    available = streams("pool.capacity").uniform(0.6, 1.0)
    won = 0
    expected = []
    for market_demand, tasks in zip(result.timeline["demand"], result.timeline["tasks"], strict=True):
        if won:
            available = max(0.1, 1 - min(1, won / 10))
        demand = min(1.0, max(0.1, demand + 0.3 * (market_demand - 0.5)))
        expected.append(base_usd * (1 + 0.5 * (demand - available)))
        won += int(tasks)
    assert won > 50
    assert result.timeline["mean_price_usd"].to_numpy() == pytest.approx(np.array(expected))


def test_an_hour_that_falls_into_two_blocks_is_one_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Capacity that contracts use up is felt when the hour ends, not where a block does."""
    changes = ["clock.days=1", "contractors.count=2", "policy.epsilon=1", "clients.count=50"]
    scenario = coalesce_sim.load("dur_01", changes)
    whole = coalesce_sim.run(scenario, replications=1).decisions
    monkeypatch.setattr("coalesce_sim.market.workload.BLOCK_TASKS", 3)
    in_pieces = coalesce_sim.run(scenario, replications=1).decisions
    assert (whole["arrival_s"].value_counts() > 3).any()
    for name in ("contractor", "estimated_usd", "price_usd"):
        assert in_pieces[name].tolist() == whole[name].tolist()


def test_demand_is_high_in_office_hours_on_weekdays_only() -> None:
    scenario = coalesce_sim.load("published")
    assert scenario.market_demand is not None
    quiet = scenario.market_demand.model_copy(update={"noise_sd": 0.0})
    demand = hourly_demand(quiet, scenario.clock, Streams(1))
    by_hour = {hour: demand[hour - 8] for hour in range(8, 8 + 7 * 24)}  # hours since Sunday 00:00
    assert {by_hour[hour] for hour in range(8, 24)} == {0.5}  # Sunday
    monday = 24
    busy = [hour for hour in range(24) if by_hour[monday + hour] == 1.6]
    assert busy == list(range(9, 18))
    assert {by_hour[6 * 24 + hour] for hour in range(24)} == {0.5}  # Saturday


def test_arrivals_are_poisson_with_the_hours_demand() -> None:
    """Mean and variance of 150 first hours of a Sunday: 4.2 × 0.5 tasks, to four standard errors."""
    scenario = coalesce_sim.load("dur_01", ["clock.days=0.04166666666", "market_demand.noise_sd=0"])
    counts = [each["tasks"] for each in coalesce_sim.run(scenario, replications=150).replications]
    assert np.mean(counts) == pytest.approx(2.1, abs=0.47)
    assert np.var(counts) == pytest.approx(2.1, abs=1.1)
