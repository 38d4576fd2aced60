"""Small markets with contracts, drawn by Hypothesis: every feature is in some, most are in many."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from verification.logs_at_random import log, may_be_logged
from verification.routes_at_random import routes

Pick = Callable[..., Any]

POLICIES: tuple[dict[str, Any], ...] = (
    {"kind": "cheapest"},
    {"kind": "always_outsource"},
    {"kind": "random"},
    {"kind": "random"},
    {"kind": "fixed", "contractor": "c0"},
    {"kind": "greedy"},
    {"kind": "greedy", "by_task_type": False, "prior_weight": 0},
    {"kind": "greedy", "prior_weight": 0.1, "pooled_weight": 0},
    {"kind": "epsilon_greedy", "epsilon": 0.5, "epsilon_half_life_tasks": 8},
    {"kind": "windowed_greedy", "window_tasks": 5},
    {"kind": "windowed_greedy", "by_task_type": False, "window_tasks": 12},
    {"kind": "vickrey"},
    {"kind": "always_local"},
    *(4 * ({"kind": "topsis"},)),
    {"kind": "weighted_sum"},
    {"kind": "vikor", "group_weight": 0.3, "only_if_cheaper_percent": 0},
)

PRICES: tuple[dict[str, Any], ...] = (
    {"kind": "flat"},
    {"kind": "per_token"},
    {"kind": "demand", "load_slope": 0.5, "complexity_slope": 0.3},
    {"kind": "load", "slope": 0.7, "max_load": 1.5},
    {"kind": "bargained", "client_weight": 0.3},
)


TREE = Path(__file__).with_name("skills.csv")

TEXTS = (
    "Writes Python and mends it",
    "Reads data, writes statistics",
    "Mends whatever is written in Python, tests it",
    "Law, contracts and data protection",
)


def market_of(number: int, tasks: int, contractors: int, *, boxes: bool = True) -> dict[str, Any]:
    """The scenario of that number, with so many tasks and the first of its contractors; some of which share
    `boxes` where that is wanted."""
    rng = random.Random(number)

    def pick(*values: Any) -> Any:
        return rng.choice(values)

    clients, types = pick(1, 2, 3), _types(pick)
    pool = [_contractor(pick, f"c{place}") for place in range(max(6, contractors))]
    fields = {
        "name": "at_random",
        "title": "a market at random",
        "seed": number,
        "clock": {"start": datetime(2026, 6, 1), "days": 1},
        "workload": {
            "dealing": pick("random", "round_robin"),
            "types": types,
            "attributes": _attributes(pick),
            "failure_correlation": pick(0.0, 0.0, 0.5),
        },
        "clients": _clients(pick, clients),
        "contractors": pool[:contractors],
        "contracts": _contracts(pick),
        "cost_model": _cost_model(pick, any("outcomes" in each for each in pool[:contractors])),
        "skills": {
            "threshold": pick(0.0, 0.5, 0.6),
            "ontological_weight": pick(0.3, 0.9),
            "embedding_weight": 0.5,
            "performance_weight": pick(0.2, 0.0),
            "embedding": {"a": {"x": 1.0, "y": 0.4}},
            "embedding_default": 0.8,
            "performance": pick({}, {"a": {"skill": "code", "value": 0.9, "otherwise": 0.3}}),
            **_nearness(pick),
        },
        "policy": _policy(pick),
        **_learning(pick, clients),
        **pick({}, {}, {"turnover": {"exit": _exit(pick)}}),
    }
    for contractor in pool[1:contractors]:
        contractor |= pick(
            {}, {}, {}, {"enter_h": 0.01}, {"leave_h": 0.02}, {"enter_h": 0.005, "leave_h": 0.1}
        )
    if clients > 1 and pick(True, False):
        fields["clients"] = _in_groups(pick, fields["clients"])
        fields["clock"]["start"] = datetime(2026, 6, 1, *pick((0, 0), (23, 58)))
    per_client = clients > 1 and not any("share" in each for each in groups_of(fields)) and pick(True, False)
    fields["workload"]["arrivals"] = _arrivals(pick, tuple(types), clients, tasks, per_client=per_client)
    if "whole" in types:
        undivided = {"success": 0.7, "latency_min": pick(None, 1.5), "bill_usd": pick(None, 0.6)}
        for worker in (fields["clients"], *groups_of(fields), *(each for each in pool if pick(True, False))):
            if "outcomes" in worker:
                timed = {} if "batch_curve" not in worker else {"latency_min": None}
                worker["outcomes"] = worker["outcomes"] | {"whole": undivided | timed}
    if all(each.get("slots", 1) != 0 for each in (fields["clients"], *groups_of(fields))):
        fields["clients"]["hardware"] |= _believed(pick, fields)
    if boxes and pick(True, False, False):
        _share_a_box(pick, fields)
    if boxes and fields["cost_model"]["internal"]["work"] == "tokens" and pick(True, False, False):
        _share_machines_at_home(pick, fields)
    if rng.random() < 0.1:
        fields["policy"] = routes(pick, fields)
    if rng.random() < 0.2:
        fields["contracts"]["recovery"]["among"] = "all"
    if may_be_logged(fields) and rng.random() < 0.2:
        log(rng, fields)
    return fields


def _share_a_box(pick: Pick, fields: dict[str, Any]) -> None:
    """Some clients and some contractors have one machine together."""
    clients = fields["clients"]
    fields["boxes"] = {"lab": {"slots": pick(1, 2, 3), "hardware": clients["hardware"]}}
    some = pick(clients, *groups_of(fields), None)
    for each in (some, *(who for who in fields["contractors"] if pick(True, False))):
        if each is not None:
            for name in ("slots", "hardware", "batch_curve"):
                each.pop(name, None)
            each["box"] = "lab"
    if some is clients and any("slots" in each for each in groups_of(fields)):
        clients["hardware"] = fields["boxes"]["lab"]["hardware"]
        del clients["box"]


def _share_machines_at_home(pick: Pick, fields: dict[str, Any]) -> None:
    """Clients' machines, or the box, serve all their jobs at once, and nothing says how long work takes."""
    internal, clients = fields["cost_model"]["internal"], fields["clients"]
    if internal["opportunity"] == "later_tasks":
        internal["opportunity"] = "queue"
    for kind in fields["workload"]["types"].values():
        kind.pop("local_min", None)
    box = fields.get("boxes", {}).get("lab")
    on_box = [who for who in fields["contractors"] if "box" in who]
    for each in (clients, *groups_of(fields), *on_box, *(() if box is None else (box,))):
        if "hardware" in each:
            each["hardware"] = each["hardware"] | {"batch": 1, "memory_usd_per_h": 0.0}
            each["hardware"].pop("believed", None)
        for outcome in each.get("outcomes", {}).values():
            outcome.pop("latency_min", None)
    curve = {"base_ms_per_token": pick(0, 30.0), "per_job_ms": pick(20.0, 60.0), "max_jobs": pick(1, 3)}
    for each in (clients, *(() if box is None else (box,))):
        if "box" not in each:
            each.pop("slots", None)
            each["batch_curve"] = curve


