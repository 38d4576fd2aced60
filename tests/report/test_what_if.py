"""What `explain` says would have changed a decision does change it, and a hundredth less does not."""

from __future__ import annotations

import copy
from typing import Any

import pandas as pd
import pytest

import coalesce_sim
from coalesce_sim.policies.protocol import View
from coalesce_sim.report.explanation import Explanation, explain
from tests.market.trading import contractor, market

POOL = [
    contractor("cheap", price_usd=0.04, latency_min=3, reliability=0.9),
    contractor("middling", price_usd=0.06, latency_min=2, reliability=0.95),
    contractor("quick", price_usd=0.09, latency_min=1, reliability=0.97),
]
FREE = {"kind": "topsis", "epsilon": 0, "outsource_above_confidence": 0, "outsource_above_score": 0.4}


def scenario(published: bool, policy: dict[str, Any]) -> dict[str, Any]:
    """The market of one task; in the published trade its value is all at risk, so it is small there."""
    at_risk = {"attributes": {"value_usd": 0.3}} if published else {"clients": {"success": 0.97}}
    whole = market([0], *copy.deepcopy(POOL), policy=policy, **at_risk)
    return {name: each for name, each in whole.items() if not (published and name == "contracts")}


def told(whole: dict[str, Any]) -> Explanation:
    return explain(coalesce_sim.load(whole), 1, 0, 0)


def flip(whole: dict[str, Any], of: str) -> dict[str, Any]:
    return next(each for each in told(whole).flips if each["of"] == of)


def worker(whole: dict[str, Any]) -> str | None:
    """Who does the first task."""
    choice = coalesce_sim.run(coalesce_sim.load(whole), seed=1, replications=1).decisions["contractor"][0]
    return None if pd.isna(choice) else str(choice)


def priced(whole: dict[str, Any], name: str, usd: float) -> dict[str, Any]:
    changed = copy.deepcopy(whole)
    next(each for each in changed["contractors"] if each["name"] == name)["price_usd"] = usd
    return changed


CASES: dict[str, dict[str, Any]] = {
    "hired": FREE,
    "vector": FREE | {"normalisation": "vector", "outsource_above_score": 0.2},
    "critic": FREE | {"weighting": "critic"},
    "score too low": FREE | {"outsource_above_score": 0.8},
    "too dear": FREE | {"only_if_cheaper_percent": 60},
    "cheapest": {"kind": "cheapest"},
    "weighted sum": {"kind": "weighted_sum"},
    "greedy": {"kind": "greedy"},
}


@pytest.mark.parametrize(("case", "published"), [*((case, False) for case in CASES), ("too dear", True)])
def test_the_smallest_change_of_a_price(case: str, published: bool) -> None:
    whole = scenario(published, CASES[case])
    before, change = worker(whole), flip(whole, "price")
    assert change["to"] == pytest.approx(change["from"] + change["change"])
    changed = worker(priced(whole, change["contractor"], change["to"]))
    assert changed == change["then"] != before
    nearly = change["from"] + 0.99 * change["change"]
    assert worker(priced(whole, change["contractor"], nearly)) == before


def test_no_other_price_has_to_change_less() -> None:
    whole = scenario(False, FREE)
    before, change = worker(whole), flip(whole, "price")
    for each in POOL:
        for sign in (-1, 1):
            usd = each["price_usd"] + sign * 0.99 * abs(change["change"])
            assert worker(priced(whole, each["name"], usd)) == before


@pytest.mark.parametrize("rules", [{"outsource_above_score": 0.8}, {"outsource_above_score": 0.1}])
def test_the_nearest_threshold(rules: dict[str, float]) -> None:
    whole = scenario(False, FREE | rules)
    before, change = worker(whole), flip(whole, "score")
    for share, then in ((1.0, change["then"]), (0.99, before)):
        threshold = change["from"] + share * change["change"]
        assert worker(whole | {"policy": whole["policy"] | {"outsource_above_score": threshold}}) == then
    assert change["then"] != before


