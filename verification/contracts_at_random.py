"""Small markets with contracts drawn at random, of all that the compiled core plays."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

from hypothesis import strategies as st

from verification.learners_at_random import LEARNERS, learner
from verification.logs_at_random import is_logged
from verification.markets_at_random import groups_of, market_of
from verification.routes_at_random import routes

_POLICIES = (
    *(4 * ("topsis",)),
    *LEARNERS,
    *("cheapest", "always_outsource", "always_local", "random", "oracle", "best_fixed"),
    *("vickrey", "score_auction", "posted_price", "weighted_sum", "vikor"),
)


def market_with_contracts(number: int) -> dict[str, Any]:
    """The scenario of that number: one of `markets_at_random`, with what is not covered replaced."""
    rng = random.Random(number)
    fields = market_of(number, rng.randint(6, 60), rng.choice((2, 3, 4, 5, 6, 6, 16)), boxes=False)
    if "whole" in fields["workload"]["types"]:
        _divide(rng, fields["workload"]["types"]["whole"])
    found = fields.get("discovery")
    if found is not None:
        _widen(found, len(fields["contractors"]), rng)
    kind = rng.choice(_POLICIES)
    if fields["policy"]["kind"] == "as_logged" and rng.random() < 0.5:
        kind = "as_logged"
    if fields["policy"]["kind"] != kind:
        fields["policy"] = {"kind": kind}
    if kind in LEARNERS:
        fields["policy"] = learner(kind, lambda *values: rng.choice(values))
    leave_out(fields)
    if rng.random() < 0.5:
        stay(fields)
    elif rng.random() < 0.3 and not is_logged(fields):
        _enter(fields, rng)
    if isinstance(fields["contractors"], list) and rng.random() < 0.1:
        fields["policy"] = routes(lambda *values: rng.choice(values), fields)
    if rng.random() < 0.2:
        _share_at_home(rng, fields)
    return fields


def _share_at_home(rng: random.Random, fields: dict[str, Any]) -> None:
    """All clients, or those of some groups, have one machine together, or of two boxes one each."""
    clients, groups = fields["clients"], groups_of(fields)
    names = rng.choice((["lab"], ["lab"], ["lab", "shed"]))
    box = {"hardware": clients["hardware"]}
    fields["boxes"] = {name: box | {"slots": rng.choice((1, 2, 3, "unlimited"))} for name in names}
    if any("hardware" in each or "slots" in each for each in groups) or (groups and rng.random() < 0.5):
        shares = [each for each in groups if rng.random() < 0.7]
    else:
        shares = [clients]
    for each in shares:
        for name in ("slots", "hardware"):
            each.pop(name, None)
        each["box"] = rng.choice(names)


def leave_out(fields: dict[str, Any]) -> None:
    """Replace what only SimPy plays, boxes left out."""
    fields["contracts"]["security"].pop("incidents", None)
    if fields.get("reputation", {}).get("model", {}).get("kind") == "sliding_window":
        fields["reputation"]["model"] = {"kind": "beta"}
    if "turnover" in fields:
        leaves = fields["turnover"]["exit"]
        fields["turnover"] = {"exit": {"per_day": leaves["per_day"] or 300}}
    for contractor in fields["contractors"]:
        if contractor.pop("batch_curve", None) is not None:
            contractor["slots"] = 1


def stay(fields: dict[str, Any]) -> None:
    """Nobody comes or goes."""
    fields.pop("turnover", None)
    for contractor in fields["contractors"]:
        for name in ("enter_h", "leave_h"):
            contractor.pop(name, None)


def _enter(fields: dict[str, Any], rng: random.Random) -> None:
    """Contractors are drawn from kinds like those that are listed, and others enter."""
    kinds = [dict(each) for each in fields["contractors"]]
    for kind, name in product(kinds, ("name", "type", "enter_h", "leave_h")):
        kind.pop(name, None)
    fields["contractors"] = {
        "count": rng.randint(1, 9),
        "types": {f"kind_{place}": kind | {"share": 1} for place, kind in enumerate(kinds)},
        "price_factor": {"uniform": {"low": 0.5, "high": 2}},
        "success_shift": {"uniform": {"low": -0.3, "high": 0.3}},
    }
    fields["skills"]["embedding"] = {}
    for group in groups_of(fields):
        if group.get("policy", {}).get("kind") == "fixed":
            group["policy"] = {"kind": "cheapest"}
    entry = {"per_day": rng.choice((50, 1_000, 20_000))}
    fields["turnover"] = fields.get("turnover", {}) | {"entry": entry}


def _widen(found: dict[str, Any], contractors: int, rng: random.Random) -> None:
    """Clients find more where there are more, and do not always know of a round before the next."""
    if contractors > 6:
        found["k"] = rng.randint(3, 12)
    if found["kind"] == "gossip":
        found["round_s"] = rng.choice((0.7, 15, 15))
        found["view_size"] = max(found["k"], rng.choice((3, 6, 14, 20)))


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
