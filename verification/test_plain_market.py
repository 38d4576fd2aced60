"""The simulator's market with contracts against the plain one: every row of every table, to nine digits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coalesce_sim import load
from verification.markets_at_random import market_of, markets, with_sellers_that_cheat
from verification.moving_at_random import moving_markets
from verification.plain_and_simulator import differences


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(markets())
def test_small_markets_at_random(fields: dict[str, Any]) -> None:
    assert differences(load(fields)) == []


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(moving_markets())
def test_small_markets_whose_numbers_move(fields: dict[str, Any]) -> None:
    assert differences(load(fields)) == []


@pytest.mark.parametrize(
    "policy",
    ["cheapest", "greedy", "epsilon_greedy", "windowed_greedy", "random", "vickrey", "topsis"],
)
@pytest.mark.parametrize("scenario", ["market_day", "experiments_cold_start", "real_agents_twin"])
def test_bundled_markets(scenario: str, policy: str) -> None:
    changes = ["workload.arrivals.limit=150", f"policy={{kind: {policy}}}"]
    assert differences(load(scenario, changes)) == []


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9), st.integers(6, 24), st.integers(2, 6))
def test_small_markets_in_which_sellers_cheat(number: int, tasks: int, contractors: int) -> None:
    fields = with_sellers_that_cheat(market_of(number, tasks, contractors, boxes=False), number)
    assert differences(load(fields)) == []
