from __future__ import annotations

import pandas as pd
import pytest

from coalesce_sim import load, run
from coalesce_sim.report.explanation import explain

SCENARIO = load("dur_03", ["clock.days=1"])


@pytest.fixture(scope="module")
def decisions() -> pd.DataFrame:
    return run(SCENARIO, seed=1, replications=1).decisions


def told(row: pd.Series) -> str:
    verdict: str = explain(SCENARIO, 1, 0, int(row["task"])).decision["verdict"]
    return verdict


def test_an_explored_task(decisions: pd.DataFrame):
    row = decisions[decisions["explored"]].iloc[0]
    verdict = told(row)
    assert verdict.startswith(f"Goes to {row['contractor']} at an estimated ")
    assert verdict.endswith("explored (probability ε = 0.1), a random one of all 30 whatever their skills.")


def test_a_task_that_was_sent_away(decisions: pd.DataFrame):
    row = decisions[(decisions["choice"] == "contractor") & ~decisions["explored"]].iloc[0]
    assert told(row).endswith(
        f"its score {row['score']:.3f} is above 0.6 and the confidence {row['confidence']:.3f} above 0.8."
    )


def test_a_task_for_which_nobody_is_eligible(decisions: pd.DataFrame):
    row = decisions[decisions["score"].isna() & ~decisions["explored"]].iloc[0]
    assert told(row).endswith("no contractor reaches the skill threshold 0.7.")


def test_a_task_that_stays_while_confidence_is_low(decisions: pd.DataFrame):
    rows = decisions[(decisions["choice"] == "local") & (decisions["score"] > 0.6)]
    assert told(rows.iloc[0]).endswith(": the confidence 0.800 is not above 0.8.")


def test_costs_add_up_and_scores_follow_from_the_distances(decisions: pd.DataFrame):
    row = decisions[decisions["score"].notna() & ~decisions["explored"]].iloc[0]
    whole = explain(SCENARIO, 1, 0, int(row["task"]))
    parts = ("compute_usd", "memory_usd", "energy_usd", "opportunity_usd", "depreciation_usd")
    assert sum(whole.home[part] for part in parts) == pytest.approx(whole.home["internal_usd"])
    assert sum(whole.reasons["weights"].values()) == pytest.approx(1)
    for each in whole.contractors:
        if each["eligible"]:
            total = each["distance_to_best"] + each["distance_to_worst"]
            assert each["topsis_score"] == pytest.approx(each["distance_to_worst"] / total)
        else:
            assert each["topsis_score"] is None


def test_the_cheapest_policy_is_told_by_its_costs():
    scenario = load("dur_03", ["clock.days=1", "policy={kind: cheapest}"])
    verdicts = [explain(scenario, 1, 0, task).decision["verdict"] for task in range(12)]
    assert any("USD at home." in verdict for verdict in verdicts)
    assert not any("score" in verdict for verdict in verdicts)
    dear = load(
        "dur_03",
        [
            "clock.days=1",
            "policy={kind: cheapest}",
            "skills.threshold=0",
            "cost_model.external.integration_usd=1e6",
        ],
    )
    assert "the cheapest that is eligible." in explain(dear, 1, 0, 0).decision["verdict"]


@pytest.mark.parametrize("task", [-1, 10_000])
def test_a_task_that_does_not_exist(task: int):
    with pytest.raises(
        LookupError, match=rf"no task {task}: there are \d+, 0 to \d+ in replication 0 of seed 1"
    ):
        explain(SCENARIO, 1, 0, task)