def markets() -> st.SearchStrategy[dict[str, Any]]:
    """Scenarios whose features are picked by a number: all alike often, as Hypothesis itself would not.

    A market that fails is then cut down to few contractors and tasks.
    """
    return st.builds(market_of, st.integers(0, 10**9), st.integers(6, 24), st.integers(2, 6))


def _arrivals(
    pick: Pick, types: tuple[str, ...], clients: int, count: int, *, per_client: bool
) -> dict[str, Any]:
    if pick(True, False, False):
        gap_s = {"exponential": {"mean": pick(5.0, 40.0)}}
        if per_client:
            return {"kind": "renewal", "gap_s": gap_s, "limit": count // clients, "per": "client"}
        return {"kind": "renewal", "gap_s": gap_s, "limit": count}
    now_s, tasks, gaps_s = 0.0, [], pick((0.0, 10.0, 45.0, 90.5), (0.0, 0.0, 2.0, 10.0))
    for _ in range(count):
        now_s += pick(*gaps_s)
        task = {"type": pick(*types), "arrival_s": now_s}
        tasks.append(task | pick({}, {"client": pick(*range(clients))}) | _level(pick))
    return {"kind": "listed", "tasks": tasks}


def _types(pick: Pick) -> dict[str, Any]:
    types: dict[str, Any] = {
        "a": {"skills": ["code"], "max_latency_min": pick(0.5, 1.0, 3.0), "base_flop": 6e13},
        "b": {"max_latency_min": 2, "local_min": 1, "base_flop": 3e13},
    }
    types["a"] |= {"text": TEXTS[0]}
    types["b"] |= {"text": TEXTS[1], "skills": pick([], ["stats", "law"])}
    if pick(True, False):
        steps = {
            "one": {"type": "a", "work": 0.5},
            "two": {"type": "b", "after": pick([], ["one"]), "work": 0.25},
            "three": {"type": pick("a", "b"), "after": pick([], ["one"], ["one", "two"])},
        }
        types["whole"] = {"max_latency_min": 4, "steps": steps, "integration_usd": pick(0.0, 0.2)}
        types["whole"] |= {"split_usd": pick(0.0, 0.0, 0.05), "split_s": pick(0.0, 0.0, 7.0)}
        types["whole"] |= {"decompose": pick("always", "policy", "policy", "never"), "skills": ["code"]}
        types["whole"] |= {"base_flop": pick(6e13, 1.2e14), "local_min": pick(None, 2.0)}
        types["whole"] |= {"text": TEXTS[2]}
    return {name: kind | _level(pick) for name, kind in types.items()}


def _level(pick: Pick) -> dict[str, Any]:
    """How sensitive data are, of a task or a type that says it."""
    stated: dict[str, Any] = pick({}, {"data_sensitivity": pick("low", "medium", "high")})
    return stated


def _attributes(pick: Pick) -> dict[str, Any]:
    return {
        "complexity": pick(1.0, {"uniform": {"low": 0.5, "high": 2}}),
        "value_usd": pick(1.0, {"uniform": {"low": 0, "high": 5}}, {"choice": {"values": [1, 4]}}),
        "data_gb": pick(1.0, {"uniform": {"low": 0.2, "high": 2}}),
        "output_gb": pick(0.0, 0.1),
        "model_size": 1.0,
        "duration_h": pick(1.0, {"uniform": {"low": 0.01, "high": 2}}),
        **pick(
            {"prompt_tokens": 0.0},
            {"prompt_tokens": {"exponential": {"mean": 2000}}},
            {"prompt_tokens": {"uniform": {"low": 500, "high": 6000}}, "cached_tokens": 400},
        ),
        "output_tokens": {"exponential": {"mean": 500}},
        "expected_output_tokens": 500,
        "criticality": pick("medium", "high"),
        "budget_share": pick(1.0, {"uniform": {"low": 0, "high": 0.4}}),
        "data_sensitivity": pick("low", "medium", "high"),
    }


def _clients(pick: Pick, count: int) -> dict[str, Any]:
    hardware = {
        "peak_flop_s": 1e12,
        "prefill_tokens_per_s": 100,
        "decode_tokens_per_s": 10,
        "tdp_w": 300,
        "memory_gb": 10,
        "memory_usd_per_h": 0.2,
        "compute_usd_per_h": pick(0.0, 36.0),
        "gpus": pick(1, 2),
        "batch": pick(1, 2),
    }
    owned = {"purchase_usd": 9000, "lifetime_h": 3000, "electricity_usd_per_kwh": 0.3}
    hardware |= pick(owned, {"basis": "rented", "rent_usd_per_h": 20})
    slots = pick(1, 1, 1, 2, 2, "unlimited", 0)
    clients: dict[str, Any] = {"count": count, "slots": slots, "hardware": hardware}
    outcomes = {"a": {"success": 0.6, "bill_usd": 0.05, "latency_min": 0.75}, "b": {"success": 1}}
    own: dict[str, Any] = pick({}, {"success": 0.5}, {"outcomes": outcomes})
    return clients | own | {"price_usd": pick(0.0, 0.1)}


def _in_groups(pick: Pick, clients: dict[str, Any]) -> dict[str, Any]:
    """The same clients in two groups, which may differ."""
    machine = clients["hardware"] | {"peak_flop_s": 3e12, "decode_tokens_per_s": 22, "gpus": 3}
    second: dict[str, Any] = {"count": clients["count"] - 1}
    second |= pick({}, {"slots": pick(1, 3, "unlimited", 0)}) | pick({}, {"hardware": machine})
    outcomes = {"a": {"success": 0.8, "bill_usd": 0.02}, "b": {"success": 0.4, "latency_min": 0.6}}
    second |= pick({}, {"success": 0.9}, {"outcomes": outcomes}) | pick({}, {"price_usd": 0.3})
    second |= pick({}, {"policy": _policy(pick)}) | pick({}, {"budget_usd_per_day": pick(0, 0.7, 2.0)})
    second |= pick({}, {"value_usd": {"uniform": {"low": 1, "high": 9}}}) | pick({}, {"share": 0.8})
    second |= pick({}, {"types": {"a": 1, "b": 3}}) | pick({}, {"max_latency_min": {"a": 2.5, "b": 0.8}})
    rest = {name: value for name, value in clients.items() if name != "count"}
    first = pick({}, {"policy": _policy(pick)}) | pick({}, {"budget_usd_per_day": 1.0})
    return rest | {"groups": {"first": first | {"count": 1}, "second": second}}


def groups_of(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """What is stated of each group of clients."""
    return list(fields["clients"].get("groups", {}).values())


def _believed(pick: Pick, fields: dict[str, Any]) -> dict[str, Any]:
    by_flop = fields["cost_model"]["internal"]["work"] == "flop"
    power = {"power_w": 90} if fields["clients"]["hardware"].get("basis", "owned") == "owned" else {}
    speeds = {"utilisation": 0.4} if by_flop else {"decode_tokens_per_s": 25}
    other_speeds = {"peak_flop_s": 3e12} if by_flop else {"prefill_tokens_per_s": 60}
    stated: dict[str, Any] = pick({}, {"believed": speeds}, {"believed": speeds | other_speeds | power})
    return stated


_TARIFF = {
    "cache_read_usd_per_mtok": 4.0,
    "conditional_prices": [
        {"above_prompt_tokens": 2000, "input_usd_per_mtok": 50.0, "output_usd_per_mtok": 60.0},
        {"from_hour_utc": 23.5, "until_hour_utc": 0.02, "cache_read_usd_per_mtok": 2.0, "request_usd": 0.02},
        {
            "from_hour_utc": 0.01,
            "until_hour_utc": 0.05,
            "above_prompt_tokens": 1000,
            "input_usd_per_mtok": 90.0,
        },
    ],
}


def _contractor(pick: Pick, name: str) -> dict[str, Any]:
    billed = {"success": 0.7, "bill_usd": 0.4, "failed_bill_usd": 0.2}
    machine = {
        "peak_flop_s": 2e12,
        "decode_tokens_per_s": 40,
        "prefill_tokens_per_s": 400,
        "tdp_w": 0,
        "memory_gb": 10,
        "basis": "rented",
        "rent_usd_per_h": 12,
    }
    facts = (
        {"type": pick("x", "y"), "skills": pick([], ["code"], ["code", "data"], ["python", "programming"])},
        {"text": pick(*TEXTS)},
        {"price_usd": pick(0.05, 0.2, 0.5), "input_usd_per_mtok": pick(0.0, 20.0)},
        {"output_usd_per_mtok": 30.0, "latency_min": pick(0.0, 0.25, 0.5, 1.0)},
        {"network_ms": pick(0, 0, 500)},
        {"reliability": pick(0.0, 0.5, 0.8, 1.0)},
        {
            "slots": pick(1, 1, 1, 2, 2, "unlimited", "unlimited", 0),
            "queue_limit": pick(None, None, None, 0, 1),
        },
        {"unreachable_rate": pick(0.0, 0.0, 0.0, 0.4)},
        pick({}, {"success": pick(0.0, 0.6, 0.8, 1.0)}, {"outcomes": {"a": billed, "b": {"success": 0.6}}}),
        pick({}, {"outcomes": {"b": {"success": 0.9, "latency_min": 0.4}}}),
        pick({}, {"hardware": machine}, {"own_cost_share": 0.6}),
        pick({}, {"quality_risk": 0.1}, {"performance": 0.5}),
        pick({}, {}, {"cache_read_usd_per_mtok": 1.0, "request_usd": 0.01}, _TARIFF),
    )
    contractor: dict[str, Any] = {"name": name}
    for each in facts:
        contractor |= each
    return contractor | _shared_machine(pick, contractor)


def _exit(pick: Pick) -> dict[str, Any]:
    """Who loses money gives up, and some leave anyway."""
    ruin = {"usd": pick(0, 0.05), "hours": pick(0, 0.01)}
    return {"per_day": pick(0, 20, 80), "in_the_red": ruin, "check_min": pick(0.2, 1)}


def _shared_machine(pick: Pick, contractor: dict[str, Any]) -> dict[str, Any]:
    """What takes the place of slots where a machine serves all its jobs at once."""
    outcomes = contractor.get("outcomes", {}).values()
    if any("latency_min" in each for each in outcomes) or not pick(True, False, False, False):
        return {}
    curve = {"base_ms_per_token": pick(0, 10.0), "per_job_ms": pick(5.0, 30.0), "max_jobs": pick(1, 2, 4)}
    del contractor["slots"]
    return {"batch_curve": curve}


def _contracts(pick: Pick) -> dict[str, Any]:
    check = {"usd": 0.02, "minutes": pick(0.0, 0.1), "sensitivity": pick(0.5, 1.0), "specificity": 0.8}
    security = {"key_exchange_ms": 20, "encryption_share": 0.1, "enclave_share": 0.1, "audit_share": 0.05}
    priced = {"encryption_usd_share": 0.1, "audit_usd_share": 0.05, "key_exchange_usd_share": 0.02}
    incidents = {
        "shares": pick({"leaked": 1}, {"tampered": 2, "lost": 1}, {"leaked": 1, "tampered": 3, "lost": 2}),
        "leak_usd": {"low": 0.2, "medium": 1.5, "high": 6},
        "insured_share": pick(0.0, 0.4),
        "premium_usd_share": pick(0.0, 0.1),
        "lowered_by": pick(
            {},
            {"encryption": {"leaked": 0.5}, "audit": {"tampered": 0.3, "lost": 0.2}},
            {"enclave": {"leaked": 0.4, "tampered": 0.6}, "encryption": {"leaked": 0.5, "tampered": 0.1}},
        ),
    }
    rules: dict[str, Any] = {
        "handshake_ms": pick(0, 0, 100),
        "connect_timeout_s": 5,
        "authorisation_s": pick(0, 3),
        "transfer_mb_per_s": pick(None, 100),
        "input_required_rate": pick(0.0, 0.3),
        "input_reply_s": pick(20.0, {"exponential": {"mean": 15}}),
        "timeout_factor": pick(None, None, 0.05, 0.9, 1.2, 3),
        "failed_share": pick(0.0, 0.5),
        "due_on_failure": pick(0.0, 0.5),
        "recovery": {"retries": pick(0, 1, 2), "then": pick("local", "give_up")},
        "rework_usd": pick(None, 2.0),
        "security": pick({}, security) | pick({}, priced) | pick({}, {"incidents": incidents}),
    }
    by_hand = {"manual": check | {"usd": 0.3, "minutes": 1}, "manual_from_value_usd": 3}
    rules["verification"] = pick({}, {"automated": check}, {"automated": check} | by_hand)
    return rules


def _cost_model(pick: Pick, billed: bool) -> dict[str, Any]:
    factor = pick(1.0, {"lognormal": {"median": 1, "sigma": 0.3}})
    return {
        "internal": {
            "work": pick("flop", "tokens"),
            "execution_time_unit": pick("second", "minute"),
            "flop_reference_gb": 1,
            "memory": {"gb_per_model_size": 2},
            "opportunity": pick("none", "expected_delay", "queue", "later_tasks"),
        },
        "external": {
            "pricing": pick(*PRICES),
            "communication_usd_per_gb": pick(0.0, 0.03),
            "integration_usd": pick(0.0, 0.01),
            "critical_factor": 1.5,
            "security_risk": {"base": pick(0.01, 0.4), "slope": 0.05},
        },
        "late_usd_per_min": pick(0.0, 0.6),
        "realised": {
            "basis": "physical",
            "local_cost_factor": factor,
            "external_cost_factor": factor if billed else 1.0,
            "local_time_factor": factor,
            "external_time_factor": factor,
        },
    }


def _nearness(pick: Pick) -> dict[str, Any]:
    similarity = pick("wu_palmer", "path", "resnik")
    ontology: dict[str, Any] = pick({}, {"ontology": {"path": str(TREE), "similarity": similarity}})
    return {**ontology, **pick({}, {"embedder": {"kind": pick("hashing", "tfidf")}})}


def _policy(pick: Pick) -> dict[str, Any]:
    policy: dict[str, Any] = pick(*POLICIES)
    if policy["kind"] != "topsis":
        return dict(policy)
    boosts = {
        "cost": 1.5,
        "cost_if_budget_share_below": pick(0.0, 0.5),
        "latency": 2,
        "latency_if_max_min_below": pick(0.0, 1.5),
        "security_if_sensitive": pick(1.0, 1.5),
    }
    confidence = {"initial": 0.8, "warm_up": pick(1, 4, 10), "window": pick(3, 50), "good_score": 0.7}
    return policy | {
        "epsilon": pick(0.0, 0.1, 0.4),
        "epsilon_half_life_tasks": pick(None, 8),
        "normalisation": pick("min_max", "vector"),
        "weighting": pick("fixed", "fixed", "critic", "entropy"),
        "memory": pick("shared", "per_client"),
        "outsource_above_score": pick(0.3, 0.6),
        "outsource_above_confidence": pick(0.0, 0.2, 0.7),
        "only_if_cheaper_percent": pick(None, None, 0, 20),
        "within_budget": pick(False, False, True),
        "explored_too": pick(False, True),
        "boosts": boosts,
        "confidence": confidence,
        "drift": pick({}, {"step": 0.1, "sd": 0.5, "up_to_score": pick(0.5, 1.0)}),
    }


def _learning(pick: Pick, clients: int) -> dict[str, Any]:
    registry = {
        "kind": "registry",
        "k": 3,
        "newcomer_share": pick(0, 0.3, 0.7),
        "refresh_s": pick(0, 20, 300),
    }
    outage = {"outages": [{"start_h": 0.005, "hours": 0.02}], "fallback": pick("none", "cached")}
    gossip = {"kind": "gossip", "k": 2, "newcomer_share": pick(0, 0.5), "round_s": 15, "view_size": 3}
    gossip |= {"fanout": pick(1, 2), "query_ms": 200}
    broadcast = {"kind": "broadcast", "k": 2, "newcomer_share": pick(0, 0.5), "wait_ms": pick(0, 700)}
    discovery = pick(None, registry, registry | outage, gossip, broadcast)
    if discovery is not None:
        discovery |= pick(
            {}, {"message_ms": 400}, {"message_usd": 0.01}, {"message_ms": 900, "message_usd": 0.02}
        )
    trust = {"kind": "eigentrust", "recompute_every": pick(1, 3), "pretrust_weight": 0.3}
    trust |= {"pretrusted_clients": pick(None, 1, clients)}
    models = (
        {"kind": "beta", "forgetting": pick(1.0, 0.9)},
        {"kind": "sliding_window", "window_ratings": pick(1, 4, 50)},
        {"kind": "ewma", "alpha": 0.3},
        trust,
    )
    common = {"start": pick("cold", "warm"), "by_task_type": pick(True, False), "pooling": 3}
    sections = {
        "discovery": discovery,
        "reputation": pick(None, *({"model": model} | common for model in models)),
        "calibration": pick(None, {"rate": 0.3}, {"rate": 0.3, "forgetting": 0.7, "proven_only": False}),
    }
    return {name: section for name, section in sections.items() if section is not None}


def with_sellers_that_cheat(fields: dict[str, Any], number: int) -> dict[str, Any]:
    """The same market, some of whose sellers cheat with their work, their prices or their names."""
    rng = random.Random(f"cheats {number}")
    pool = fields["contractors"]
    for who in pool:
        if "hardware" not in who:
            who["own_cost_share"] = rng.choice((0.3, 0.8))
    names = [who["name"] for who in pool]
    cheap = rng.choice(({}, {"success": 0.4, "cost_factor": 0.2}, {"with": rng.choice(names)}))
    grim = rng.choice((None, {"punish_hours": rng.choice((None, 0.01))}))
    kinds: list[dict[str, Any]] = [
        {"kind": "exit_scam", "from_hour": rng.choice((0, 0.02)), **cheap},
        {"kind": "substitution", "share": rng.choice((0.5, 1.0)), **cheap},
        {"kind": "lowball", "quoted": 0.5, "billed": 2.0},
        {"kind": "cartel", "trigger": grim, "deviants": rng.choice((0, 1)), "deviate_from_hour": 0.01},
        {"kind": "exploration_farming", "factor": 3.0, "identities": rng.choice((1, 3))},
        {"kind": "sybil", "identities": 3},
        {"kind": "honest"},
    ]
    if fields["cost_model"]["external"]["pricing"]["kind"] in ("per_token", "load"):
        kinds.append({"kind": "metering", "factor": 1.5})
    if "reputation" in fields and fields["reputation"] is not None:
        kinds.append({"kind": "on_off", "cheat_above": 0.55, "behave_below": 0.5, **cheap})
        renewed = {"kind": "whitewashing", "identities": 4, "leave_after_bad": rng.choice((None, 1)), **cheap}
        kinds += [renewed, renewed | {"at_once": 2}]
    if fields["cost_model"]["external"]["pricing"]["kind"] == "bargained":
        kinds = [each for each in kinds if each["kind"] not in ("lowball", "cartel", "exploration_farming")]
    chosen = rng.sample(kinds, 2)
    rng.shuffle(names)
    whos: list[dict[str, Any]] = [
        {"members": names[:1]},
        rng.choice(({"members": names[1:2]}, {"join": 2, "like": names[0]})),
    ]
    fields["adversaries"] = [each | {"who": who} for each, who in zip(chosen, whos, strict=True)]
    fields.get("turnover", {}).get("exit", {}).pop("in_the_red", None)
    if not fields.get("turnover", {}).get("exit", {}).get("per_day"):
        fields.pop("turnover", None)
    return fields
