"""Whatever goes wrong, a run ends in order: tasks and money are conserved, the figures say what happened."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coalesce_sim import RunResult
from tests.market.trading import (
    HOME_USD,
    LATE_USD_PER_S,
    VALUE_USD,
    contractor,
    market,
    run_of,
)

TARGET_S = 300


def charged_usd(result: RunResult) -> pd.Series:
    """What every task must have cost, by its contracts and by what became of it."""
    decisions, contracts = result.decisions.set_index("task"), result.contracts
    usd = (contracts["paid_usd"] + contracts["fees_usd"]).groupby(contracts["task"]).sum()
    usd = usd.reindex(decisions.index, fill_value=0.0)
    at_home = (decisions["choice"] == "local") & (decisions["attempts"] > 0)
    if result.scenario.clients.slots != 0:
        usd += HOME_USD * at_home
    late_s = (decisions["turnaround_s"] - TARGET_S).clip(lower=0) * decisions["closes"]
    if result.scenario.message_usd > 0:
        usd += decisions["search_usd"]
    if result.scenario.incidents is not None:
        usd += decisions["leak_usd"]
    return usd + decisions["loss_usd"] + LATE_USD_PER_S * late_s


def check_books(result: RunResult, tasks: int) -> None:
    decisions, contracts, metrics = result.decisions, result.contracts, result.replications[0]
    assert metrics["tasks"] == tasks == decisions["closes"].sum()
    realised = decisions.set_index("task")["realised_usd"]
    pd.testing.assert_series_equal(realised, charged_usd(result), check_names=False, rtol=1e-9, atol=1e-9)
    for figure in (realised, decisions["finished_s"], decisions["started_s"], decisions["turnaround_s"]):
        assert np.isfinite(figure).all()
    assert (decisions["finished_s"] >= decisions["started_s"]).all()
    assert (decisions["started_s"] >= decisions["decided_s"]).all()
    assert (decisions["decided_s"] >= decisions["arrival_s"]).all()
    assert decisions["price_usd"].sum() == pytest.approx(contracts["paid_usd"].sum())
    assert (decisions["outcome"] == "completed").equals(decisions["loss_usd"] == 0) or len(decisions) > tasks
    assert metrics["contracts"] == len(contracts)
    if result.scenario.incidents is not None:
        check_leaks(decisions, contracts, metrics)
    if len(contracts):
        rates = [
            metrics[f"contracts_{state}_rate"] for state in ("completed", "failed", "canceled", "rejected")
        ]
        assert math.fsum(rates) == pytest.approx(100)
    attempted = contracts.groupby("task").size().reindex(decisions["task"], fill_value=0).to_numpy()
    kept = (decisions["choice"] == "local") & (decisions["attempts"] > 0)
    assert (attempted + kept == decisions["attempts"]).all()
    assert not any(math.isinf(value) for value in metrics.values())


def check_leaks(decisions: pd.DataFrame, contracts: pd.DataFrame, metrics: dict[str, float]) -> None:
    assert decisions["leak_usd"].sum() == pytest.approx(contracts["leak_usd"].sum())
    assert metrics["leak_usd"] == pytest.approx(contracts["leak_usd"].sum())
    leaked = contracts["incident"] == "leaked"
    assert (contracts["leak_usd"] + contracts["insured_usd"]).tolist() == (LEAK_USD * leaked).tolist()
    assert ((contracts["incident"] == "lost") == (contracts["reason"] == "lost")).all()
    assert not contracts.loc[contracts["incident"] == "tampered", "good"].any()
    assert contracts.loc[contracts["state"] == "rejected", "incident"].isna().all()


LEAK_USD = 2.0
SHARE = st.sampled_from([0.0, 0.2, 0.7, 1.0])
SLOTS = st.sampled_from([0, 1, 2, "unlimited"])
FACTOR = st.sampled_from([1.0, {"exponential": {"mean": 1.0}}, {"uniform": {"low": 0, "high": 3}}])
CHECK = st.fixed_dictionaries(
    {"usd": st.sampled_from([0.0, 0.3]), "minutes": st.sampled_from([0.0, 2.0])}
    | {"sensitivity": SHARE, "specificity": SHARE}
)
INCIDENTS = st.fixed_dictionaries(
    {
        "shares": st.sampled_from([{"leaked": 1}, {"leaked": 1, "tampered": 2, "lost": 1}, {"lost": 1}]),
        "leak_usd": st.just({"medium": LEAK_USD}),
        "insured_share": SHARE,
        "lowered_by": st.sampled_from([{}, {"enclave": {"leaked": 0.5, "tampered": 0.3}}]),
    }
)
CONTRACTS = st.fixed_dictionaries(
    {},
    optional={
        "handshake_ms": st.sampled_from([0.0, 5000.0]),
        "connect_timeout_s": st.sampled_from([0.0, 20.0]),
        "authorisation_s": st.sampled_from([0.0, 9.0]),
        "transfer_mb_per_s": st.sampled_from([10.0, 1000.0]),
        "security": st.fixed_dictionaries(
            {
                "encryption_share": st.just(0.1),
                "enclave_share": st.just(0.2),
                "audit_usd_share": st.sampled_from([0.0, 0.05]),
            },
            optional={"incidents": INCIDENTS},
        ),
        "input_required_rate": SHARE,
        "input_reply_s": st.just({"exponential": {"mean": 100}}),
        "timeout_factor": st.sampled_from([0.5, 1.0, 3.0]),
        "failed_share": SHARE,
        "due_on_failure": SHARE,
        "verification": st.fixed_dictionaries({"automated": CHECK})
        | st.fixed_dictionaries(
            {"automated": CHECK, "manual": CHECK, "manual_from_value_usd": st.sampled_from([0.0, 20.0])}
        ),
        "recovery": st.fixed_dictionaries(
            {"retries": st.integers(0, 3), "then": st.sampled_from(["local", "give_up"])}
        ),
        "rework_usd": st.sampled_from([0.5, 50.0]),
    },
)
CONTRACTOR = st.fixed_dictionaries(
    {
        "price_usd": st.sampled_from([0.0, 0.05, 2.0]),
        "latency_min": st.sampled_from([0.0, 1.0, 8.0]),
        "reliability": SHARE,
        "success": SHARE,
        "slots": SLOTS,
    },
    optional={
        "queue_limit": st.integers(0, 2),
        "unreachable_rate": SHARE,
        "network_ms": st.just(700),
        "security_risk": SHARE,
        "own_cost_share": st.sampled_from([0.5, 1.0]),
        "outcomes": st.just({"job": {"success": 0.5, "bill_usd": 0.4, "failed_bill_usd": 0.1}}),
    },
)
SECTIONS = st.fixed_dictionaries(
    {},
    optional={
        "reputation": st.fixed_dictionaries(
            {
                "model": st.sampled_from(
                    [
                        {"kind": "beta", "forgetting": 0.9},
                        {"kind": "sliding_window", "window_ratings": 2},
                        {"kind": "ewma", "alpha": 0.3},
                        {"kind": "eigentrust", "recompute_every": 3},
                    ]
                ),
                "start": st.sampled_from(["cold", "warm"]),
                "by_task_type": st.booleans(),
            }
        ),
        "discovery": st.sampled_from(
            [
                {"kind": "gossip", "k": 2, "view_size": 3, "query_ms": 100},
                {"kind": "registry", "k": 2},
                {"kind": "broadcast", "k": 1, "newcomer_share": 0, "message_usd": 0.01, "wait_ms": 10},
                {"kind": "gossip", "k": 1, "newcomer_share": 0, "message_usd": 0.02, "message_ms": 200},
                {"kind": "registry", "k": 1, "newcomer_share": 0, "outages": [{"start_h": 0, "hours": 0.1}]},
                {"kind": "registry", "fallback": "cached", "outages": [{"start_h": 0.05, "hours": 9}]},
            ]
        ),
        "calibration": st.sampled_from([{"rate": 0.3}, {"rate": 1.0}]),
    },
)
PRICING = st.sampled_from(
    [
        {"kind": "flat"},
        {"kind": "demand", "load_slope": 0.3, "complexity_slope": 0.2},
        {"kind": "per_token"},
        {"kind": "load", "slope": 1.0},
        {"kind": "bargained"},
    ]
)
KINDS = [
    *("topsis", "greedy", "epsilon_greedy", "optimistic_greedy", "ucb1", "ucb_v", "thompson"),
    *("windowed_greedy", "discounted_ucb", "sliding_window_ucb", "discounted_thompson"),
    *("thompson_gaussian", "lin_ucb", "exp3", "budgeted_ucb", "adaptive_threshold", "always_local"),
    *("always_outsource", "cheapest", "random", "best_fixed", "oracle", "posted_price", "vickrey"),
    "score_auction",
]
POLICY = st.sampled_from([{"kind": kind} for kind in KINDS] + [{"kind": "fixed", "contractor": "c0"}])
STEPS = {"one": {"type": "job"}, "two": {"type": "job", "after": ["one"]}, "three": {"type": "job"}}


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from([0.0, 1.0, 30.0, 400.0]), min_size=1, max_size=12),
    st.lists(CONTRACTOR, min_size=1, max_size=4),
    CONTRACTS,
    SECTIONS,
    PRICING,
    POLICY,
    st.fixed_dictionaries({"slots": SLOTS, "success": SHARE, "count": st.integers(1, 3)}),
    st.sampled_from(["none", "expected_delay", "queue"]),
    FACTOR,
    st.booleans(),
)
def test_tasks_and_money_are_conserved_whatever_is_set(
    gaps_s: list[float],
    contractors: list[dict[str, Any]],
    contracts: dict[str, Any],
    sections: dict[str, Any],
    pricing: dict[str, Any],
    policy: dict[str, Any],
    clients: dict[str, Any],
    opportunity: str,
    factor: Any,
    composite: bool,
) -> None:
    times = np.cumsum(gaps_s).tolist()
    types = {"job": {}, "whole": {"steps": STEPS}}
    scenario = market(
        [{"type": "whole" if composite else "job", "arrival_s": each} for each in times],
        *(contractor(f"c{k}", **facts) for k, facts in enumerate(contractors)),
        types=types if composite else None,
        clients=clients,
        external={"pricing": pricing, "communication_fixed_usd": 0.01, "integration_usd": 0.02},
        realised={"external_time_factor": factor},
        contracts=contracts,
        policy=policy,
        **sections,
    )
    scenario["cost_model"]["internal"]["opportunity"] = opportunity
    scenario["workload"] |= {"dealing": "random", "failure_correlation": 0.3}
    check_books(run_of(scenario), len(times))


def troubled(**sections: Any) -> dict[str, Any]:
    """Six tasks, two contractors that are cheaper than home, and one retry."""
    contractors = sections.pop("contractors", {})
    scenario = market(
        [10.0 * k for k in range(6)],
        contractor("a", **{"price_usd": 0.01} | contractors),
        contractor("b", **{"price_usd": 0.02} | contractors),
        **{"contracts": {"recovery": {"retries": 1}}} | sections,
    )
    scenario["cost_model"]["external"]["communication_fixed_usd"] = 0.03
    return scenario


def shares(result: RunResult) -> dict[str, float]:
    metrics = result.replications[0]
    names = ("completed", "failed", "canceled", "rejected", "found_bad")
    return {name: metrics[f"contracts_{name}_rate"] for name in names if metrics[f"contracts_{name}_rate"]}


FAULTS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, float], float]] = {
    # facts of contractors, contracts, how contracts end, what a task costs that tried both and ran at home
    "all work is bad": ({"success": 0}, {}, {"completed": 100, "found_bad": 100}, 0.06 + HOME_USD),
    "all contractors fail": ({"success": 0}, {"failed_share": 1}, {"failed": 100}, 0.06 + HOME_USD),
    "nobody can be reached": ({"unreachable_rate": 1}, {}, {"canceled": 100}, HOME_USD),
    "no capacity anywhere": ({"slots": 0}, {}, {"rejected": 100}, HOME_USD),
    "all take too long": ({}, {"timeout_factor": 0.5}, {"canceled": 100}, 0.06 + HOME_USD),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_when_no_contractor_delivers_home_does_the_work_and_the_figures_say_so(fault: str) -> None:
    facts, rules, ends, task_usd = FAULTS[fault]
    rules = {"recovery": {"retries": 1}} | rules
    result = run_of(troubled(contractors=facts, contracts=rules, policy={"kind": "always_outsource"}))
    check_books(result, 6)
    assert len(result.contracts) == 12
    assert shares(result) == ends
    assert result.decisions["realised_usd"].to_numpy() == pytest.approx(task_usd)
    metrics = result.replications[0]
    assert (metrics["success_rate"], metrics["outsourcing_rate"], metrics["attempts_per_task"]) == (100, 0, 3)
    assert (metrics["loss_usd"], metrics["paid_to_contractors_usd"]) == (0, 0)
    assert "revenue_hhi" not in metrics
    assert metrics["cost_reduction"] == pytest.approx(100 * (1 - task_usd / HOME_USD))


@pytest.mark.parametrize("fault", FAULTS)
def test_when_nobody_at_all_delivers_every_task_is_lost(fault: str) -> None:
    facts, rules, ends, task_usd = FAULTS[fault]
    scenario = troubled(
        contractors=facts,
        contracts={"recovery": {"retries": 1, "then": "local"}} | rules,
        clients={"slots": 0},
        policy={"kind": "always_outsource"},
    )
    result = run_of(scenario)
    check_books(result, 6)
    assert shares(result) == ends
    assert (result.decisions["outcome"] == "failed").all()
    lost_usd = task_usd - HOME_USD + VALUE_USD
    assert result.decisions["realised_usd"].to_numpy() == pytest.approx(lost_usd)
    metrics = result.replications[0]
    assert (metrics["success_rate"], metrics["loss_usd"]) == (0, 6 * VALUE_USD)
    assert metrics["all_local_usd"] == 6 * VALUE_USD
    assert metrics["all_local_success_rate"] == 0


def test_a_client_without_gpu_hires_and_saves_what_it_would_have_lost() -> None:
    result = run_of(troubled(clients={"slots": 0}, policy={"kind": "cheapest"}))
    check_books(result, 6)
    assert (result.decisions["contractor"] == "a").all()
    metrics = result.replications[0]
    assert metrics["success_rate"] == 100
    assert metrics["cost_reduction"] == pytest.approx(100 * (1 - 0.04 / VALUE_USD))
    assert "home_utilisation" not in metrics


@pytest.mark.parametrize("policy", [*KINDS, "fixed"])
def test_with_the_registry_down_all_policies_stay_at_home(policy: str) -> None:
    settings = {"kind": policy} | ({"contractor": "a"} if policy == "fixed" else {})
    outage = {"start_h": 0, "hours": 24}
    result = run_of(
        troubled(
            discovery={"kind": "registry", "outages": [outage], "fallback": "none"},
            reputation={},
            policy=settings,
        )
    )
    check_books(result, 6)
    metrics = result.replications[0]
    assert (metrics["unanswered_queries"], metrics["outsourcing_rate"], metrics["contracts"]) == (100, 0, 0)
    assert metrics["cost_reduction"] == 0
    assert "discovery_age_s" not in metrics
