from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import coalesce_sim
from coalesce_sim import RunResult
from coalesce_sim.experiments.routing import AMOUNTS, COUNTS, HOME, Routing

SMALL = {
    "published": ("dur_03", ["clock.days=1"]),
    "contracts": ("market_day", ["workload.arrivals.limit=60"]),
    "steps": ("experiments_splitting", ["workload.arrivals.limit=10"]),
}


@pytest.fixture(scope="module", params=list(SMALL))
def played(request: pytest.FixtureRequest) -> RunResult:
    name, overrides = SMALL[request.param]
    return coalesce_sim.run(coalesce_sim.load(name, overrides), replications=2)


def counted(result: RunResult) -> pd.DataFrame:
    """The tasks, and steps, that came to anybody, with their group."""
    tasks = result.decisions[result.decisions["attempts"] > 0].copy()
    tasks["group"] = group(result, tasks["contractor"])
    tasks["good"] = tasks["outcome"] == "completed"
    tasks["late"] = tasks["turnaround_s"] > tasks["max_latency_s"]
    return tasks


def group(result: RunResult, contractors: Any) -> Any:
    """What contractors are told by, from their names: those that are drawn are called after their type."""
    names = contractors.astype(object).where(contractors.notna(), HOME)
    drawn = not isinstance(result.scenario.contractors, list)
    return names.str.replace(r"_\d+$", "", regex=True) if drawn else names


def told_by(result: RunResult) -> Any:
    return result.routing.set_index(["contractor", "type"])


def test_the_rows_add_up_to_the_totals(played: RunResult):
    sums = {name: values.sum(axis=0) for name, values in played.routed.sums.items()}
    metrics = {
        name: np.array([each[name] for each in played.replications]) for name in played.replications[0]
    }
    assert sums["paid_usd"] == pytest.approx(metrics["paid_to_contractors_usd"])
    assert sums["realised_usd"] == pytest.approx(metrics["realised_usd"])
    assert sums["attempts"] == pytest.approx(metrics["attempts_per_task"] * metrics["tasks"])
    away = [name is not None for name in played.routed.contractors]
    outsourced = played.routed.sums["tasks"][away].sum(axis=0)
    assert 100 * outsourced / sums["tasks"] == pytest.approx(metrics["outsourcing_rate"])
    assert 100 * sums["explored"] / sums["tasks"] == pytest.approx(metrics["exploration_rate"])


def test_the_rows_tell_what_the_tables_of_tasks_and_contracts_do(played: RunResult):
    tasks, told = counted(played), told_by(played)
    for (who, kind), rows in tasks.groupby(["group", "type"], observed=True):
        row = told.loc[who, kind]
        assert row["tasks"] == len(rows) / 2
        by_run = rows.groupby("replication")
        assert row["usd_per_task"] == pytest.approx(by_run["realised_usd"].mean().mean())
        assert row["turnaround_s"] == pytest.approx(by_run["turnaround_s"].mean().mean())
        assert row["success_rate"] == pytest.approx(100 * by_run["good"].mean().mean())
        assert row["late_rate"] == pytest.approx(100 * by_run["late"].mean().mean())
        assert row["exploration_rate"] == pytest.approx(100 * by_run["explored"].mean().mean())
    assert told["tasks"].sum() == len(tasks) / 2
    assert told["share"].groupby("type").sum().to_numpy() == pytest.approx(100.0)
    if not played.scenario.learning:
        return
    contracts = played.contracts.assign(group=group(played, played.contracts["contractor"]))
    for (who, kind), rows in contracts.groupby(["group", "type"], observed=True):
        assert told.loc[who, kind]["attempts"] == len(rows) / 2
        assert told.loc[who, kind]["paid_usd"] == pytest.approx(rows["paid_usd"].sum() / 2)


def listed(count: int, kinds: int) -> list[dict[str, Any]]:
    return [
        {
            "name": f"c{place}",
            "type": f"kind_{place % kinds}",
            "skills": ["rag"],
            "price_usd": 1,
            "reliability": 0.9,
        }
        for place in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "kinds", "told"),
    [
        (3, 2, {"c0", "c1", "c2"}),
        (30, 2, {"kind_0", "kind_1"}),
        (30, 1, {f"c{place}" for place in range(30)}),
    ],
)
def test_many_listed_contractors_of_several_types_are_told_by_type(count: int, kinds: int, told: set[str]):
    scenario = coalesce_sim.load("dur_03", ["clock.days=1", "policy={kind: random}", "skills.threshold=0"])
    fields = scenario.resolved() | {"contractors": listed(count, kinds)}
    routed = coalesce_sim.run(coalesce_sim.load(fields), replications=1).routed
    assert set(routed.contractors) - {None} <= told
    assert len(set(routed.contractors) - {None}) >= min(len(told), 10)


def rows(replication: int, **tasks: float) -> pa.Table:
    """A table of who got how many tasks, all of one type, a second and 2 USD each; ``home`` is home."""
    numbers = {name: list(tasks.values()) for name in COUNTS} | {
        name: [2.0 * each for each in tasks.values()] for name in AMOUNTS
    }
    names = pa.array([None if name == HOME else name for name in tasks], pa.string())
    count = len(tasks)
    return pa.table(
        {"replication": [replication] * count, "contractor": names, "type": ["a"] * count, **numbers}
    )


def test_who_got_nothing_in_a_replication_counts_as_nought_in_it():
    routing = Routing.of([rows(0, home=3, one=1), rows(1, home=4)], 2)
    frame: Any = routing.frame().set_index("contractor")
    assert frame.index.tolist() == [HOME, "one"]
    assert frame["tasks"].tolist() == [3.5, 0.5]
    assert frame["share"].tolist() == [87.5, 12.5]
    assert frame["tasks_half_width"].tolist() == pytest.approx([6.353, 6.353], rel=1e-3)
    intervals = [each.ci95 for each in routing.estimates["share"]]
    assert all(each is not None and 0 <= each[0] < each[1] <= 100 for each in intervals)
    assert frame["usd_per_task"].tolist() == [2.0, 2.0]
    assert np.isnan(frame.loc["one", "usd_per_task_half_width"])


def test_a_run_without_tasks_has_no_rows():
    result = coalesce_sim.run(
        coalesce_sim.load("dur_01", ["workload.arrivals.tasks_per_hour=0"]), replications=1
    )
    assert len(result.routing) == 0
    assert result.summary["routing"] == []
