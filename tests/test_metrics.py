"""The catalogue of metrics: complete, in the order of the runs, and helpful about what is not in it."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.metrics import METRICS, UnknownMetric, describe

SMALL = ["clock.days=0.001", "replications=1"]
PUBLISHED: dict[str, Any] = {"extends": "published", "clock": {"days": 0.05}, "replications": 1}
LEARNING: dict[str, Any] = {
    "extends": "market",
    "clock": {"days": 0.002},
    "replications": 1,
    "discovery": {"outages": [{"start_h": 0, "hours": 0.01}], "fallback": "none", "message_usd": 0.01},
    "turnover": {"exit": {"per_day": 1}},
    "adversaries": [{"kind": "lowball", "who": {"share": 0.1}}],
    "defences": {"entry_fee_usd": 1.0},
    "contracts": {"security": {"incidents": {"shares": {"leaked": 1}, "leak_usd": {"medium": 1}}}},
    "contractors": {"types": {"edge": {"outages": {"at_hours": [[0, 0.01]]}}}},
}


SPLITTING = ["workload.arrivals.limit=3", "replications=1"]


@pytest.fixture(scope="module")
def reported() -> dict[str, list[str]]:
    """The names that three runs and a comparison report, in their order."""
    split = coalesce_sim.run(coalesce_sim.load("experiments_splitting", SPLITTING))
    compared = coalesce_sim.compare(coalesce_sim.load("market", SMALL), ["topsis", "greedy"])
    return {
        "published": list(coalesce_sim.run(coalesce_sim.load(PUBLISHED)).replications[0]),
        "learning": list(coalesce_sim.run(coalesce_sim.load(LEARNING)).replications[0]),
        "splitting": list(split.replications[0]),
        "comparison": list(compared.runs.columns.drop(["policy", "replication"])),
    }


@pytest.mark.parametrize("kind", ["published", "learning", "splitting", "comparison"])
def test_every_metric_reported_is_in_the_catalogue_in_its_order(reported: dict[str, list[str]], kind: str):
    assert len(reported[kind]) > 20
    assert reported[kind] == [name for name in METRICS if name in reported[kind]]


def test_every_metric_in_the_catalogue_is_reported(reported: dict[str, list[str]]):
    of_steady_state = {"warm_up_s", "warm_up_found"}
    assert set(METRICS) - of_steady_state == {name for names in reported.values() for name in names}


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
