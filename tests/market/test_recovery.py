"""Retries among all contractors: whoever was tried may try again, and has another luck."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim import ScenarioError
from coalesce_sim.experiments.diagnosis.warnings import notes_of
from tests.market.test_plain_market import recorded
from tests.market.trading import contractor, market, play
from verification.both_cores import assert_same_on_both_cores, assert_told_the_same_by_both_cores
from verification.plain_and_simulator import differences

TASKS = 120


def retried(
    among: str, tasks: int = TASKS, correlation: float = 0.0, **sections: Any
) -> coalesce_sim.Scenario:
    """Whose only seller does half of its work well, and is asked up to three times again."""
    recovery = {"retries": 3, "among": among, "then": "give_up"}
    only, other = contractor("only", success=0.5), contractor("other", success=0.5, price_usd=2)
    policy = {"kind": "fixed", "contractor": "only"}
    rules: dict[str, Any] = {"policy": policy, "contracts": {"recovery": recovery}} | sections
    fields = market(range(0, 250 * tasks, 250), only, other, **rules)
    fields["workload"]["failure_correlation"] = correlation
    return coalesce_sim.load(fields)


def test_who_was_tried_tries_again_until_it_is_done_well() -> None:
    once, again = (coalesce_sim.run(retried(among), replications=1) for among in ("untried", "all"))
    first = again.contracts[again.contracts["attempt"] == 0]
    assert first["good"].tolist() == [
        task in set(once.contracts[once.contracts["good"]]["task"]) for task in range(TASKS)
    ]
    failed = (again.decisions["outcome"] == "failed").mean()
    assert failed == pytest.approx(0.5**4, abs=3 * (0.0625 * 0.9375 / TASKS) ** 0.5)
    tried = again.decisions["attempts"].value_counts(normalize=True).sort_index().tolist()
    assert tried == pytest.approx([1 / 2, 1 / 4, 1 / 8, 1 / 8], abs=3 * (0.25 / TASKS) ** 0.5)


def test_who_was_tried_offers_again() -> None:
    fields = market([0], *(contractor(name, success=0) for name in "ab"))
    fields["contracts"] = {"recovery": {"retries": 2, "among": "all"}}
    _, script = play(fields, "a", "a", "b")
    assert script.offered == [(0, ["a", "b"])] * 3


@pytest.mark.parametrize("kind", ["greedy", "oracle"])
def test_both_cores_and_the_plain_market_try_again_alike(kind: str) -> None:
    scenario = retried("all", tasks=20, correlation=0.4, policy={"kind": kind})
    assert_same_on_both_cores(scenario)
    assert_told_the_same_by_both_cores(scenario)
    assert kind == "oracle" or differences(scenario) == []


def test_what_was_recorded_once_cannot_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"contracts\.recovery\.among: must be untried where recorded"):
        recorded(tmp_path, contracts={"recovery": {"retries": 1, "among": "all"}})


def test_among_whom_is_without_effect_where_nobody_is_asked_again() -> None:
    scenario = retried("all", contracts={"recovery": {"among": "all"}})
    assert "contracts.recovery.among" in str(notes_of(scenario))
