"""The replay of recorded agents yields what the records say, row by row."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalesce_sim

NAMES = ["real_agents", "real_agents_240", "real_agents_2000"]


def load(name: str, shared_data: Path, *overrides: str) -> coalesce_sim.Scenario:
    files = {"path": "openhands_instances.csv", "models_path": "openhands_models.csv"}
    return coalesce_sim.load(
        name, [*(f"records.{field}={shared_data / file}" for field, file in files.items()), *overrides]
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_scenarios_are_valid_and_named_after_their_files(name: str, shared_data: Path) -> None:
    scenario = load(name, shared_data)
    assert scenario.name == name
    assert scenario.title


@pytest.fixture(scope="module")
def replayed(shared_data: Path) -> coalesce_sim.RunResult:
    scenario = load("real_agents", shared_data, "policy={kind: random}")
    return coalesce_sim.run(scenario, replications=1)


def test_every_task_costs_its_recorded_bill_and_the_rework_of_what_was_not_solved(
    replayed: coalesce_sim.RunResult, shared_data: Path
) -> None:
    runs = pd.read_csv(shared_data / "openhands_instances.csv").dropna()
    paid = replayed.decisions
    assert len(paid) == 669
    assert paid.groupby("type", observed=True).size().to_dict() == {
        "gaia": 82,
        "swe-bench": 294,
        "swe-bench-multimodal": 49,
        "swt-bench": 244,
    }
    cost_usd = (runs["cost_usd"] + 5 * (1 - runs["resolved"].astype(float))).round(6)
    recorded = set(zip(runs["benchmark"], runs["model"], cost_usd, strict=True))
    who = paid.contractor.astype(object).where(paid.choice == "contractor", "Qwen3-Coder-Next")
    unrecorded = [
        (kind, model, cost)
        for kind, model, cost in zip(paid.type, who, paid.realised_usd.round(6), strict=True)
        if (kind, model, cost) not in recorded
    ]
    assert unrecorded == []


def test_staying_at_home_costs_what_the_own_agent_ran_up(
    replayed: coalesce_sim.RunResult, shared_data: Path
) -> None:
    runs = pd.read_csv(shared_data / "openhands_instances.csv").dropna()
    own = runs[(runs.model == "Qwen3-Coder-Next") & (runs.benchmark != "commit0")]
    expected_usd = (own.cost_usd + 5 * (1 - own.resolved.astype(float))).sum()
    assert replayed.decisions.all_local_usd.sum() == pytest.approx(expected_usd, rel=1e-12)


def test_each_task_is_replayed_once_in_another_order_in_every_replication(shared_data: Path) -> None:
    scenario = load("real_agents", shared_data, "policy={kind: always_local}")
    paid = coalesce_sim.run(scenario, replications=2).decisions
    first, second = (paid.realised_usd[paid.replication == number].to_numpy() for number in (0, 1))
    np.testing.assert_allclose(np.sort(first), np.sort(second))
    assert not np.array_equal(first, second)


def test_policies_that_draw_nothing_decide_alike_in_every_run(shared_data: Path) -> None:
    scenario = load("real_agents_240", shared_data, "policy={kind: optimistic_greedy}")
    one, two = (coalesce_sim.run(scenario, replications=1).decisions for _ in range(2))
    assert one.equals(two)
    assert not one.explored.any()
    assert one.contractor.nunique() > 5
