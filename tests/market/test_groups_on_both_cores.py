"""Groups of clients, with budgets and policies, and clients that bring their own tasks: the same bits on both
cores."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim import Scenario
from verification.both_cores import assert_same_in_hindsight, assert_same_on_both_cores

WEAK = {"slots": 2, "hardware": "rtx_3090", "success": 0.3, "price_usd": 0.1}
FEW: dict[str, Any] = {
    "count": 3,
    "budget_usd_per_day": 4,
    "value_usd": 6,
    "types": {"coding": 1, "research": 2},
}


def in_groups(base: str, few: dict[str, Any], more: dict[str, Any], *changes: str) -> Scenario:
    groups = {"few": {"count": 3} | few, "more": {"count": 5} | more}
    return coalesce_sim.load({"extends": base, "name": "cores", "clients": {"groups": groups}}, list(changes))


@pytest.mark.parametrize("policy", ["topsis", "greedy", "oracle", "vickrey"])
def test_homes_and_budgets(policy: str) -> None:
    changes = ["workload.arrivals.limit=120", "clock.start=2026-06-01T23:58:00", f"policy={{kind: {policy}}}"]
    scenario = in_groups("market_day", FEW | WEAK, {"slots": "unlimited", "share": 0.5}, *changes)
    assert_same_on_both_cores(scenario)
    assert_same_in_hindsight(scenario)


def test_policies_of_groups() -> None:
    changes = ["workload.arrivals.limit=100", "policy={kind: vickrey}"]
    others = {"count": 2, "policy": {"kind": "greedy"}}
    scenario = in_groups("market_day", {"policy": {"kind": "oracle"}} | WEAK, {}, *changes)
    fields = scenario.resolved()
    fields["clients"]["groups"]["others"] = others
    assert_same_on_both_cores(coalesce_sim.load(fields))
    split = in_groups("experiments_splitting", {"policy": {"kind": "cheapest"}}, {}, changes[0])
    assert_same_on_both_cores(split)


def test_one_group_with_a_policy_of_its_own_has_that_compiled() -> None:
    fields = {
        "extends": "market_day",
        "clients": {"groups": {"all": {"count": 4, "policy": {"kind": "ucb1"}}}},
    }
    scenario = coalesce_sim.load(fields, ["workload.arrivals.limit=80"])
    assert_same_on_both_cores(scenario)


@pytest.mark.parametrize(
    ("base", "few"),
    [
        ("dur_02", {"hardware": "a100_80gb_sxm", "share": 0.7}),
        ("dur_02", {"slots": 1}),
        ("dur_02", {"policy": {"kind": "greedy"}}),
        ("azure_code_like", {"slots": 1, "policy": {"kind": "oracle"}}),
    ],
)
def test_the_published_trade(base: str, few: dict[str, Any]) -> None:
    days = {"dur_02": 1, "azure_code_like": 0.0001}[base]
    scenario = in_groups(base, few, {}, f"clock.days={days}")
    assert_same_on_both_cores(scenario)


def test_clients_that_bring_their_own_tasks() -> None:
    changes = ["workload.arrivals.limit=15", "workload.arrivals.per=client", "clients.count=6"]
    assert_same_on_both_cores(coalesce_sim.load("market_day", changes))


def test_who_asks_nobody_pays_for_no_messages() -> None:
    changes = ["discovery.message_usd=0.001", "workload.arrivals.limit=120"]
    scenario = in_groups("market_day", {"policy": {"kind": "always_local"}}, {}, *changes)
    assert_same_on_both_cores(scenario)
    decisions = coalesce_sim.run(scenario, replications=1, core="compiled").decisions
    paid_usd = decisions.groupby("group")["search_usd"].max()
    assert paid_usd["few"] == 0 < paid_usd["more"]
