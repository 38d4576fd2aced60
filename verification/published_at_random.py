"""Small published markets drawn at random, of all that the compiled core plays."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

from verification.learners_at_random import LEARNERS, learner


def published_market(number: int) -> dict[str, Any]:
    """The scenario of that number."""
    rng = random.Random(number)

    def pick(*values: Any) -> Any:
        return rng.choice(values)

    return {
        "extends": "published",
        "name": "at_random",
        "seed": number,
        "clock": {"days": pick(0.3, 1.0, 3.5)},
        "workload": {
            "arrivals": pick(
                {"kind": "demand_driven", "tasks_per_hour": pick(1, 4.2, 40)},
                {"kind": "renewal", "gap_s": {"exponential": {"mean": pick(60.0, 1500.0)}}, "limit": 80},
                {"kind": "renewal", "gap_s": 1200.1, "limit": pick(1, 40)},
            ),
            "dealing": pick("random", "round_robin", "round_robin_by_arrival"),
            "attributes": {
                "criticality": pick("medium", "high"),
                "data_sensitivity": pick("medium", "high"),
                "budget_share": pick(0.2, {"uniform": {"low": 0.0, "high": 1.0}}),
            },
        },
        "clients": {"count": pick(1, 3, 15)},
        "contractors": pick(
            {"count": pick(1, 7, 30)},
            {
                "count": 12,
                "price_factor": 1.0,
                "latency_factor": 1.0,
                "demand": 0.5,
                "available_capacity": 0.5,
            },
        ),
        "contractor_dynamics": pick(
            None,
            {
                "jobs_to_exhaust": pick(1, 3, 10),
                "capacity_floor": pick(0.0, 0.1),
                "demand_gain": pick(-0.4, 0.3),
            },
        ),
        "skills": {"threshold": pick(0.0, 0.6, 0.7, 0.72, 1.0)},
        "cost_model": {
            "late_usd_per_min": pick(0.0, 0.5),
            "internal": {
                "opportunity": pick("none", "later_tasks"),
                "execution_time_unit": pick("hour", "second"),
            },
            "external": {
                "pricing": pick(
                    {"kind": "flat"},
                    {"kind": "demand", "load_slope": pick(-0.9, 0.5), "complexity_slope": pick(-0.9, 0.3)},
                )
            },
            "realised": {
                "basis": pick("estimate", "physical"),
                "external_cost_factor": pick(1.0, {"normal": {"mean": 1, "sd": 0.1}}),
                "external_time_factor": pick(1.0, {"uniform": {"low": 0.5, "high": 2}}),
            },
        },
        "policy": pick(*(_topsis(pick), _topsis(pick), _yardstick(pick)), learner(pick(*LEARNERS), pick)),
    }


def _yardstick(pick: Any) -> dict[str, Any]:
    return {
        "kind": pick("always_local", "always_outsource", "cheapest", "random", "oracle", "best_fixed"),
    }


def _topsis(pick: Any) -> dict[str, Any]:
    return {
        "kind": "topsis",
        "within_budget": pick(False, True),
        "epsilon": pick(0.0, 0.1, 0.5, 1.0),
        "epsilon_half_life_tasks": pick(None, 20.0),
        "memory": pick("shared", "per_client"),
        "weights": pick(
            {"cost": 0.4, "reliability": 0.25, "latency": 0.2, "security": 0.15},
            {"cost": 1.0, "reliability": 0.0, "latency": 0.0, "security": 0.0},
            {"cost": 0.0, "reliability": 0.3, "latency": 0.3, "security": 0.0},
        ),
        "outsource_above_score": pick(0.0, 0.6),
        "outsource_above_confidence": pick(0.0, 0.5, 0.8),
        "only_if_cheaper_percent": pick(None, None, 0, 10),
        "explored_too": pick(False, True),
        "boosts": pick(
            {},
            {"cost": 2.0, "cost_if_budget_share_below": 0.5},
            {"latency": 1.5, "latency_if_max_min_below": 80, "security_if_sensitive": 3.0},
        ),
        "confidence": {"initial": pick(0.8, 1.0), "warm_up": pick(1, 10), "window": pick(1, 5, 50)},
        "drift": pick({}, {"step": 0.05, "sd": 1.0, "up_to_score": pick(0.5, 1.0)}),
    }


def published_markets() -> st.SearchStrategy[dict[str, Any]]:
    """Scenarios whose features are picked by a number: all alike often, as Hypothesis itself would not."""
    return st.builds(published_market, st.integers(0, 10**9))
