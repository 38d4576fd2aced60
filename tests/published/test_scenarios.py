"""The bundled scenarios of the cold start and the real-LLM study."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.experiments.published.digest import Case
from coalesce_sim.experiments.published.real_llm import offered
from coalesce_sim.scenario.pool import DrawnPool
from tests.markets import SHARED

TASKS_CSV = SHARED / "spec" / "published-real-llm-35-tasks.csv"
TABLE_CSV = SHARED / "spec" / "published-table-239-runs.csv"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the published files are not beside this checkout"
)


@needs_shared
def test_the_series_gives_the_published_tasks_and_their_cost_at_home() -> None:
    with TASKS_CSV.open(newline="") as handle:
        published = list(csv.DictReader(handle))
    decisions = coalesce_sim.run(coalesce_sim.load("real_llm_35"), replications=1).decisions
    assert list(decisions["type"]) == [row["type"] for row in published]
    costs = np.array([float(row["internal_cost_usd"]) for row in published])
    assert np.abs(decisions["internal_usd"].to_numpy() - costs).max() <= 0.5e-6
    assert (decisions["internal_opportunity_usd"] == 0).all()

    arrivals = coalesce_sim.load("real_llm_35").workload.arrivals
    assert arrivals.kind == "series"
    columns = {
        "documents": "document_count",
        "data_gb": "data_gb",
        "complexity": "complexity",
        "duration_h": "estimated_duration_hours",
        "value_usd": "value_usd",
        "budget_usd": "budget_usd",
    }
    rows = [(part, i) for part in arrivals.parts for i in range(part.count)]
    for attribute, column in columns.items():
        generated = [
            part.attributes[attribute].start + i * part.attributes[attribute].step for part, i in rows
        ]
        assert generated == pytest.approx([float(row[column]) for row in published]), attribute


def test_the_extension_continues_the_published_progressions() -> None:
    short, long = (coalesce_sim.load(name).workload.arrivals for name in ("real_llm_35", "real_llm_240"))
    assert short.kind == long.kind == "series"
    for one, other in zip(short.parts, long.parts, strict=False):
        assert (one.type, one.attributes) == (other.type, other.attributes)
    assert [part.count for part in long.parts] == [60] * 4
    assert long.parts[3].type == "sentiment_analysis"
    assert "extension" in coalesce_sim.load("real_llm_240").title


@pytest.mark.parametrize("name", ["real_llm_35", "real_llm_240"])
def test_only_exploration_hires_in_the_real_llm_study(name: str) -> None:
    scenario = coalesce_sim.load(name)
    assert offered(Case(scenario, 1)).highest_skill < scenario.skills.threshold
    decisions = coalesce_sim.run(scenario, replications=3).decisions
    outsourced = decisions["contractor"].notna()
    assert outsourced.any()
    assert (outsourced == decisions["explored"]).all()


def test_nobody_outsources_on_the_first_day_without_exploration() -> None:
    timeline = coalesce_sim.run(coalesce_sim.load("cold_start"), replications=3).timeline
    first_day = timeline[timeline["start_s"] < 86_400]
    assert first_day.groupby("replication")["tasks"].sum().min() > 20
    assert first_day["outsourced"].sum() == 0
    assert timeline["outsourced"].sum() > 0


def test_exploration_outsources_from_the_first_day_on() -> None:
    decisions = coalesce_sim.run(coalesce_sim.load("cold_start_explore"), replications=3).decisions
    first_day = decisions[(decisions["arrival_s"] < 86_400) & decisions["contractor"].notna()]
    assert len(first_day) > 0
    assert first_day["explored"].all()


@pytest.mark.parametrize("change", ["execution_time_unit=second", "opportunity=none"])
def test_what_home_costs_decides_nothing_in_the_published_model(change: str) -> None:
    as_published = coalesce_sim.run(coalesce_sim.load("dur_02"), replications=2).decisions
    changed = coalesce_sim.load("dur_02", [f"cost_model.internal.{change}"])
    otherwise = coalesce_sim.run(changed, replications=2).decisions
    assert as_published["contractor"].astype(str).equals(otherwise["contractor"].astype(str))


@needs_shared
def test_the_scenarios_carry_the_printed_table() -> None:
    with TABLE_CSV.open(newline="") as handle:
        for row in csv.DictReader(handle):
            scenario = coalesce_sim.load(row["experiment"])
            assert scenario.clock.days == float(row["days"])
            assert scenario.clients.count == int(row["clients"])
            assert isinstance(scenario.contractors, DrawnPool)
            assert scenario.contractors.count == int(row["contractors"])
            for metric, prefix in (
                ("cost_reduction_published", "cost_reduction"),
                ("time_savings_published", "time_savings"),
            ):
                printed = scenario.published[metric]
                assert printed.mean == float(row[f"{prefix}_mean_pct"])
                assert printed.sd == float(row[f"{prefix}_sd_pct"])
                assert printed.n == int(row["runs"])
