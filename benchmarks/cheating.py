"""What those who cheat, and defences against them, take beside the same market without: CPU time over CPU
time, all on SimPy's core."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import coalesce_sim
from benchmarks.markets import whole
from benchmarks.timing import Figure, in_turn, median_ratio

ADVERSARIES = {"adversaries": [{"kind": "on_off", "who": {"share": 0.1}}]}
DEFENCES = {
    "defences": {
        "entry_fee_usd": 1,
        "dues_usd": 1,
        "stake_usd": 0.1,
        "platform_fee_share": 0.05,
        "audit": {"share": 0.3, "usd": 0.5, "raise_with_risk": True},
        "reserve_price": True,
        "explore_at_most": 1,
        "commitment": {"usd_per_slot_h": 1},
        "ratings": "contracts",
    }
}

ATTACKS = (
    *("on_off(who.share=0.1)", "lowball(who.share=0.1)", "cartel(who.share=1)"),
    "whitewashing(who={join: 1, like: edge})",
    "bad_mouthing(who.clients=0.2, per_hour=10)",
    "false_rejection(who.clients=0.2)",
)
AGAINST = (
    *("entry_fee=1", "stake=0.05", "audit(share=0.3, usd=0.1)"),
    *("reserve_price", "dues=0.5", "forgetting=0.95"),
)


def rows(pairs: int) -> list[Figure]:
    """A market with cheats and all defences over one without, and a matrix over as many plays."""
    plain, both = _market({}), _market(ADVERSARIES | DEFENCES)
    ours_s, theirs_s = in_turn(pairs, partial(whole, both, "simpy"), partial(whole, plain, "simpy"))
    return [
        Figure("a tenth cheats, all defences", median_ratio(theirs_s, ours_s), "≤ 1.43"),
        Figure("a matrix of 6 attacks and 6 defences, over as many plays", _matrix(plain), "≤ 1.3"),
    ]


def _market(changes: Mapping[str, Any]) -> coalesce_sim.Scenario:
    overrides = [f"{field}={json.dumps(value)}" for field, value in changes.items()]
    return coalesce_sim.load("market_viable", ["workload.arrivals.limit=1000", *overrides])


def _matrix(scenario: coalesce_sim.Scenario) -> float:
    """One replication of a matrix, over the time of as many plays of the market one by one."""
    began_s = time.process_time()
    study = coalesce_sim.attack(scenario, ATTACKS, AGAINST, replications=1, core="simpy")
    matrix_s = time.process_time() - began_s
    few = min(study.played, 20)
    began_s = time.process_time()
    for replication in range(few):
        coalesce_sim.stage(scenario, replication=replication, core="simpy").play()
    return matrix_s / ((time.process_time() - began_s) / few * study.played)
