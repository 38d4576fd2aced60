"""The compiled core plays what it covers as SimPy does, to the last bit."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import coalesce_sim
from coalesce_sim import bundled
from coalesce_sim.experiments.cores import choose_core
from verification.both_cores import (
    assert_same_in_hindsight,
    assert_same_on_both_cores,
    assert_told_the_same_by_both_cores,
)
from verification.contracts_at_random import markets_with_contracts
from verification.moving_at_random import moving_markets_with_contracts
from verification.outputs import shortening
from verification.published_at_random import published_markets
from verification.queues_at_random import markets_with_queues


@given(published_markets())
@settings(max_examples=250, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_published_markets_at_random(market):
    assert_same_on_both_cores(coalesce_sim.load(market))


@given(markets_with_queues())
@settings(max_examples=250, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_published_markets_with_queues_at_random(market):
    assert_same_on_both_cores(coalesce_sim.load(market))


@given(markets_with_contracts())
@settings(max_examples=500, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_markets_with_contracts_at_random(market):
    assert_same_on_both_cores(coalesce_sim.load(market))


@given(moving_markets_with_contracts())
@settings(max_examples=250, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_markets_whose_numbers_move_at_random(market):
    assert_same_on_both_cores(coalesce_sim.load(market))


@pytest.mark.parametrize(
    "markets",
    [published_markets, markets_with_queues, markets_with_contracts, moving_markets_with_contracts],
)
def test_who_watches_is_told_the_same_of_markets_at_random(markets, monkeypatch):
    monkeypatch.setattr("coalesce_sim.market.workload.BLOCK_TASKS", 7)

    @given(markets())
    @settings(max_examples=50, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    def told_the_same(market):
        assert_told_the_same_by_both_cores(coalesce_sim.load(market))

    told_the_same()


@given(
    st.one_of(
        published_markets(),
        markets_with_queues(),
        markets_with_contracts(),
        moving_markets_with_contracts(),
    )
)
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


def test_a_step_may_be_coordinated_for_longer_than_its_block_is_kept():
    """Its whole comes to nothing meanwhile, and with it the last of the block."""
    good, bad = (
        f"{{name: {name}, reliability: 1, latency_min: 1, outcomes: {{kind_{kind}: {{success: {success}}}}}}}"
        for name, kind, success in (("good", 1, 1), ("bad", 2, 0))
    )
    changes = [
        "workload.arrivals={kind: renewal, gap_s: 2, limit: 4200}",
        "workload.types.project={decompose: always, split_s: 3000}",
        "workload.types.project.steps={step_2: {after: []}, step_3: {after: [step_1]}}",
        f"contractors=[{good}, {bad}]",
        "contracts={verification: {automated: {sensitivity: 1}}, recovery: {retries: 0, then: give_up}}",
        "policy={kind: always_outsource}",
    ]
    assert_same_on_both_cores(coalesce_sim.load("experiments_splitting", changes))
