"""TOPSIS that asks for less than home costs, and for no more than the task's budget."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

import coalesce_sim
from coalesce_sim.experiments.diagnosis.doctor import doctor
from coalesce_sim.experiments.diagnosis.warnings import notes_of, warnings_of
from coalesce_sim.report.explanation import explain
from tests.market.trading import contractor, market

SCENARIOS = {
    "published": ("dur_03", "clock.days=1", "policy.outsource_above_confidence=0"),
    "contracts": ("market_day", "workload.arrivals.limit=120", "policy.outsource_above_confidence=0"),
}
STRICT = ("policy.only_if_cheaper_percent=60", "policy.within_budget=true")
BUDGETS = "workload.attributes.budget_share={uniform: {low: 0.001, high: 0.1}}"


@cache
def decisions(trade: str, *settings: str, offers: bool = False) -> pd.DataFrame:
    """What one replication decided; with offers, by the path that gives its reasons."""
    scenario = coalesce_sim.load(SCENARIOS[trade][0], [*SCENARIOS[trade][1:], BUDGETS, *settings])
    return coalesce_sim.run(scenario, replications=1, offers=offers).decisions


def hired(table: pd.DataFrame) -> pd.DataFrame:
    """First attempts that TOPSIS itself sent to a contractor."""
    once = table if "attempts" not in table else table[table["attempts"] == 1]
    return once[(once["choice"] == "contractor") & ~once["explored"]]


@pytest.mark.parametrize("trade", SCENARIOS)
def test_nobody_is_hired_who_is_not_so_much_cheaper_or_above_the_budget(trade: str) -> None:
    free, held = hired(decisions(trade)), hired(decisions(trade, *STRICT))
    limit_usd = 0.4 * held["internal_usd"]
    assert (held["estimated_usd"] < limit_usd).all()
    assert (free["estimated_usd"] >= 0.4 * free["internal_usd"]).any()
    assert 0 < len(held) < len(free)


@pytest.mark.parametrize("trade", SCENARIOS)
def test_every_way_to_the_decision_is_the_same(trade: str) -> None:
    settings = (*STRICT, "policy.explored_too=true")
    quick, told = (decisions(trade, *settings, offers=offers) for offers in (False, True))
    pd.testing.assert_frame_equal(quick, told)


@pytest.mark.parametrize("trade", SCENARIOS)
def test_where_every_hire_is_cheaper_nothing_changes(trade: str) -> None:
    cheap = ("clients.hardware.compute_usd_per_h=1e6",)
    off, on = decisions(trade, *cheap), decisions(trade, *cheap, "policy.only_if_cheaper_percent=0")
    pd.testing.assert_frame_equal(off, on)


def test_a_task_that_is_kept_at_home_is_remembered_as_any_that_stays() -> None:
    same = ("policy.explored_too=false", "policy.drift={step: 0.1, sd: 0.5, up_to_score: 1}")
    low_score = decisions("published", "policy.outsource_above_score=1", *same)
    gated = decisions("published", "policy.only_if_cheaper_percent=99.99", *same)
    for name in ("choice", "explored", "score", "confidence"):
        assert low_score[name].equals(gated[name]), name


POOL = [contractor("cheap", price_usd=0.05, latency_min=3), contractor("quick", price_usd=0.5, latency_min=1)]
QUICK = {"cost": 0.1, "reliability": 0, "latency": 1, "security": 0}


def small(*arrivals: Any, published: bool = False, **policy: Any) -> dict[str, Any]:
    """Two contractors, of whom TOPSIS prefers the one that is dearer than home's 0.1 USD."""
    rules = {"kind": "topsis", "epsilon": 0, "weights": QUICK, "outsource_above_confidence": 0}
    whole = market(arrivals or [0, 1000], *POOL, policy=rules | policy)
    return {name: each for name, each in whole.items() if not (published and name == "contracts")}


def workers(scenario: dict[str, Any]) -> list[str | None]:
    column = coalesce_sim.run(coalesce_sim.load(scenario), replications=1).decisions["contractor"]
    return [None if pd.isna(each) else each for each in column]


