"""Compiled functions and the plain ones they stand for: the same to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coalesce_sim import compiling, load, run
from coalesce_sim.compiling import Pace
from coalesce_sim.market.contracts.terms import Known, Sides, compiled_terms, terms
from coalesce_sim.policies.compiled import compiled_closest_offer
from coalesce_sim.policies.mcdm import closest_offer

pytest.importorskip("numba")

SEED = st.integers(0, 2**32)


@settings(max_examples=25)
@given(SEED, st.integers(0, 8), st.sampled_from([0, 1, 2]), st.booleans())
def test_the_terms_of_offers(seed: int, offers: int, rule: int, by_use: bool) -> None:
    rng, pool = np.random.default_rng(seed), 8
    table = rng.lognormal(0, 2, (pool, 4))
    table[rng.random(pool) < 0.3, 3] = np.nan
    slots = rng.choice([0.0, 1.0, 3.0, np.inf], pool)
    jobs, reliability = rng.integers(0, 9, pool).astype(float), rng.random(pool)
    factors = rng.lognormal(0, 1, (2, pool))
    skill, security, *risks = rng.random((5, pool))
    known = Known(jobs, slots, reliability, factors[0], factors[1], skill, security, *risks)
    a, b, c, d, e, leak_usd, f = rng.lognormal(0, 1, 7).tolist()
    sides = Sides(
        a, b, c, d, e, leak_usd, 30 * f, rule, float(rng.random()), 2.0, float(rng.random()), by_use
    )
    ids = np.sort(rng.permutation(pool)[:offers])
    twin = compiled_terms()
    assert twin is not None
    wait_s = rng.lognormal(0, 1, offers)
    ours = terms(ids, wait_s, table, known, sides)
    assert ours.tobytes() == twin(ids, wait_s, table, known, sides).tobytes()


@settings(max_examples=25)
@given(SEED, st.integers(0, 8), st.booleans())
def test_the_closest_offer(seed: int, offers: int, coarse: bool) -> None:
    rng = np.random.default_rng(seed)
    criteria = rng.lognormal(0, 1, (4, offers))
    if coarse:  # ties, and criteria in which nobody differs
        criteria = np.round(criteria)
    cost_usd, reliability, latency_s, security = criteria
    eligible = rng.random(offers) < 0.8
    a, b, c, d = rng.random(4).tolist()
    twin = compiled_closest_offer()
    assert twin is not None
    given_all = cost_usd, reliability, latency_s, security, eligible, (a, b, c, d)
    assert closest_offer(*given_all) == twin(*given_all)


def test_a_market_decides_the_same_with_and_without_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load("market_day", ["workload.arrivals.limit=150", "policy.epsilon=0.05"])
    plain = run(scenario, replications=1)
    monkeypatch.setattr(compiling, "PAYS_AFTER_ROUNDS", 1)
    pace, pace_of_offers = Pace(terms, compiled_terms), Pace(closest_offer, compiled_closest_offer)
    monkeypatch.setattr("coalesce_sim.market.contracts.quotes._PACE", pace)
    monkeypatch.setattr("coalesce_sim.policies.topsis._PACE_OF_OFFERS", pace_of_offers)
    fast = run(scenario, replications=1)
    assert pace.next_round() is compiled_terms()
    assert pace_of_offers.next_round() is compiled_closest_offer()
    assert fast.decisions.equals(plain.decisions)
    assert fast.contracts.equals(plain.contracts)
