from __future__ import annotations

import json
from dataclasses import asdict

import pandas as pd
import pytest

from coalesce_sim import RunResult, load, run
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


RETRYING = load("market_day", ["workload.arrivals.limit=150"])
REPORT = """{share: 0.9, max_latency_min: 8, integration_usd: 0.02, steps: {find: {type: research, work: 0.4},
code: {type: coding, work: 0.4, after: [find]}, check: {type: analysis, work: 0.2, after: [code]}}}"""


@pytest.fixture(scope="module")
def retrying() -> RunResult:
    return run(RETRYING, seed=1, replications=1, offers=True)


def test_every_attempt_is_told_with_its_contract_until_the_task_has_ended(retrying: RunResult):
    contracts = retrying.contracts
    decisions = retrying.decisions.set_index("task")
    again = contracts[(contracts["attempt"] == 1) & contracts["accepted"]].iloc[0]
    task = int(again["task"])
    whole = explain(RETRYING, 1, 0, task)
    first, second = contracts[contracts["task"] == task].to_dict("records")
    assert whole.contract is not None
    for told, row in ((whole.contract, first), (whole.retries[0]["contract"], second)):
        for name in ("contractor", "state", "paid_usd", "fees_usd", "submitted_s", "ended_s", "good"):
            assert told[name] == row[name]
    assert whole.contract["reason"] == first["reason"]
    assert "found bad" in whole.contract["verdict"] or "Failed" in whole.contract["verdict"]
    assert "and accepted" in whole.retries[0]["contract"]["verdict"]
    assert whole.retries[0]["left_out"]["tried before"] == [first["contractor"]]
    assert whole.realised["realised_usd"] == decisions.loc[task, "realised_usd"]
    assert whole.realised["attempts"] == 2
    assert f"at {second['contractor']} after 1 contract that came to nothing" in whole.realised["verdict"]
    json.dumps(asdict(whole), allow_nan=False)


def test_both_costs_of_a_learning_market_add_up_part_by_part(retrying: RunResult):
    hired = retrying.contracts.iloc[-1]
    whole = explain(RETRYING, 1, 0, int(hired["task"]))
    parts = {name: value for name, value in whole.home.items() if name.endswith("_usd")}
    assert parts.pop("internal_usd") == pytest.approx(sum(parts.values()))
    assert whole.home["expected_loss_usd"] > 0
    for row in whole.contractors:
        costs = {name: value for name, value in row.items() if name.endswith("_usd")}
        assert costs.pop("external_usd") == pytest.approx(sum(costs.values()))
        assert row["working_s"] + row["waiting_s"] + row["overhead_s"] == pytest.approx(row["latency_s"])
    left_out = [name for names in whole.left_out.values() for name in names]
    offering = [row["contractor"] for row in whole.contractors]
    assert sorted(left_out + offering) == sorted(set(left_out + offering))
    assert len(left_out + offering) == 30


def test_a_step_is_told_with_its_whole_and_may_never_have_begun():
    overrides = ["workload.arrivals.limit=40", f"workload.types.report={REPORT}", "policy={kind: random}"]
    scenario = load("market_day", [*overrides, "contracts.recovery={retries: 0, then: give_up}"])
    decisions = run(scenario, seed=1, replications=1).decisions
    never = int(decisions[decisions["outcome"] == "canceled"]["task"].iloc[0])
    told = explain(scenario, 1, 0, never)
    assert told.whole is not None
    own = next(step for step in told.whole["steps"] if step["task"] == never)
    assert own["worker"] == "nobody"
    assert own["after"] == [never - 1]
    assert told.decision["verdict"].startswith("Never begun")
    rows = decisions[decisions["task"].isin([step["task"] for step in told.whole["steps"]])]
    assert told.whole["realised_usd"] == pytest.approx(rows["realised_usd"].sum())
    blamed = rows[rows["closes"]].iloc[0]
    ended = explain(scenario, 1, 0, int(blamed["task"]))
    assert ended.realised["verdict"] == (
        f"Given up after 1 contract that came to nothing, at a loss of {blamed['loss_usd']:.3g} USD."
    )


def test_a_task_nobody_can_do_is_given_up():
    nowhere = ["workload.arrivals.limit=5", "clients.slots=0", "skills.threshold=1", "policy.epsilon=0"]
    told = explain(load("market_day", nowhere), 1, 0, 0)
    assert told.decision["verdict"].startswith("Not outsourced and, no client having a slot, given up")
    assert told.realised["verdict"].startswith("Given up, at a loss of ")
    assert told.home["internal_usd"] == told.home["expected_loss_usd"] == told.realised["loss_usd"]
