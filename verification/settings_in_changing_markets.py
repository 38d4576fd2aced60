"""Tiny markets of clients that differ, of shared machines, and of contractors that come and go."""

from __future__ import annotations

from pathlib import Path

from verification.settings_markets import (
    CONTRACTS,
    EXTERNAL,
    GPU,
    RENTED,
    SKILLS,
    TYPES,
    Market,
    contractor,
    contracts,
)

CURVE = {"base_ms_per_token": 12.0, "per_job_ms": 6.0, "max_jobs": 3}


def groups() -> Market:
    """Three groups, of whom two state all that a group can and one shares a machine with a contractor."""
    rule = contracts()
    model = rule["cost_model"]
    hardware = GPU | {"peak_flop_s": 2e12, "tdp_w": 100, "believed": {"peak_flop_s": 1e12}}
    slow = GPU | {"peak_flop_s": 8e11, "tdp_w": 200, "believed": {"utilisation": 0.5}}
    outcomes = {
        "a": {"success": 0.7, "bill_usd": 0.05, "failed_bill_usd": 0.03, "latency_min": 0.75},
        "b": {"success": 0.4},
    }
    return rule | {
        "name": "groups",
        "clock": rule["clock"] | {"start": rule["clock"]["start"].replace(hour=23, minute=50)},
        "workload": rule["workload"]
        | {
            "arrivals": {"kind": "renewal", "gap_s": {"exponential": {"mean": 12}}, "limit": 90},
            "failure_correlation": 0.0,
        },
        "boxes": {
            "lab": {"slots": 2, "hardware": slow},
            "shed": {
                "slots": 1,
                "hardware": dict(GPU),
                "outages": {"mean_up_h": 0.05, "mean_repair_h": 0.02},
            },
        },
        "clients": {
            "hardware": GPU,
            "success": 0.5,
            "price_usd": 0.05,
            "groups": {
                "well_off": {
                    "count": 2,
                    "share": 0.5,
                    "types": {"a": 1, "b": 2},
                    "value_usd": {"uniform": {"low": 2, "high": 8}},
                    "max_latency_min": {"a": 1.0, "b": 0.8},
                    "slots": 1,
                    "hardware": hardware,
                    "slot_usd_per_h": 0.7,
                    "success": 0.6,
                    "price_usd": 0.2,
                    "policy": {"kind": "greedy"},
                    "budget_usd_per_day": 2.0,
                },
                "on_a_box": {"count": 2, "box": "lab", "policy": {"kind": "cheapest"}},
                "others": {"count": 1, "slots": 1, "outcomes": outcomes},
            },
        },
        "contractors": [
            contractor("p", success=0.8, box="lab"),
            contractor("q", success=0.6, box="shed"),
            contractor("r", slots=1, hardware=RENTED, skills=["data"], type="y"),
        ],
        "discovery": None,
        "calibration": None,
        "reputation": None,
        "contracts": {"recovery": {"retries": 0, "then": "give_up"}},
        "skills": SKILLS,
        "cost_model": model | {"external": {**EXTERNAL, "pricing": {"kind": "flat"}}},
    }


def routed() -> Market:
    """The same groups, for all of whom rules say who works, and who tries again."""
    rule = groups()
    for each in rule["clients"]["groups"].values():
        each.pop("policy", None)
    rules: list[Market] = [
        {"type": "a", "prompt_tokens_up_to": 1500.0, "to": "p"},
        {"type": ["b"], "group": "well_off", "expected_output_tokens_up_to": 600.0, "to": "q"},
    ]
    policy = {"kind": "routes", "rules": rules, "otherwise": "r"}
    return rule | {"policy": policy, "contracts": {"recovery": {"retries": 1, "then": "give_up"}}}


def boxes() -> Market:
    """All clients on one box, whose tasks are their own, timed by tokens."""
    rule = contracts()
    model = rule["cost_model"]
    hardware = GPU | {"peak_flop_s": None, "believed": {"decode_tokens_per_s": 7, "power_w": 150}}
    own = {"kind": "renewal", "gap_s": {"exponential": {"mean": 30}}, "limit": 12, "per": "client"}
    return rule | {
        "name": "boxes",
        "workload": rule["workload"]
        | {"arrivals": own, "types": TYPES | {"b": TYPES["b"] | {"local_min": None}}},
        "boxes": {"lab": {"slots": 2, "hardware": hardware}},
        "clients": {"count": 3, "box": "lab", "success": 0.5},
        "contractors": [contractor("p", success=0.8, slots=1), contractor("q", success=0.6, box="lab")],
        "discovery": None,
        "contracts": CONTRACTS,
        "cost_model": model | {"internal": model["internal"] | {"work": "tokens"}},
    }


