"""The parts of every task's cost add up to it, to nine digits, in markets at random of both trades."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import coalesce_sim
from coalesce_sim.cost_parts import COST_PARTS, GROUPS
from verification.markets_at_random import markets

POLICIES = ("cheapest", "random", "always_outsource", "always_local", "vickrey", "oracle", "topsis")
TYPES = (
    *("gpu_specialist", "cpu_specialist", "budget_provider"),
    *("edge_specialist", "hybrid_cloud", "quantum_enhanced"),
)
"""The contractors of the published profile."""


def add_up(fields: dict[str, Any]) -> None:
    """Play one replication; its tasks and its metrics are the sums of their parts."""
    result = coalesce_sim.run(coalesce_sim.load(fields), replications=1)
    decisions, metrics = result.decisions, result.replications[0]
    parts = decisions[[part.column for part in COST_PARTS if part.column in decisions]].to_numpy()
    realised_usd = decisions["realised_usd"].to_numpy()
    np.testing.assert_allclose(parts.sum(axis=1), realised_usd, rtol=1e-9, atol=1e-12)
    if "retries_usd" in decisions:
        assert (decisions["retries_usd"] <= realised_usd * (1 + 1e-9)).all()
        assert (decisions.loc[decisions["attempts"] <= 1, "retries_usd"] == 0).all()
    for prefix, total in (("", "realised_usd"), ("all_local_", "all_local_usd")):
        of_parts = [metrics.get(f"{prefix}{part.metric}", 0.0) for part in COST_PARTS]
        of_groups = [metrics[f"{prefix}{group}_usd"] for group in GROUPS]
        np.testing.assert_allclose([sum(of_parts), sum(of_groups)], metrics[total], rtol=1e-9, atol=1e-12)
    saved = [metrics[name] for name in ("cash_saving", "delay_saving", "loss_saving", "cost_reduction")]
    np.testing.assert_allclose(sum(saved[:3]), saved[3], rtol=1e-9, atol=1e-7)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(markets())
def test_markets_with_contracts(fields: dict[str, Any]) -> None:
    add_up(fields)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9))
def test_markets_of_the_published_trade(number: int) -> None:
    add_up(published_market_of(number))


def published_market_of(number: int) -> dict[str, Any]:
    """The scenario of that number: from the published profile, with every setting that charges differ by."""
    rng = random.Random(number)

    def pick(*values: Any) -> Any:
        return rng.choice(values)

    factors = ("local_cost_factor", "external_cost_factor", "local_time_factor", "external_time_factor")
    drawn = {"uniform": {"low": 0.5, "high": 2.0}}
    queue = {"slots": pick("unlimited", 1), "network_ms": pick(0, 90_000)}
    basis, opportunity = pick("estimate", "physical"), pick("later_tasks", "expected_delay", "queue", "none")
    knows = basis == "estimate" and opportunity in ("expected_delay", "queue")
    believed = {"believed": {"utilisation": 0.4, "tdp_w": 900}}
    return {
        "extends": "published",
        "name": "at_random",
        "title": "a market at random",
        "seed": number,
        "clock": {"days": pick(0.1, 0.3)},
        "clients": {
            "count": pick(3, 20),
            "slots": pick("unlimited", 1, 2),
            "hardware": {} if knows else pick({}, believed),
        },
        "contractors": {"count": pick(1, 6), "types": dict.fromkeys(TYPES, queue)},
        "cost_model": {
            "internal": {
                "execution_time_unit": pick("second", "minute", "hour"),
                "opportunity": opportunity,
            },
            "external": {
                "pricing": pick(
                    {"kind": "flat"}, {"kind": "demand", "load_slope": 0.5, "complexity_slope": 0.3}
                ),
                "communication_fixed_usd": pick(0.0, 0.2),
                "verification_usd": pick(0.0, 0.3),
                "integration_usd": pick(0.0, 0.1),
            },
            "late_usd_per_min": pick(0.0, 0.5),
            "realised": {
                "basis": basis,
                **{name: pick(1.0, drawn) for name in factors},
            },
        },
        "skills": {"threshold": pick(0.0, 0.5)},
        "policy": {"kind": pick(*POLICIES)},
    }
