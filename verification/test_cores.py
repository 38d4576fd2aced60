"""The compiled core plays what it covers as SimPy does, to the last bit."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import coalesce_sim
from coalesce_sim import bundled
from coalesce_sim.experiments.cores import choose_core
from verification.both_cores import assert_same_in_hindsight, assert_same_on_both_cores
from verification.contracts_at_random import markets_with_contracts
from verification.outputs import shortening
from verification.published_at_random import published_markets
from verification.queues_at_random import markets_with_queues


@given(published_markets())
@settings(max_examples=500, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_published_markets_at_random(market):
    assert_same_on_both_cores(coalesce_sim.load(market))


@given(markets_with_queues())
@settings(max_examples=500, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_published_markets_with_queues_at_random(market):
    assert_same_on_both_cores(coalesce_sim.load(market))


@given(markets_with_contracts())
@settings(max_examples=1_000, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_markets_with_contracts_at_random(market):
    assert_same_on_both_cores(coalesce_sim.load(market))


@given(st.one_of(published_markets(), markets_with_queues(), markets_with_contracts()))
@settings(max_examples=100, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_known_in_hindsight(market):
    assert_same_in_hindsight(coalesce_sim.load(market))


@pytest.mark.parametrize("name", bundled.names())
def test_bundled_scenarios_give_the_same_on_both_cores(name):
    try:
        scenario = coalesce_sim.load(name)
    except coalesce_sim.ScenarioError:
        pytest.skip("its files are not here")
    scenario = coalesce_sim.load(name, shortening(scenario))
    if choose_core("auto", [scenario], runs=1_000_000).core != "compiled":
        pytest.skip("the compiled core does not play it")
    assert_same_on_both_cores(scenario)
