"""Tiny markets whose tasks form a series, or whose tasks, prices or outcomes come from files; all markets
together; and policies."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from pathlib import Path

import numpy as np

from verification.settings_in_changing_markets import boxes, groups, moving, shared, turnover
from verification.settings_markets import (
    ATTRIBUTES,
    CONTRACTS,
    EXTERNAL,
    FACTOR,
    GPU,
    SKILLS,
    TEXTS,
    TOPSIS,
    TYPES,
    Market,
    contractor,
    contracts,
    estimates,
    hours,
    insecure,
    steps,
    tokens,
)


def series(folder: Path) -> Market:
    """Tasks in a series, agreed prices, a web of trust, an ontology, hashed texts, advertised performance."""
    (folder / "tree.csv").write_text("skill,parent,synonyms\nany,,\ncode,any,\ndata,any,\npython,code,py\n")
    (folder / "flat.csv").write_text("skill,parent,synonyms\ncode,,\ndata,,\npython,,\n")
    rule = contracts()
    types = {name: kind | {"text": text} for (name, kind), text in zip(TYPES.items(), TEXTS, strict=True)}
    growing = {"complexity": {"start": 0.5, "step": 0.05}, "value_usd": {"start": 1.4, "step": 0.2}}
    parts = [
        {"type": "a", "count": 10, "attributes": growing},
        {"type": "b", "count": 10, "attributes": growing},
    ]
    model = rule["cost_model"]
    external = model["external"] | {"pricing": {"kind": "demand", "load_slope": 0.5, "complexity_slope": 0.3}}
    return rule | {
        "name": "series",
        "skills": SKILLS
        | {
            "ontology": {"path": str(folder / "tree.csv")},
            "embedder": {"kind": "hashing"},
            "threshold": 0.7,
        },
        "contracts": CONTRACTS | {"recovery": {"retries": 0, "then": "local"}},
        "workload": rule["workload"]
        | {
            "arrivals": {"kind": "series", "gap_s": 12.0, "parts": parts},
            "dealing": "random",
            "types": types,
        },
        "contractors": [
            contractor("p", slots=1, success=0.7, demand=0.8, available_capacity=0.4)
            | {"skills": ["py"], "text": "Mends code that others wrote"},
            contractor("q", slots=1, success=0.9, own_cost_share=0.6, queue_limit=1, type="y")
            | {"text": TEXTS[1]},
        ],
        "reputation": {
            "model": {"kind": "eigentrust", "recompute_every": 3, "pretrusted_clients": 1},
            "start": "warm",
        },
        "discovery": None,
        "cost_model": model
        | {"external": external, "internal": model["internal"] | {"opportunity": "later_tasks"}},
        "policy": {"kind": "random"},
    }


def listing(folder: Path) -> Market:
    """Real sellers' prices from a file, tasks from another, nobody rated."""
    (folder / "cheaper.csv").write_text(
        "provider,model,input_usd_per_mtok,output_usd_per_mtok\none,m,2,5\ntwo,m,4,3\ntwo,n,1,1\n"
    )
    (folder / "prices.csv").write_text(
        "provider,model,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok\n"
        "one,m,20,50,2\ntwo,m,40,30,\ntwo,n,10,10,\n"
    )
    rows = [f"{12 * i},{500 + 90 * i},{100 + 20 * i},{'ab'[i % 2]},1.{i},{9 * i}" for i in range(20)]
    (folder / "tasks.csv").write_text("\n".join(["t,in,out,kind,hard,t2", *rows]) + "\n")
    (folder / "others.csv").write_text("\n".join(["t,in,out,kind,hard,t2", *rows[:9]]) + "\n")
    names = {"task_names": ["a", "b"], "contractor_names": ["one", "two"]}
    own = {"task_vectors": [[1, 0], [0, 1]], "contractor_vectors": [[1, 2], [-1, 1]]}
    np.savez(folder / "vectors.npz", **names, **own)  # type: ignore[arg-type]
    np.savez(folder / "other_vectors.npz", **names, **own | {"task_vectors": [[-1, 0], [0, -1]]})  # type: ignore[arg-type]
    columns = {
        "arrival_s": "t",
        "prompt_tokens": "in",
        "output_tokens": "out",
        "type": "kind",
        "complexity": "hard",
    }
    rule = contracts()
    template = {
        "reliability": 0.8,
        "network_ms": 100,
        "slots": 1,
        "skills": ["code", "data"],
        "latency_min": 0.2,
    }
    template |= {"success": 0.7, "prefill_tokens_per_s": 300, "decode_tokens_per_s": 30}
    model = rule["cost_model"]
    return rule | {
        "name": "listing",
        "skills": SKILLS
        | {"threshold": 0.7, "embedder": {"kind": "vectors", "path": str(folder / "vectors.npz")}},
        "workload": rule["workload"]
        | {"arrivals": {"kind": "csv", "path": str(folder / "tasks.csv"), "columns": columns}},
        "contractors": {
            "sellers": {"one": "m", "two": "m"},
            "price_date": datetime(2026, 6, 1).date(),
            "price_file": str(folder / "prices.csv"),
            "template": template,
        },
        "reputation": None,
        "discovery": None,
        "contracts": {"recovery": {"retries": 0, "then": "give_up"}},
        "cost_model": model
        | {
            "internal": model["internal"] | {"work": "tokens", "opportunity": "expected_delay"},
            "external": model["external"] | {"pricing": {"kind": "per_token"}},
        },
        "policy": {"kind": "random"},
    }


