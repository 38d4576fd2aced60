"""The compiled core plays what it covers as SimPy does, to the last bit."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

import coalesce_sim
from verification.published_at_random import (
    assert_same_in_hindsight,
    assert_same_on_both_cores,
    published_markets,
)


@given(published_markets())
@settings(max_examples=2_000, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_published_markets_at_random(market):
    assert_same_on_both_cores(coalesce_sim.load(market))


@given(published_markets())
@settings(max_examples=100, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_known_in_hindsight(market):
    assert_same_in_hindsight(coalesce_sim.load(market))