@pytest.mark.parametrize("published", [False, True])
def test_the_winner_must_be_cheaper_than_home_and_a_runner_up_does_not_take_its_place(
    published: bool,
) -> None:
    assert workers(small(published=published)) == ["quick", "quick"]
    assert workers(small(published=published, only_if_cheaper_percent=0)) == [None, None]


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("told", [False, True])
def test_what_is_above_the_budget_is_no_candidate_for_that_task(published: bool, told: bool) -> None:
    budgets_usd = (1, 0.1, 0.5, 0.01)
    tasks = [
        {"type": "job", "arrival_s": 1000.0 * place, "budget_usd": usd}
        for place, usd in enumerate(budgets_usd)
    ]
    scenario = small(*tasks, published=published, within_budget=True, outsource_above_score=0.4)
    played = coalesce_sim.run(coalesce_sim.load(scenario), replications=1, offers=told).decisions
    assert played["contractor"].tolist()[:3] == ["quick", "cheap", "quick"]
    assert played["score"].tolist()[1] == 0.5
    assert played["choice"].tolist()[3] == "local"


@pytest.mark.parametrize("published", [False, True])
def test_a_random_choice_is_held_to_it_only_where_asked_for(published: bool) -> None:
    arrivals = [1000.0 * k for k in range(40)]
    rules: dict[str, Any] = {"published": published, "epsilon": 1, "only_if_cheaper_percent": 0}
    free = workers(small(*arrivals, **rules))
    assert {*free} == {"cheap", "quick"}
    scenario = coalesce_sim.load(small(*arrivals, **rules, explored_too=True))
    held = coalesce_sim.run(scenario, replications=1).decisions
    assert held["contractor"].notna().tolist() == [each == "cheap" for each in free]
    assert held["explored"].equals(held["contractor"].notna())
    assert held["score"].isna().equals(held["contractor"].isna())


def test_the_doctor_names_what_keeps_tasks_at_home() -> None:
    arrivals = [1000.0 * k for k in range(40)]
    gated = doctor(coalesce_sim.load(small(*arrivals, only_if_cheaper_percent=10)), replications=1)
    found = {each.code: each for each in gated.findings}
    assert found["outsourcing_low.not_cheaper"].evidence["not_cheaper"] == 40
    assert "outsourcing_low.confidence" not in found
    poor = coalesce_sim.load(small(*arrivals, within_budget=True), ["workload.attributes.budget_share=0.001"])
    found = {each.code: each for each in doctor(poor, replications=1).findings}
    assert found["outsourcing_low.over_budget"].evidence["over_budget"] == 40
    rules: dict[str, Any] = {"epsilon": 1, "only_if_cheaper_percent": 0, "explored_too": True}
    half = doctor(coalesce_sim.load(small(*arrivals, **rules)), replications=1)
    found = {each.code: each for each in half.findings}
    assert 0 < found["exploration_kept_home"].evidence["not_explored"] < 40
    assert "exploration_share" not in found


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"only_if_cheaper_percent": 10}, "quick at 0.500 USD is not below 0.0900 USD, home's less 10 %."),
        ({"within_budget": True}, "every eligible contractor asks for more than the budget of 0.0100 USD."),
        (
            {"only_if_cheaper_percent": 0, "explored_too": True, "epsilon": 1},
            "quick, picked at random to explore, at 0.500 USD is not below 0.100 USD, home's (explored_too).",
        ),
        (
            {"within_budget": True, "explored_too": True, "epsilon": 1},
            "quick, picked at random to explore, asks for 0.500 USD, above the budget of 0.0100 USD "
            "(explored_too).",
        ),
    ],
)
def test_explain_says_what_kept_the_task_at_home(rules: dict[str, Any], why: str) -> None:
    tasks, poor = small(*(1000.0 * k for k in range(4)), **rules), "workload.attributes.budget_share=0.001"
    scenario = coalesce_sim.load(tasks, [poor])
    told = [explain(scenario, 1, 0, task).decision["verdict"] for task in range(4)]
    assert f"Stays at home at an estimated 0.100 USD: {why}" in told


def test_what_does_nothing_is_told_and_what_is_wrong_refused() -> None:
    idle = coalesce_sim.load(small(explored_too=True))
    assert any("policy.explored_too (nothing is asked" in note for note in notes_of(idle))
    never = coalesce_sim.load(small(explored_too=True, only_if_cheaper_percent=5))
    assert any("policy.explored_too (policy.epsilon is 0)" in note for note in notes_of(never))
    poor = coalesce_sim.load(small(within_budget=True), ["workload.attributes.budget_share=0"])
    assert any("no task has a budget" in each for each in warnings_of(poor))
    for percent in (-1, 100):
        with pytest.raises(coalesce_sim.ScenarioError, match=f"only_if_cheaper_percent.*{percent}"):
            coalesce_sim.load(small(only_if_cheaper_percent=percent))
