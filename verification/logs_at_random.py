"""Logs drawn at random for the listed tasks of a market."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

Pick = Callable[..., Any]


def may_be_logged(fields: dict[str, Any]) -> bool:
    """Whether the tasks of a market can have a log: listed ones, none in steps, and contractors by name."""
    arrivals, types = fields["workload"]["arrivals"], fields["workload"].get("types") or {}
    if arrivals["kind"] != "listed" or not isinstance(fields["contractors"], list):
        return False
    return not any("steps" in types.get(task["type"], {}) for task in arrivals["tasks"])


def is_logged(fields: dict[str, Any]) -> bool:
    """Whether the tasks of a market have a log."""
    return any("logged" in task for task in fields["workload"]["arrivals"].get("tasks", ()))


def log(rng: random.Random, fields: dict[str, Any]) -> None:
    """Say of every task where it went and what came of it, and go by that, or not."""

    def pick(*values: Any) -> Any:
        return rng.choice(values)

    names = ["home", *(each["name"] for each in fields["contractors"])]
    groups = fields["clients"].get("groups")
    all_billed = pick(True, True, False)
    for task in fields["workload"]["arrivals"]["tasks"]:
        to = pick(*names)
        billed = to != "home" or pick(all_billed, False)
        task["logged"] = {
            "to": to,
            "s": pick(0.0, 5.0, round(rng.expovariate(1 / 40), 3)),
            "good": rng.random() < 0.8,
            "attempts": pick(1, 1, 2),
            **({"usd": pick(0.0, 0.25, 0.5)} if billed else {}),
        }
        if groups and pick(True, False):
            task.pop("client", None)
            task["group"] = pick(*groups)
        task |= pick({}, {"session": pick("a", "b", 3)})
    for kind in (fields["workload"].get("types") or {}).values():
        kind |= pick({}, {"expected_output_tokens": pick(0, 200.0, 900)})
    for group in (groups or {}).values():
        if group.get("policy", {}).get("kind") == "as_logged":
            group["policy"] |= {"costs": "modelled"}
    if rng.random() < 0.7:
        fields["policy"] = {"kind": "as_logged", "costs": pick("logged", "logged", "modelled")}