def shared() -> Market:
    """Machines that serve all jobs at once, at home and at contractors, by figures of their own and by
    measured ones."""
    rule = contracts()
    model, machine = rule["cost_model"], {**GPU, "batch": 1, "memory_usd_per_h": 0.0}
    at_home = {"base_ms_per_token": 60.0, "per_job_ms": 25.0, "max_jobs": 2}
    own = {"types": {"a": 1, "b": 2}, "max_latency_min": {"a": 1.0, "b": 0.8}}
    tokens: Market = {"prompt_tokens": {"uniform": {"low": 500, "high": 3500}}, "cached_tokens": 100}
    tokens |= {"output_tokens": {"exponential": {"mean": 900}}, "expected_output_tokens": 900}
    measured = {"profile": "h100_sxm", "serves": "Llama 3.1 8B Instruct"}
    seller = {"input_usd_per_mtok": 20, "output_usd_per_mtok": 50}
    return rule | {
        "name": "shared",
        "workload": rule["workload"]
        | {
            "arrivals": {"kind": "renewal", "gap_s": {"exponential": {"mean": 4}}, "limit": 60},
            "attributes": rule["workload"]["attributes"] | tokens,
            "types": {**TYPES, "b": {**TYPES["b"], "local_min": None}},
            "failure_correlation": 0.0,
        },
        "clients": {
            "success": 0.5,
            "groups": {
                "at_once": {"count": 2, "batch_curve": at_home, "hardware": machine},
                "one_by_one": {"count": 1, "slots": 1, "hardware": {**GPU}} | own,
            },
        },
        "contractors": [
            contractor("p", success=0.8, batch_curve=CURVE, prefill_tokens_per_s=400, **seller),
            contractor("q", batch_curve=measured, hardware=RENTED, skills=["data"], type="y", **seller),
        ],
        "discovery": None,
        "calibration": None,
        "reputation": None,
        "contracts": {},
        "skills": SKILLS,
        "cost_model": {
            **model,
            "internal": {**model["internal"], "work": "tokens"},
            "external": {**EXTERNAL, "pricing": {"kind": "per_token"}},
        },
    }


def moving(folder: Path) -> Market:
    """Numbers that move: in steps, on a line, on a walk, and as files say."""
    rows = ["h,usd,then,earlier", "0,0.3,0.3,0", "0.05,0.5,0.9,0.02", "0.1,0.2,0.1,0.07"]
    (folder / "history.csv").write_text("\n".join(rows) + "\n")
    (folder / "other_history.csv").write_text("\n".join(rows[:3]) + "\n")
    rule = contracts()
    history = {"path": str(folder / "history.csv"), "time": "h", "value": "usd"}
    trend = {"start": 0.2, "per_day": 30.0, "every_min": 2.0}
    walk = {"start": 0.7, "sd_per_sqrt_h": 3.0, "low": 0.3, "high": 0.95, "every_min": 2.0}
    rented = {"hardware": {**RENTED}, "slot_usd_per_h": {"csv": history}}
    return rule | {
        "name": "moving",
        "contractors": [
            contractor("p", slots={"at_hours": [[0, 1], [0.1, 3]]}, success={"walk": walk}),
            contractor("q", slots=2, price_usd={"csv": history}, success=0.6, **rented),
            contractor("r", skills=["data"], type="y", latency_min={"trend": trend}),
        ],
        "discovery": None,
        "calibration": None,
        "reputation": None,
        "contracts": {},
        "skills": SKILLS,
        "cost_model": rule["cost_model"] | {"external": {**EXTERNAL, "pricing": {"kind": "flat"}}},
    }


def turnover() -> Market:
    """A drawn pool that contractors enter and leave, some of them because they lose money."""
    rule = contracts()
    pool, model = rule["contractors"], rule["cost_model"]
    owned = GPU | {"gpus": 1, "batch": 1, "purchase_usd": 9000}
    types = {name: kind | {"hardware": owned} for name, kind in pool["types"].items()}
    return rule | {
        "name": "turnover",
        "workload": rule["workload"]
        | {"arrivals": {"kind": "renewal", "gap_s": {"exponential": {"mean": 12}}, "limit": 100}},
        "contractors": pool | {"types": types},
        "contracts": CONTRACTS
        | {"verification": {"automated": {"usd": 0.02, "sensitivity": 0.7, "specificity": 0.85}}},
        "turnover": {
            "entry": {"per_day": 400, "types": {"x": 1, "y": 3}},
            "exit": {"per_day": 20, "in_the_red": {"usd": 0.3, "hours": 0.02}, "check_min": 1.0},
        },
        "cost_model": model | {"external": {**EXTERNAL, "pricing": {"kind": "flat"}}},
    }
