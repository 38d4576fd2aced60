"""Tiny markets of both trades, made so that as much as possible matters in one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

Market = dict[str, Any]

GPU = {
    "peak_flop_s": 1e12,
    "prefill_tokens_per_s": 100,
    "decode_tokens_per_s": 10,
    "tdp_w": 300,
    "utilisation": 0.8,
    "memory_gb": 10,
    "purchase_usd": 9000,
    "lifetime_h": 3000,
    "electricity_usd_per_kwh": 0.3,
    "compute_usd_per_h": 9.0,
    "memory_usd_per_h": 0.2,
    "gpus": 2,
    "batch": 2,
}
BELIEVED_BY_FLOP = {"believed": {"utilisation": 0.5, "peak_flop_s": 1.4e12, "tdp_w": 200}}
BELIEVED_BY_TOKENS = {"believed": {"prefill_tokens_per_s": 140, "decode_tokens_per_s": 7, "power_w": 150}}
RENTED = {
    "peak_flop_s": 2e12,
    "prefill_tokens_per_s": 400,
    "decode_tokens_per_s": 40,
    "tdp_w": 0,
    "memory_gb": 10,
    "basis": "rented",
    "rent_usd_per_h": 12,
}
TYPES = {
    "a": {"share": 0.6, "skills": ["code"], "max_latency_min": 1.5, "base_flop": 6e13, "documents": 50_000},
    "b": {"share": 0.4, "max_latency_min": 1.2, "base_flop": 3e13, "local_min": 1.0, "skills": ["data"]},
}
TEXTS = ("Writes code and mends it", "Draws what data say, by statistics")
ATTRIBUTES = {
    "complexity": {"uniform": {"low": 0.5, "high": 2}},
    "value_usd": {"uniform": {"low": 1, "high": 6}},
    "budget_share": {"uniform": {"low": 0.1, "high": 0.9}},
    "data_gb": {"uniform": {"low": 0.2, "high": 2}},
    "output_gb": 0.1,
    "model_size": 1.0,
    "duration_h": {"uniform": {"low": 0.05, "high": 2}},
    "prompt_tokens": {"uniform": {"low": 500, "high": 3500}},
    "cached_tokens": {"uniform": {"low": 100, "high": 500}},
    "output_tokens": {"exponential": {"mean": 500}},
    "expected_output_tokens": 500,
    "criticality": "high",
    "data_sensitivity": "high",
}
SKILLS = {
    "threshold": 0.6,
    "ontological_weight": 0.3,
    "embedding_weight": 0.4,
    "performance_weight": 0.3,
    "embedding": {"a": {"x": 0.3, "y": 0.8, "contractor": 0.5}},
    "embedding_default": 0.7,
    "performance": {"a": {"skill": "code", "value": 0.95, "otherwise": 0.3}},
    "performance_default": 0.8,
}
EXTERNAL = {
    "communication_usd_per_gb": 0.03,
    "communication_fixed_usd": 0.01,
    "integration_usd": 0.02,
    "critical_factor": 1.5,
    "security_risk": {"base": 0.01, "slope": 0.05},
    "quality_risk": {"base": 0.01, "slope": 0.05},
}
FACTOR = {"lognormal": {"median": 1, "sigma": 0.3}}
TOPSIS = {
    "kind": "topsis",
    "epsilon": 0.2,
    "epsilon_half_life_tasks": 40,
    "weights": {"cost": 0.4, "reliability": 0.25, "latency": 0.2, "security": 0.15},
    "outsource_above_score": 0.6,
    "outsource_above_confidence": 0.3,
    "boosts": {
        "cost": 1.5,
        "cost_if_budget_share_below": 0.6,
        "latency": 1.6,
        "latency_if_max_min_below": 1.4,
        "security_if_sensitive": 1.4,
    },
    "confidence": {"initial": 0.5, "warm_up": 4, "window": 6, "good_score": 0.5},
    "drift": {"step": 0.1, "sd": 0.5, "up_to_score": 0.9},
}


PRICES_THEN = [
    {"from_hour_utc": 8.02, "until_hour_utc": 8.05, "input_usd_per_mtok": 70}
    | {"output_usd_per_mtok": 120, "request_usd": 0.03},
    {"above_prompt_tokens": 1200, "input_usd_per_mtok": 60}
    | {"cache_read_usd_per_mtok": 4, "request_usd": 0.01},
]
"""For two minutes soon after eight, and for long prompts at any hour."""


def contractor(name: str, **facts: Any) -> Market:
    common = {
        "price_usd": 0.3,
        "latency_min": 0.4,
        "network_ms": 200,
        "reliability": 0.9,
        "skills": ["code", "data"],
    }
    return {"name": name} | common | facts


def hours() -> Market:
    """The published trade: by the hour, by FLOP, what is estimated is charged."""
    return {
        "name": "hours",
        "title": "by the hour",
        "clock": {"start": datetime(2025, 6, 2, 8), "days": 0.25},
        "market_demand": {
            "base": 0.6,
            "noise_sd": 0.3,
            "min": 0.5,
            "max": 1.2,
            "busy_factor": 2.0,
            "busy_weekdays": ["monday"],
            "busy_first_hour": 9,
            "busy_last_hour": 11,
        },
        "workload": {
            "arrivals": {"kind": "demand_driven", "tasks_per_hour": 10},
            "dealing": "round_robin",
            "types": TYPES,
            "attributes": ATTRIBUTES,
        },
        "clients": {"count": 3, "hardware": GPU | BELIEVED_BY_FLOP},
        "contractors": {
            "count": 6,
            "types": {
                "x": {
                    "share": 0.6,
                    "price_usd": 0.2,
                    "latency_min": 0.8,
                    "reliability": 0.9,
                    "skills": ["code"],
                },
                "y": {
                    "share": 0.4,
                    "price_usd": 0.4,
                    "latency_min": 0.6,
                    "reliability": 0.97,
                    "skills": ["data"],
                },
            },
            "price_factor": FACTOR,
            "latency_factor": FACTOR,
            "min_price_usd": 0.15,
            "min_latency_min": 0.5,
            "demand": {"uniform": {"low": 0.2, "high": 0.9}},
            "available_capacity": {"uniform": {"low": 0.4, "high": 1}},
        },
        "contractor_dynamics": {
            "demand_gain": 0.5,
            "demand_reference": 0.6,
            "demand_min": 0.4,
            "demand_max": 0.8,
            "jobs_to_exhaust": 6,
            "capacity_floor": 0.3,
        },
        "skills": SKILLS,
        "cost_model": {
            "internal": {
                "work": "flop",
                "execution_time_unit": "second",
                "flop_reference_gb": 1,
                "memory": {"gb_per_model_size": 2, "gb_per_50k_documents": 1, "gb_per_complexity": 1},
                "opportunity": "later_tasks",
            },
            "external": {
                **EXTERNAL,
                "pricing": {"kind": "demand", "load_slope": 0.5, "complexity_slope": 0.3},
                "trusted_above_reliability": 0.95,
                "verification_trusted_usd": 0.01,
                "verification_usd": 0.02,
            },
            "late_usd_per_min": 0.5,
            "realised": {
                "basis": "estimate",
                **dict.fromkeys(("local_cost_factor", "external_cost_factor"), FACTOR),
                **dict.fromkeys(("local_time_factor", "external_time_factor"), FACTOR),
            },
        },
        "policy": TOPSIS,
    }


def tokens() -> Market:
    """The published trade: queues on both sides, by the token, what is used is charged."""
    at_s = [0, 0, 0, 20, 30, 30, 45, 60, 90, 95, 100, 110, 120, 120, 150, 160, 180, 200, 210, 240]
    tasks = [{"type": "ab"[i % 2], "arrival_s": float(s)} for i, s in enumerate(at_s)]
    stated = dict.fromkeys(("complexity", "value_usd", "budget_usd", "data_gb", "output_gb"), 1.0)
    stated |= {
        "documents": 10.0,
        "model_size": 1.0,
        "duration_h": 1.0,
        "prompt_tokens": 900.0,
        "cached_tokens": 300.0,
        "output_tokens": 300.0,
    }
    tasks[3] |= {"client": 1, **stated}
    rule = hours()
    internal = {"work": "tokens", "execution_time_unit": "second", "opportunity": "queue"}
    internal["memory"] = rule["cost_model"]["internal"]["memory"]
    speeds = {"prefill_tokens_per_s": 300, "decode_tokens_per_s": 20}
    return rule | {
        "name": "tokens",
        "clock": {"start": datetime(2025, 6, 2, 8), "days": 0.01, "timeline_min": 5},
        "market_demand": None,
        "contractor_dynamics": None,
        "workload": rule["workload"] | {"arrivals": {"kind": "listed", "tasks": tasks}},
        "clients": {"count": 2, "slots": 1, "hardware": GPU | BELIEVED_BY_TOKENS},
        "contractors": [
            contractor(
                "p",
                price_usd=0.2,
                input_usd_per_mtok=20,
                output_usd_per_mtok=50,
                request_usd=0.02,
                conditional_prices=PRICES_THEN,
                slots=1,
                **speeds,
            ),
            contractor(
                "q",
                input_usd_per_mtok=40,
                output_usd_per_mtok=90,
                cache_read_usd_per_mtok=3,
                slots=2,
                hardware=RENTED,
                reliability=0.97,
                type="y",
                skills=["data"],
            ),
        ],
        "cost_model": rule["cost_model"]
        | {
            "internal": internal,
            "external": rule["cost_model"]["external"] | {"pricing": {"kind": "per_token"}},
            "realised": rule["cost_model"]["realised"] | {"basis": "physical"},
        },
        "policy": {"kind": "random"},
    }


def estimates() -> Market:
    """The published trade: flat prices, queues, what is estimated is charged, delay too."""
    rule = tokens()
    model = rule["cost_model"]
    external = model["external"] | {"pricing": {"kind": "flat"}}
    internal = model["internal"] | {"opportunity": "expected_delay"}
    model = model | {
        "internal": internal,
        "external": external,
        "realised": model["realised"] | {"basis": "estimate"},
    }
    clients = rule["clients"] | {"hardware": GPU}
    return rule | {
        "name": "estimates",
        "clients": clients,
        "cost_model": model,
        "policy": {"kind": "cheapest"},
    }


CONTRACTS = {
    "handshake_ms": 100,
    "connect_timeout_s": 5,
    "authorisation_s": 3,
    "transfer_mb_per_s": 500,
    "security": {
        "key_exchange_ms": 20,
        "encryption_share": 0.1,
        "enclave_share": 0.1,
        "audit_share": 0.05,
        "key_exchange_usd_share": 0.01,
        "encryption_usd_share": 0.02,
        "enclave_usd_share": 0.03,
        "audit_usd_share": 0.04,
    },
    "input_required_rate": 0.3,
    "input_reply_s": {"exponential": {"mean": 15}},
    "timeout_factor": 1.8,
    "failed_share": 0.2,
    "due_on_failure": 0.5,
    "verification": {
        "automated": {"usd": 0.02, "minutes": 0.1, "sensitivity": 0.7, "specificity": 0.85},
        "manual": {"usd": 0.05, "minutes": 0.2, "sensitivity": 0.6, "specificity": 0.8},
        "manual_from_value_usd": 2.5,
    },
    "recovery": {"retries": 1, "then": "local"},
    "rework_usd": 2.0,
}


def contracts() -> Market:
    """Contracts with everything: a drawn pool, a registry, ratings, calibration, prices by load."""
    rule = hours()
    kinds = {
        "x": {"share": 0.6, "success": 0.6, "slots": 1, "queue_limit": 1, "unreachable_rate": 0.2},
        "y": {"share": 0.4, "success": 0.8, "slots": 2, "queue_limit": 1, "hardware": RENTED},
    }
    types = rule["contractors"]["types"]
    by_token: Market = {
        "input_usd_per_mtok": 20,
        "output_usd_per_mtok": 50,
        "cache_read_usd_per_mtok": 5,
    }
    by_token |= {"conditional_prices": PRICES_THEN[1:], "network_ms": 100}
    pool = rule["contractors"] | {
        "types": {name: types[name] | facts | by_token for name, facts in kinds.items()},
        "success_shift": {"normal": {"mean": 0, "sd": 0.1}},
    }
    del pool["demand"], pool["available_capacity"]
    model = rule["cost_model"]
    return {
        "name": "contracts",
        "title": "contracts",
        "clock": {"start": datetime(2026, 6, 1), "days": 0.02, "timeline_min": 5},
        "workload": rule["workload"]
        | {
            "arrivals": {"kind": "renewal", "gap_s": {"exponential": {"mean": 12}}, "limit": 50},
            "failure_correlation": 0.4,
        },
        "clients": {"count": 3, "slots": 1, "hardware": GPU, "success": 0.5, "price_usd": 0.05},
        "contractors": pool,
        "contracts": CONTRACTS,
        "reputation": {"model": {"kind": "beta", "forgetting": 0.9}, "by_task_type": True, "pooling": 3},
        "discovery": {
            "kind": "registry",
            "k": 3,
            "newcomer_share": 0.3,
            "latency_ms": 500,
            "refresh_s": 60,
            "outages": [{"start_h": 0.05, "hours": 0.03}],
            "timeout_ms": 1500,
            "fallback": "cached",
        },
        "calibration": {"rate": 0.3},
        "skills": SKILLS | {"threshold": 0.5},
        "cost_model": {
            "internal": model["internal"] | {"opportunity": "queue"},
            "external": {**EXTERNAL, "pricing": {"kind": "load", "slope": 0.7, "max_load": 1.5}},
            "late_usd_per_min": 0.5,
            "realised": {
                "basis": "physical",
                "local_cost_factor": FACTOR,
                "local_time_factor": FACTOR,
                "external_time_factor": FACTOR,
            },
        },
        "policy": {"kind": "random"},
    }


def steps() -> Market:
    """Contracts on the steps of composite tasks, with bills by use, bargaining, gossip, a moving average."""
    rule = contracts()
    parts = {"one": {"type": "a", "work": 0.5}, "two": {"type": "b", "after": ["one"], "work": 0.6}}
    types = TYPES | {"whole": {"share": 0.5, "max_latency_min": 2, "steps": parts, "integration_usd": 0.2}}
    at_s = [10.0 * i for i in range(24)]
    tasks = [{"type": ("a", "whole", "b")[i % 3], "arrival_s": s} for i, s in enumerate(at_s)]
    billed = {"success": 0.7, "bill_usd": 0.4, "failed_bill_usd": 0.2, "latency_min": 0.5}
    own = {
        "a": {"success": 0.6, "bill_usd": 0.05, "failed_bill_usd": 0.03, "latency_min": 0.75},
        "b": {"success": 0.8},
    }
    model = rule["cost_model"]
    return rule | {
        "name": "steps",
        "skills": SKILLS | {"threshold": 0.4},
        "workload": rule["workload"]
        | {"arrivals": {"kind": "listed", "tasks": tasks}, "types": types, "failure_correlation": 0.0},
        "clients": {"count": 2, "slots": 1, "hardware": GPU, "outcomes": own},
        "contractors": [
            contractor(
                "p",
                slots=1,
                outcomes={"a": billed, "b": billed | {"success": 0.9}},
                own_cost_share=0.6,
                input_usd_per_mtok=20,
            ),
            contractor(
                "q",
                slots=2,
                success=0.7,
                quality_risk=0.05,
                security_risk=0.02,
                own_cost_share=0.5,
                decode_tokens_per_s=40,
                type="y",
            ),
            contractor("r", slots=1, success=0.8, queue_limit=2, performance=0.5, hardware=RENTED, type="x"),
        ],
        "discovery": {
            "kind": "gossip",
            "k": 2,
            "newcomer_share": 0.5,
            "fanout": 1,
            "round_s": 15,
            "view_size": 2,
            "query_ms": 200,
        },
        "reputation": {"model": {"kind": "ewma", "alpha": 0.3}},
        "cost_model": model
        | {
            "external": model["external"] | {"pricing": {"kind": "bargained", "client_weight": 0.3}},
            "realised": model["realised"] | {"external_cost_factor": FACTOR},
        },
        "policy": {"kind": "random"},
    }


def splits() -> Market:
    """The same, but that the policy decides whether a task is done in its steps."""
    rule = steps()
    workload, clients = rule["workload"], rule["clients"]
    whole = {"decompose": "policy", "split_usd": 0.05, "split_s": 3.0, "skills": ["code"], "base_flop": 9e13}
    types = {"whole": workload["types"]["whole"] | whole} | TYPES
    own = clients["outcomes"] | {"whole": {"success": 0.7}}
    return rule | {
        "name": "splits",
        "workload": workload | {"types": types},
        "clients": clients | {"outcomes": own},
    }


def groups() -> Market:
    """Clients in groups, some of whom share a box with contractors."""
    rule = contracts()
    pool = rule["contractors"]
    on_the_box = {name: value for name, value in pool["types"]["x"].items() if name != "slots"}
    outcomes = {"a": {"success": 0.6}, "b": {"success": 0.9}}
    one = {"types": {"a": 1, "b": 2}, "value_usd": 6.0, "max_latency_min": {"a": 0.3}, "outcomes": outcomes}
    machine = GPU | {"compute_usd_per_h": 90.0}
    return rule | {
        "name": "groups",
        "boxes": {"lab": {"slots": 1, "hardware": GPU}},
        "clients": {
            "hardware": GPU,
            "groups": {
                "one": {"count": 2, "share": 0.4, "budget_usd_per_day": 1.5, "slots": 1} | one,
                "two": {"count": 1, "success": 0.5, "price_usd": 0.3, "policy": {"kind": "cheapest"}},
                "three": {"count": 2, "slots": 1, "hardware": machine, "success": 0.5},
                "four": {"count": 2, "box": "lab", "success": 0.5},
            },
        },
        "contractors": pool | {"types": pool["types"] | {"x": on_the_box | {"box": "lab"}}},
    }


def insecure() -> Market:
    """Contracts on which data leak, work is tampered with and work is lost; else little goes wrong. Whoever
    looks for contractors asks them all."""
    rule = contracts()
    averted = {"leaked": 0.3, "tampered": 0.3, "lost": 0.3}
    incidents = {
        "shares": {"leaked": 1, "tampered": 1, "lost": 1},
        "leak_usd": {"low": 0.5, "medium": 1.5, "high": 4.0},
        "insured_share": 0.4,
        "premium_usd_share": 0.05,
        "lowered_by": {"encryption": averted, "enclave": averted, "audit": averted},
    }
    listed = {"at_hours": [[0.05, 0.06], [0.1, 0.11]], "running": "resumes"}
    by_chance = {"mean_up_h": 0.1, "mean_repair_h": 0.01}
    model = rule["cost_model"]
    external = model["external"] | {"security_risk": {"base": 0.7, "slope": 0.5}}
    return rule | {
        "name": "insecure",
        "workload": rule["workload"]
        | {
            "arrivals": {"kind": "renewal", "gap_s": 15.0, "limit": 80},
            "types": TYPES | {"a": TYPES["a"] | {"data_sensitivity": "low"}},
            "failure_correlation": 0.0,
        },
        "contracts": {
            "transfer_mb_per_s": 500,
            "security": rule["contracts"]["security"] | {"incidents": incidents},
            "verification": {"automated": {"sensitivity": 0.7}},
        },
        "contractors": [
            contractor("p", slots=1, security_risk=0.9, quality_risk=0.1, outages=listed),
            contractor("q", success=0.8, slots=3, price_usd=0.2, type="y", outages=by_chance),
            contractor("r", success=0.9, slots=1, skills=["code"], type="x"),
        ],
        "reputation": None,
        "discovery": {
            "kind": "broadcast",
            "k": 2,
            "newcomer_share": 0.5,
            "message_ms": 200,
            "message_usd": 0.01,
            "wait_ms": 300,
        },
        "calibration": None,
        "skills": SKILLS,
        "cost_model": model | {"external": external},
    }
