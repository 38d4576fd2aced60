"""Contractors that come and go are the same on both cores, where that is laid out before the run."""

from __future__ import annotations

import pytest

import coalesce_sim
from tests.market.test_turnover import assert_spares_change_no_byte
from tests.market.trading import contractor, market
from verification.both_cores import assert_same_on_both_cores
from verification.contracts_at_random import leave_out
from verification.markets_at_random import market_of

pytest.importorskip("numba")

HOUR = 3600.0
BUSY = "turnover={entry: {per_day: 4000}, exit: {per_day: 60}}"


@pytest.mark.parametrize(
    "changes",
    [
        [],
        ["discovery=null"],
        ["discovery={kind: broadcast, k: 5, newcomer_share: 0.4, message_ms: 50}"],
        ["discovery={kind: gossip, k: 5, view_size: 12, round_s: 10, newcomer_share: 0.4}"],
        [
            "discovery.outages=[{start_h: 0.05, hours: 0.1}]",
            "discovery.fallback=cached",
            "reputation.model={kind: eigentrust, recompute_every: 20}",
            "contractors.count=4",
        ],
    ],
)
def test_a_busy_market_is_the_same_on_both_cores(changes: list[str]) -> None:
    assert_same_on_both_cores(
        coalesce_sim.load("market_day", ["workload.arrivals.limit=120", BUSY, *changes])
    )


@pytest.mark.parametrize("decompose", ["always", "policy"])
def test_projects_in_steps_meet_who_is_there(decompose: str) -> None:
    leaves = "{per_day: 3}"
    in_steps = [f"workload.types.project.decompose={decompose}", f"turnover={{exit: {leaves}}}"]
    assert_same_on_both_cores(coalesce_sim.load("experiments_splitting", in_steps))


def test_tasks_for_which_nobody_is_there_are_counted_alike() -> None:
    """One comes after two hours, when the one who does such work has left; the next finds another there."""
    outcomes = {"job": {"success": 1}}
    fields = market(
        [HOUR, 3 * HOUR, 6 * HOUR, 7 * HOUR],
        contractor("a", leave_h=2, outcomes=outcomes),
        contractor("b", enter_h=5, leave_h=6.5, outcomes=outcomes),
        contractor("c", outcomes={"other": {"success": 1}}),
        types={"job": {}, "other": {}},
    )
    fields["policy"] = {"kind": "always_outsource"}
    result = coalesce_sim.run(coalesce_sim.load(fields), replications=1, core="compiled")
    assert result.replications[0]["deserted_tasks"] == 50
    hired = result.decisions["contractor"].astype(object)
    assert hired.where(hired.notna(), "home").tolist() == ["a", "home", "b", "home"]


@pytest.mark.parametrize(
    ("find", "rate", "policy"),
    [
        ("everybody", "ewma", "greedy"),
        ("registry", "beta", "topsis"),
        ("registry", "eigentrust", "cheapest"),
        ("broadcast", "beta", "random"),
        ("gossip", "ewma", "topsis"),
        ("gossip", "beta", "vikor"),
    ],
)
def test_fifty_dormant_spares_change_no_byte(find: str, rate: str, policy: str) -> None:
    for number in range(2):
        fields = market_of(number, 24, 6, boxes=False)
        leave_out(fields)
        assert_spares_change_no_byte(fields, find, rate, policy, "compiled")
