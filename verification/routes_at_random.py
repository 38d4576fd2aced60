"""Static routings drawn at random for a market."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import coalesce_sim

Pick = Callable[..., Any]


def routes(pick: Pick, fields: dict[str, Any]) -> dict[str, Any]:
    """Rules by type, group and length, for any of the contractors of a market, and home."""
    contractors = fields["contractors"]
    if isinstance(contractors, list):
        names = [each["name"] for each in contractors]
    else:
        names = [f"{kind}_{number}" for kind in contractors["types"] for number in range(2)]
    types = list(fields["workload"].get("types") or coalesce_sim.load(fields).workload.types)
    groups = list(fields["clients"].get("groups") or ())

    def rule() -> dict[str, Any]:
        stated = {
            "type": pick(None, None, pick(*types), [pick(*types), pick(*types)]),
            "group": pick(None, None, *groups),
            "prompt_tokens_up_to": pick(None, None, 0, 200, 900.0, 3000),
            "expected_output_tokens_up_to": pick(None, None, None, 100, 400),
            "to": pick("home", *names, *names),
            "otherwise": pick(None, None, "home", *names),
        }
        return {name: value for name, value in stated.items() if value is not None}

    rules = [rule() for _ in range(pick(0, 1, 2, 3, 3, 5))]
    return {"kind": "routes", "rules": rules, "otherwise": pick("home", *names)}
