"""A tiny market in which some cheat, each kind in its turn, and all defences."""

from __future__ import annotations

from typing import Any

from verification.settings_markets import Market, contracts

_ALL = {"share": 1.0}
CHEATS: dict[str, Market] = {
    "on_off": {"kind": "on_off", "who": {"share": 0.5}, "cheat_above": 0.7, "behave_below": 0.6},
    "exit_scam": {"kind": "exit_scam", "who": {"members": [0, 1]}, "from_hour": 0.05},
    "substitution": {"kind": "substitution", "who": _ALL, "with": "x", "share": 0.8},
    "metering": {"kind": "metering", "who": _ALL},
    "lowball": {"kind": "lowball", "who": {"join": 2, "like": "y"}},
    "cartel": {
        "kind": "cartel",
        "who": _ALL,
        "trigger": {"punish_hours": 0.05},
        "deviants": 1,
        "deviate_from_hour": 0.03,
    },
    "exploration_farming": {"kind": "exploration_farming", "who": {"members": [0]}, "identities": 2},
    "sybil": {"kind": "sybil", "who": {"members": [0]}, "identities": 2},
    "whitewashing": {
        "kind": "whitewashing",
        "who": {"members": [0, 1, 2]},
        "success": 0.1,
        "leave_below": 0.2,
        "leave_after_bad": 1,
        "identities": 4,
        "at_once": 2,
    },
    "bad_mouthing": {"kind": "bad_mouthing", "who": {"clients": 0.4}, "per_hour": 60},
    "ballot_stuffing": {"kind": "ballot_stuffing", "who": {"clients": 0.4}, "targets": [0], "per_hour": 60},
    "work_ring": {
        "kind": "work_ring",
        "who": {"clients": 0.4},
        "sellers": [0],
        "contracts_per_hour": 60,
    },
    "skill_inflation": {"kind": "skill_inflation", "who": _ALL, "reliability": 0.9},
    "withholding": {"kind": "withholding", "who": _ALL},
    "slot_blocking": {
        "kind": "slot_blocking",
        "who": {"clients": 0.4},
        "targets": "all",
        "contracts_per_hour": 60,
        "hold_min": 1,
        "sellers": [0],
    },
    "first_mover": {"kind": "first_mover", "who": {"share": 0.3}},
    "non_payment": {"kind": "non_payment", "who": {"clients": 0.4}},
    "false_rejection": {"kind": "false_rejection", "who": {"clients": 0.4}},
}
"""A strategy of each kind, for `cheated`."""

DEFENCES: Market = {
    "entry_fee_usd": 0.1,
    "dues_usd": 0.2,
    "stake_usd": 0.1,
    "platform_fee_share": 0.1,
    "audit": {"share": 0.5, "usd": 0.05, "sensitivity": 0.8, "raise_with_risk": True},
    "commitment": {"usd_per_slot_h": 0.1},
}
"""All defences that act on whoever is there."""

WHITBY: Market = {"model": {"kind": "whitby", "quantile": 0.2}, "by_task_type": True}


def cheated(*cheats: Market, **sections: Any) -> Market:
    """The market with contracts whose sellers state their costs, in which some cheat."""
    market = contracts()
    types = market["contractors"]["types"]
    types["x"] |= {"own_cost_share": 0.5}
    market["clients"] |= {"position_bias": 0.5}
    return market | {"name": "cheated", "adversaries": list(cheats)} | sections
