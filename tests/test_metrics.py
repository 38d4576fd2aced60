"""The catalogue of metrics: complete, in the order of the runs, and helpful about what is not in it."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.metrics import METRICS, UnknownMetric, describe
from tests.market import trading
from tests.market.test_logged import logged

SMALL = ["clock.days=0.001", "replications=1"]
PUBLISHED: dict[str, Any] = {"extends": "published", "clock": {"days": 0.05}, "replications": 1}
LEARNING: dict[str, Any] = {
    "extends": "market",
    "clock": {"days": 0.002},
    "replications": 1,
    "discovery": {"outages": [{"start_h": 0, "hours": 0.01}], "fallback": "none", "message_usd": 0.01},
    "turnover": {"exit": {"per_day": 1}},
    "adversaries": [
        {"kind": "lowball", "who": {"share": 0.1}},
        {"kind": "slot_blocking", "who": {"clients": 0.1}, "contracts_per_hour": 60},
    ],
    "defences": {"entry_fee_usd": 1.0},
    "contracts": {"security": {"incidents": {"shares": {"leaked": 1}, "leak_usd": {"medium": 1}}}},
    "contractors": {"types": {"edge": {"outages": {"at_hours": [[0, 0.01]]}}}},
}


SETTLED: dict[str, Any] = {
    "extends": "market",
    "clock": {"days": 0.002},
    "replications": 1,
    "settlement": {
        "escrow": {"dispute": {"days": 30.0}},
        "fee": [{"kind": "card", "fixed_usd": 0.3}],
        "pay": {"capital_rate_per_year": 0.1},
        "fx": {"contractors": {"edge": "EUR"}, "rate": {"EUR": 1.1}},
        "charge_backs": {"rate": 0.1, "days": 60.0, "written_off_by": "client"},
        "failures": {"rate": 0.1},
    },
    "compliance": {"sanctioned": [0]},
}

SPLITTING = ["workload.arrivals.limit=3", "replications=1"]


@pytest.fixture(scope="module")
def reported() -> dict[str, list[str]]:
    """The names that five runs, a comparison and a study of attacks report, in their order."""
    split = coalesce_sim.run(coalesce_sim.load("experiments_splitting", SPLITTING))
    compared = coalesce_sim.compare(coalesce_sim.load("market", SMALL), ["topsis", "greedy"])
    return {
        "published": list(coalesce_sim.run(coalesce_sim.load(PUBLISHED)).replications[0]),
        "learning": list(coalesce_sim.run(coalesce_sim.load(LEARNING)).replications[0]),
        "settled": list(coalesce_sim.run(coalesce_sim.load(SETTLED)).replications[0]),
        "splitting": list(split.replications[0]),
        "logged": list(coalesce_sim.run(coalesce_sim.load(logged())).replications[0]),
        "comparison": list(compared.runs.columns.drop(["policy", "replication"])),
        "attack": _of_attacks(),
    }


def _of_attacks() -> list[str]:
    """The names that a study of attacks reports, those of cells before those of defences."""
    sellers = trading.contractor("a", own_cost_share=0.5), trading.contractor("b", own_cost_share=0.5)
    scenario = coalesce_sim.load(trading.market([0], *sellers, reputation={}))
    raised = ("entry_fee", "stake", "dues", "audit")
    study = coalesce_sim.attack(
        scenario, ["sybil(who.share=0.5)"], ["dues=1"], break_even=raised, replications=1
    )
    told = study.summary["policies"]["cheapest"]
    (cell,) = (each["dues=1"] for each in told["attacks"].values())
    costs = [name for name in told["nobody_cheats"]["dues=1"] if name.startswith("defence_cost")]
    return [*cell, *costs, *(each["metric"] for each in study.summary["break_even"])]


@pytest.mark.parametrize(
    "kind", ["published", "learning", "settled", "splitting", "logged", "comparison", "attack"]
)
def test_every_metric_reported_is_in_the_catalogue_in_its_order(reported: dict[str, list[str]], kind: str):
    assert len(reported[kind]) > 15
    assert reported[kind] == [name for name in METRICS if name in reported[kind]]


def test_every_metric_in_the_catalogue_is_reported(reported: dict[str, list[str]]):
    elsewhere = {"warm_up_s", "warm_up_found", "exploitability_usd_per_task"}  # steady states, searches
    elsewhere |= {"compliance_cost_points"}  # of a study of frictions
    assert set(METRICS) - elsewhere == {name for names in reported.values() for name in names}


def test_names_and_units_say_the_same():
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.label
        assert metric.definition
        assert not metric.definition.endswith(".")
        ending = next((end for end in ("_usd_per_task", "_usd", "_s", "_rate") if name.endswith(end)), None)
        told = {"_usd_per_task": "USD/task", "_usd": "USD", "_s": "s", "_rate": "%"}
        assert ending is None or metric.unit == told[ending]


def test_labels_tell_all_metrics_apart():
    labels = {metric.axis for metric in METRICS.values()}
    assert len(labels) == len(METRICS)
    assert describe("cost_reduction").axis == "Cost reduction (%)"
    assert describe("revenue_hhi").axis == "Concentration of revenue (HHI)"


def test_a_metric_that_does_not_exist_is_told_with_those_that_do():
    with pytest.raises(UnknownMetric) as raised:
        describe("cost_reducton", known=["tasks", "cost_reduction"])
    assert str(raised.value) == (
        "cost_reducton: no such metric; did you mean 'cost_reduction'? There are: tasks, cost_reduction"
    )
    with pytest.raises(ValueError, match=r"^joy: no such metric\. There are: tasks, cash_saving, "):
        describe("joy")
    with pytest.raises(UnknownMetric, match=r"cost_reduction: .* There are: tasks$"):
        describe("cost_reduction", known=["tasks"])
