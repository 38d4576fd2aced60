"""What a market that changes takes beside the same market that does not: CPU time over CPU time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import coalesce_sim
from benchmarks.markets import market, whole
from benchmarks.timing import Action, Figure, in_turn, median_ratio
from coalesce_sim.experiments.cores import choose_core
from coalesce_sim.market.compiled.coverage import Core

GROUPS = {"clients.groups": {"first": {"count": 10}, "second": {"count": 10}}}
STEPS = {
    f"contractors.types.{kind}.success": {"at_hours": [[0, before], [3, after]]}
    for kind, before, after in (("frontier", 0.8, 0.5), ("open_weights", 0.75, 0.9), ("edge", 0.36, 0.5))
}

JOBS, SERVERS = 16, 4
ALONE_S, EACH_S = 0.005, 0.001
"""A token takes `ALONE_S` and `EACH_S` for each job at work: 21 ms among sixteen."""

FIXED = {"slots": 4 * JOBS, "decode_tokens_per_s": 1 / (ALONE_S + JOBS * EACH_S)}
SHARED = {
    "batch_curve": {"base_ms_per_token": 1e3 * ALONE_S, "per_job_ms": 1e3 * EACH_S, "max_jobs": 4 * JOBS}
}


def rows(pairs: int) -> list[Figure]:
    """Groups and steps in both trades, and machines with some sixteen jobs at once."""
    shared, fixed = (partial(market, _served(facts), "simpy") for facts in (SHARED, FIXED))
    return [
        *_beside("dur_03", "two groups", GROUPS, pairs),
        *_beside("market_day", "two groups", GROUPS, pairs),
        *_beside("market_day", "a step in what contractors do well", STEPS, pairs),
        Figure(f"speed by the load, {JOBS} jobs a worker, simpy", _ratio(shared, fixed, pairs), "≤ 2"),
    ]


def _beside(name: str, what: str, changes: Mapping[str, Any], pairs: int) -> list[Figure]:
    """Whole replications with the changes over those without, on each core that plays both."""
    still = coalesce_sim.load(name)
    changing = coalesce_sim.load(name, [f"{field}={json.dumps(value)}" for field, value in changes.items()])
    covered = choose_core("auto", [still, changing], runs=10**9).core == "compiled"
    cores: tuple[Core, ...] = ("simpy", "compiled") if covered else ("simpy",)
    actions = {core: (partial(whole, changing, core), partial(whole, still, core)) for core in cores}
    return [
        Figure(f"{name}: {what}, {core}", _ratio(ours, theirs, pairs), "≤ 1.1")
        for core, (ours, theirs) in actions.items()
    ]


def _ratio(ours: Action, theirs: Action, pairs: int) -> float:
    """How many times as long ours takes."""
    for action in (ours, theirs):
        action()  # compiles, or loads what was compiled
    ours_s, theirs_s = in_turn(pairs, ours, theirs)
    return median_ratio(theirs_s, ours_s)


def _served(facts: Mapping[str, Any]) -> coalesce_sim.Scenario:
    """`batching` with four servers, each of which a task comes to every 0.66 s in the mean."""
    served = {"input_usd_per_mtok": 0.05, "output_usd_per_mtok": 0.1, "reliability": 1, **facts}
    served["prefill_tokens_per_s"] = 20_000
    gap_s = 500 * (ALONE_S + JOBS * EACH_S) / JOBS / SERVERS
    changes = {
        "contractors": [{"name": f"server_{number}", **served} for number in range(SERVERS)],
        "workload.arrivals.gap_s": {"exponential": {"mean": gap_s}},
        "clock.days": 0.01,
        "policy": {"kind": "random"},
    }
    return coalesce_sim.load("batching", [f"{field}={json.dumps(value)}" for field, value in changes.items()])
