"""Small markets with contracts drawn at random, of all that the compiled core plays."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

from verification.markets_at_random import market_of

_POLICIES = (
    *(4 * ("topsis",)),
    *("greedy", "epsilon_greedy", "optimistic_greedy", "adaptive_threshold"),
    *("cheapest", "always_outsource", "always_local", "random", "oracle", "best_fixed"),
    *("ucb1", "ucb_v", "thompson", "thompson_gaussian", "exp3", "lin_ucb", "budgeted_ucb"),
    *("vickrey", "score_auction", "posted_price", "weighted_sum", "vikor"),
)


def market_with_contracts(number: int) -> dict[str, Any]:
    """The scenario of that number: one of `markets_at_random`, with what is not covered replaced."""
    rng = random.Random(number)
    fields = market_of(number, rng.randint(6, 60), rng.randint(2, 6))
    if "whole" in fields["workload"]["types"]:
        _divide(rng, fields["workload"]["types"]["whole"])
    found = fields.get("discovery")
    if found is not None:
        found.pop("outages", None)
        found.pop("fallback", None)
        if found["kind"] != "registry":
            messages = {key: value for key, value in found.items() if key.startswith("message_")}
            fields["discovery"] = {"kind": "registry", "k": 2, "newcomer_share": 0.5, **messages}
    if fields.get("reputation", {}).get("model", {}).get("kind") == "eigentrust":
        fields["reputation"]["model"] = {"kind": "beta", "forgetting": 0.95}
    fields["contracts"]["security"].pop("incidents", None)
    kind = rng.choice(_POLICIES)
    if fields["policy"]["kind"] != kind:
        fields["policy"] = {"kind": kind}
    return fields


def markets_with_contracts() -> st.SearchStrategy[dict[str, Any]]:
    """Scenarios whose features are picked by a number: all alike often."""
    return st.builds(market_with_contracts, st.integers(0, 10**9))


def _divide(rng: random.Random, whole: dict[str, Any]) -> None:
    """A composite task mostly has steps of any number and order, some of which take as long to coordinate as
    it takes until another task comes; often it is always done in them."""
    if rng.random() < 0.3:
        whole["decompose"] = "always"
    if rng.random() < 0.3:
        return
    whole["split_s"] = rng.choice((0.0, 0.0, 2.0, 10.0))
    steps: dict[str, Any] = {}
    for place in range(rng.randint(1, 6)):
        after = rng.choices(list(steps), k=rng.randint(0, 3)) if steps else []
        steps[f"step_{place}"] = {"type": rng.choice("ab"), "after": after, "work": rng.choice((0.25, 1.0))}
    whole["steps"] = steps
