"""Small markets for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[2] / "shared"
"""Real inputs beside a developer's checkout; a user's clone has none."""


def queueing(
    arrivals: dict[str, Any],
    *,
    service_min: float = 1.0,
    slots: int | str = 1,
    service_factor: Any = 1.0,
    policy: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """One client, one contractor; work takes `service_min` times a drawn factor, the same at both."""
    scenario: dict[str, Any] = {
        "name": "queueing",
        "title": "a queue",
        "clock": {"start": "2025-06-02T00:00:00", "days": 1},
        "workload": {
            "arrivals": arrivals,
            "types": {"job": {"max_latency_min": 5, "local_min": service_min, "base_flop": 1e12}},
            "attributes": {"data_gb": 8.2, "value_usd": 10},
        },
        "clients": {
            "count": 1,
            "slots": slots,
            "hardware": {
                "peak_flop_s": 1e12,
                "tdp_w": 100,
                "memory_gb": 10,
                "purchase_usd": 1000,
                "lifetime_h": 10000,
                "compute_usd_per_h": 360,
                "electricity_usd_per_kwh": 0.1,
            },
        },
        "contractors": [
            {
                "name": "only",
                "price_usd": 0.05,
                "latency_min": service_min,
                "reliability": 1.0,
                "slots": slots,
            }
        ],
        "skills": {
            "threshold": 0.5,
            "ontological_weight": 1,
            "embedding_weight": 0,
            "performance_weight": 0,
        },
        "cost_model": {
            "internal": {"work": "flop", "execution_time_unit": "second", "opportunity": "expected_delay"},
            "external": {"pricing": {"kind": "flat"}},
            "late_usd_per_min": 0.6,
            "realised": {
                "basis": "physical",
                "local_time_factor": service_factor,
                "external_time_factor": service_factor,
            },
        },
        "policy": policy or {"kind": "random"},
    }
    from datetime import datetime

    scenario["clock"]["start"] = datetime.fromisoformat(scenario["clock"]["start"])
    return scenario | changes