@pytest.mark.parametrize("epsilon", [0.05, 0.95])
def test_the_nearest_exploration_draw(epsilon: float, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = scenario(False, FREE | {"epsilon": epsilon, "outsource_above_score": 1})
    before, change = worker(whole), flip(whole, "exploration_draw")
    assert change["to"] == pytest.approx(epsilon)
    drawn = View.draw
    for share, then in ((1.0, change["then"]), (0.99, before)):
        value = change["from"] + share * change["change"]
        monkeypatch.setattr(View, "draw", lambda v, n, x=value: x if n == "exploration" else drawn(v, n))
        assert worker(whole) == then
    assert change["then"] != before


def test_what_nothing_of_its_kind_would_have_changed_is_said_so() -> None:
    whole = scenario(False, FREE | {"outsource_above_confidence": 0.9, "outsource_above_score": 0.95})
    changes = {each["of"]: each for each in told(whole).flips}
    assert {of for of, each in changes.items() if each["to"] is None} >= {"price", "score", "confidence"}
    assert told(scenario(False, {"kind": "vickrey"})).flips == []
    assert told(scenario(False, {"kind": "always_local"})).flips == []


def test_asking_again_changes_nothing_of_what_is_told() -> None:
    whole = scenario(False, FREE)
    run = coalesce_sim.run(coalesce_sim.load(whole), seed=1, replications=1).decisions
    explained = told(whole)
    assert explained.realised["realised_usd"] == run["realised_usd"][0]
    assert explained.decision["score"] == run["score"][0]


@pytest.mark.parametrize("normalisation", ["min_max", "vector"])
def test_which_criterion_cost_a_cheaper_one_how_much(normalisation: str) -> None:
    weights = {"cost": 0.2, "reliability": 0.2, "latency": 0.6, "security": 0}
    whole = scenario(False, FREE | {"weights": weights, "normalisation": normalisation})
    explained = told(whole)
    best, *others = explained.contractors
    assert [each["contractor"] for each in explained.cheaper] == ["cheap", "middling"]
    for each in explained.cheaper:
        row = next(row for row in others if row["contractor"] == each["contractor"])
        assert each["lost"]["latency"] == pytest.approx(best["weighted_latency"] - row["weighted_latency"])
        assert each["lost"]["latency"] == max(each["lost"].values()) > 0 > each["lost"]["cost"]
        assert f"it loses {each['lost']['latency']:.3f} on latency" in each["sentence"]
        assert f"{each['cheaper_by_usd']:.3f}"[:4] in each["sentence"]
    names = ("cost", "reliability", "latency", "security")
    peaks = {name: max(row[f"weighted_{name}"] for row in explained.contractors) for name in names}
    for row in explained.contractors:
        far = sum((peaks[name] - row[f"weighted_{name}"]) ** 2 for name in names) ** 0.5
        assert far == pytest.approx(row["distance_to_best"])


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("rule", ["later_tasks", "expected_delay", "queue", "none"])
def test_the_opportunity_cost_follows_from_what_it_is_made_of(rule: str, published: bool) -> None:
    tasks = [{"type": "job", "arrival_s": 10.0 * (k // 3), "value_usd": 1.0 + k % 3} for k in range(12)]
    whole = market(
        tasks,
        contractor("only"),
        types={"job": {"max_latency_min": 1.5}},
        clients={"slots": 1},
        policy={"kind": "always_local"},
    )
    whole["cost_model"]["internal"]["opportunity"] = rule
    if published:
        del whole["contracts"]
    seen = set()
    for task in (0, 4, 7):
        explained = explain(coalesce_sim.load(whole), 1, 0, task)
        made_of, usd = explained.opportunity, explained.home["opportunity_usd"]
        assert made_of["rule"] == rule
        if rule == "later_tasks":
            assert usd == pytest.approx(made_of["usd_per_h"] * made_of["billed_h"])
            assert made_of["best_task"] == 3 * (task // 3) + 2
        elif rule != "none":
            late_s = made_of["late_s"] + made_of.get("next_late_s", 0.0)
            assert usd == pytest.approx(late_s * made_of["late_usd_per_min"] / 60)
            assert made_of["jobs_ahead"] == task
            assert made_of["wait_s"] == pytest.approx(max(0.0, 60 * task - explained.task["arrival_s"]))
        seen.add(usd > 0)
        assert made_of["sentence"].startswith("Opportunity")
    assert seen != {False} or rule == "none"


@pytest.mark.parametrize(
    "rules", [FREE, {"kind": "weighted_sum"}, {"kind": "vikor"}], ids=lambda it: it["kind"]
)
@pytest.mark.parametrize(("percent", "at_home"), [(60, False), (99.9, True)])
def test_a_gate_is_named_with_the_value_that_decides_otherwise(
    percent: float, at_home: bool, rules: dict[str, Any]
) -> None:
    whole = scenario(False, rules | {"only_if_cheaper_percent": percent})
    before, change = worker(whole), flip(whole, "only_if_cheaper_percent")
    assert (before is None) is at_home
    assert change["then"] != before
    for percent, then in ((change["to"], change["then"]), (change["from"] + 0.99 * change["change"], before)):
        assert worker(whole | {"policy": whole["policy"] | {"only_if_cheaper_percent": percent}}) == then
    assert "with another only_if_cheaper_percent" in change["sentence"]


def test_a_budget_that_keeps_a_task_at_home_is_named() -> None:
    whole = scenario(False, FREE | {"within_budget": True})
    whole["workload"]["attributes"]["budget_share"] = 0
    change = flip(whole, "within_budget")
    assert worker(whole) is None
    assert change["sentence"] == f"It would have gone to {change['then']} without within_budget."
    assert worker(whole | {"policy": FREE}) == change["then"]


def test_a_tie_is_told_as_one() -> None:
    whole = scenario(False, {"kind": "cheapest"})
    whole["contractors"] = [contractor("one", price_usd=0.04), contractor("other", price_usd=0.04)]
    sentence = flip(whole, "price")["sentence"]
    assert sentence.startswith("A tie, of which the first is taken. It would have gone to other if ")
    assert "asked anything " in sentence
