"""Adversaries and defences drawn for a market, most of them such as it can have."""

from __future__ import annotations

import random
from typing import Any

_OF_CONTRACTORS: tuple[dict[str, Any], ...] = (
    {"kind": "on_off", "success": 0.1},
    {"kind": "exit_scam", "from_hour": 0.01},
    {"kind": "substitution", "share": 0.6},
    {"kind": "metering", "factor": 1.5},
    {"kind": "lowball"},
    {"kind": "cartel", "deviants": 1, "trigger": {}},
    {"kind": "exploration_farming", "identities": 2},
    {"kind": "sybil", "identities": 3},
    {"kind": "whitewashing", "success": 0, "identities": 4, "at_once": 2},
    {"kind": "skill_inflation"},
    {"kind": "withholding"},
    {"kind": "first_mover"},
    {"kind": "absent"},
)
_OF_CLIENTS: tuple[dict[str, Any], ...] = (
    {"kind": "bad_mouthing", "per_hour": 30},
    {"kind": "ballot_stuffing", "targets": "all"},
    {"kind": "non_payment", "share": 0.5},
    {"kind": "false_rejection", "share": 0.5},
    {"kind": "slot_blocking", "targets": "all", "contracts_per_hour": 60, "hold_min": 5},
    {"kind": "slot_blocking", "targets": "all", "contracts_per_hour": 30, "hold_min": 0},
)
_DEFENCES: tuple[dict[str, Any], ...] = (
    {"entry_fee_usd": 0.1},
    {"dues_usd": 0.5},
    {"stake_usd": 0.3},
    {"platform_fee_share": 0.1},
    {"audit": {"share": 0.5, "usd": 0.01, "sensitivity": 0.8}},
    {"reserve_price": True},
    {"explore_at_most": 1.0},
    {"commitment": {"usd_per_slot_h": 0.2}},
    {"ratings": "contracts"},
)


def let_in(rng: random.Random, scenario: dict[str, Any]) -> None:
    """Have some cheat in a market, and its rules be against that, in place."""
    chosen = [_follower(rng, scenario) for _ in range(rng.choice((1, 1, 2)))]
    scenario["adversaries"] = chosen
    rules = rng.sample(_DEFENCES, rng.randrange(4))
    scenario["defences"] = {name: value for rule in rules for name, value in rule.items()}
    contractors = scenario.get("contractors")
    stated = contractors if isinstance(contractors, list) else (contractors or {}).get("types", {}).values()
    for facts in stated:
        if facts is not None:
            facts.setdefault("own_cost_share", 0.5)


def _follower(rng: random.Random, scenario: dict[str, Any]) -> dict[str, Any]:
    clients = scenario.get("clients", {}).get("count", 1)
    if isinstance(clients, int) and clients > 1 and rng.random() < 0.3:
        return rng.choice(_OF_CLIENTS) | {"who": {"clients": rng.choice((0.3, 0.5))}}
    contractors = scenario.get("contractors")
    whose: list[dict[str, Any]] = [{"share": rng.choice((0.2, 0.4))}]
    if isinstance(contractors, list) and contractors:
        whose.append({"join": rng.choice((1, 2)), "like": rng.choice(contractors)["name"]})
    elif isinstance(contractors, dict) and contractors.get("types"):
        whose.append({"join": 1, "like": rng.choice(sorted(contractors["types"]))})
        whose.append({"members": [0]})
    return rng.choice(_OF_CONTRACTORS) | {"who": rng.choice(whose)}