def recorded(folder: Path) -> Market:
    """Recorded work of three models on two benchmarks, replayed."""
    models = ("own", "big", "small", "tiny")
    lines = ["model,benchmark,instance_id,resolved,cost_usd"]
    for number in range(16):
        for place, model in enumerate(models):
            good = "true" if (number * 7 + place * 5) % 3 else "false"
            lines.append(f"{model},{'ab'[number % 2]},i{number},{good},{0.1 * (place + 1) + 0.01 * number}")
    (folder / "runs.csv").write_text("\n".join(lines) + "\n")
    (folder / "fewer.csv").write_text("\n".join(lines[:41]) + "\n")
    head = "model,benchmark,openness,input_usd_per_mtok,output_usd_per_mtok,"
    head += "cache_read_usd_per_mtok,avg_runtime_s"
    rows = [
        f"{m},{b},open,{0.1 + k},{0.4 + k},{0.01 + 0.1 * k},{60 + 20 * k}"
        for k, m in enumerate(models)
        for b in "ab"
    ]
    (folder / "models.csv").write_text("\n".join([head, *rows]) + "\n")
    (folder / "dearer.csv").write_text(
        "\n".join([head, *(row.replace(",open,", ",open,1") for row in rows)]) + "\n"
    )
    rule = contracts()
    claims = {"big": {"skills": ["code", "python"], "text": TEXTS[1]}}
    kind = {"max_latency_min": 2, "skills": ["code"], "base_flop": 6e13}
    types = {name: kind | {"text": text} for name, text in zip("ab", TEXTS, strict=True)}
    model = rule["cost_model"]
    realised = {"basis": "physical", "external_time_factor": FACTOR}
    return rule | {
        "name": "recorded",
        "skills": SKILLS | {"threshold": 0.62, "embedder": {"kind": "tfidf"}},
        "contracts": CONTRACTS | {"recovery": {"retries": 0, "then": "local"}},
        "reputation": {"model": {"kind": "sliding_window", "window_ratings": 4}, "by_task_type": True},
        "clock": {"start": datetime(2026, 6, 1), "days": 0.1, "timeline_min": 5},
        "records": {
            "path": str(folder / "runs.csv"),
            "models_path": str(folder / "models.csv"),
            "benchmarks": ["a", "b"],
            "own_agent": "own",
            "exclude": [{"model": "tiny", "benchmark": "a"}],
        },
        "workload": {
            "arrivals": {"kind": "recorded", "gap_s": {"exponential": {"mean": 15}}, "limit": 15},
            "dealing": "random",
            "types": types,
            "attributes": ATTRIBUTES,
        },
        "clients": {"count": 2, "slots": 1, "hardware": GPU, "price_usd": 0.05},
        "discovery": rule["discovery"] | {"k": 2, "outages": [{"start_h": 0.02, "hours": 0.03}]},
        "contractors": {
            "recorded": {
                "reliability": 0.9,
                "slots": 1,
                "skills": ["code"],
                "network_ms": 100,
                "text": TEXTS[0],
            },
            "claims": claims,
        },
        "cost_model": model | {"external": {**EXTERNAL, "pricing": {"kind": "flat"}}, "realised": realised},
        "policy": {"kind": "random"},
    }


def markets(folder: Path) -> dict[str, Market]:
    """All markets by name; their files are written into the folder."""
    made = (
        *(hours(), tokens(), estimates(), contracts(), insecure(), steps(), series(folder)),
        *(listing(folder), recorded(folder), groups(), boxes(), shared(), turnover(), moving(folder)),
    )
    return {each["name"]: deepcopy({k: v for k, v in each.items() if v is not None}) for each in made}


POLICIES: dict[str, Market] = {
    "topsis": TOPSIS | {"only_if_cheaper_percent": 5, "within_budget": True},
    "weighted_sum": {"kind": "weighted_sum", "only_if_cheaper_percent": 5},
    "vikor": {"kind": "vikor", "only_if_cheaper_percent": 5},
    "greedy": {"kind": "greedy"},
    "epsilon_greedy": {"kind": "epsilon_greedy", "epsilon": 0.3, "epsilon_half_life_tasks": 20},
    "optimistic_greedy": {"kind": "optimistic_greedy"},
    "windowed_greedy": {"kind": "windowed_greedy", "window_tasks": 10},
    "ucb1": {"kind": "ucb1"},
    "ucb_v": {"kind": "ucb_v"},
    "discounted_ucb": {"kind": "discounted_ucb", "discount": 0.9},
    "sliding_window_ucb": {"kind": "sliding_window_ucb", "window_tasks": 20},
    "thompson": {"kind": "thompson"},
    "thompson_gaussian": {"kind": "thompson_gaussian"},
    "discounted_thompson": {"kind": "discounted_thompson", "discount": 0.9},
    "lin_ucb": {"kind": "lin_ucb"},
    "exp3": {"kind": "exp3", "horizon_tasks": 20},
    "budgeted_ucb": {"kind": "budgeted_ucb", "budget_usd": 30.0, "pace_tasks": 60},
    "adaptive_threshold": {
        "kind": "adaptive_threshold",
        "threshold": 0.3,
        "prior_weight": 0.2,
        "pooled_weight": 0.5,
    },
    "logit": {"kind": "logit"},
    "fixed": {"kind": "fixed", "contractor": "y_0"},
    "posted_price": {"kind": "posted_price"},
}
