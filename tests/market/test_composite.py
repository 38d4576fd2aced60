"""Composite tasks: the order of their steps, when they are done, and what they cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coalesce_sim import LOCAL, Decision, Policy, View
from tests.market.trading import (
    HOME,
    HOME_USD,
    LATE_USD_PER_S,
    VALUE_USD,
    contractor,
    market,
    play,
    run_of,
)

INTEGRATION_USD = 0.5
DIAMOND = {
    "plan": {"type": "short"},
    "left": {"type": "short", "after": ["plan"]},
    "right": {"type": "long", "after": ["plan"], "work": 2.0},
    "join": {"type": "short", "after": ["left", "right"]},
}
PLAN, LEFT, RIGHT, JOIN = range(4)


def composite(
    arrivals: list[float], *contractors: dict[str, Any], steps: dict[str, Any] = DIAMOND, **sections: Any
) -> dict[str, Any]:
    """Wholes that are late after 300 s; a short step takes 60 s at home and 30 elsewhere, a long one 150."""
    types = {
        "whole": {"steps": steps, "integration_usd": INTEGRATION_USD, "local_min": 99},
        "short": {"max_latency_min": 60},
        "long": {"max_latency_min": 60, "local_min": 2.5},
    }
    tasks = [{"type": "whole", "arrival_s": each} for each in arrivals]
    return market(tasks, *contractors, types=types, **sections)


def helper(name: str, **facts: Any) -> dict[str, Any]:
    outcomes = {
        "short": {"success": facts.pop("short", 1), "latency_min": 0.5},
        "long": {"success": facts.pop("long", 1), "latency_min": 2.5},
    }
    return contractor(name, outcomes=outcomes, **facts)


def test_steps_begin_when_those_before_them_are_done_and_the_critical_path_counts() -> None:
    result, script = play(composite([100], helper("a"), helper("b")), "a", "b", HOME, "a")
    decisions = result.decisions
    assert script.offered == [(PLAN, ["a", "b"]), (LEFT, ["a", "b"]), (RIGHT, ["a", "b"]), (JOIN, ["a", "b"])]
    assert decisions["type"].tolist() == ["short", "short", "long", "short"]
    assert decisions["arrival_s"].tolist() == [100] * 4
    assert decisions["decided_s"].tolist() == [100, 130, 130, 280]
    assert decisions["finished_s"].tolist() == [130, 160, 280, 310], "30 + max(30, 150) + 30"
    assert decisions["closes"].tolist() == [False, False, False, True]
    # In time by the whole's own 300 s. The step at home has twice the data, and so costs twice as much.
    costs_usd = [1, 1, 2 * HOME_USD, 1 + INTEGRATION_USD]
    assert decisions["realised_usd"].tolist() == pytest.approx(costs_usd)
    metrics = result.replications[0]
    assert (metrics["tasks"], metrics["success_rate"], metrics["turnaround_p50_s"]) == (1, 100, 210)
    assert metrics["attempts_per_task"] == 4
    assert metrics["outsourcing_rate"] == 75


def test_a_whole_is_late_by_its_own_target_and_once() -> None:
    slow = helper("a", network_ms=100_000)
    result, _ = play(composite([0], slow), *"aaaa")
    decisions = result.decisions
    assert decisions["finished_s"].tolist() == [130, 260, 380, 510]
    late_usd = (510 - 300) * LATE_USD_PER_S
    assert decisions["realised_usd"].tolist() == pytest.approx([1, 1, 1, 1 + INTEGRATION_USD + late_usd])
    assert result.estimates["lateness_usd"].mean == pytest.approx(late_usd)
    assert result.estimates["late_rate"].mean == 100


def test_a_step_that_comes_to_nothing_ends_the_whole() -> None:
    scenario = composite(
        [0, 1000], helper("good"), helper("bad", long=0, short=0), contracts={"recovery": {"then": "give_up"}}
    )
    # The long step fails at 180; the whole ends there and is not joined. The second whole ends well.
    result, script = play(scenario, "good", "good", "bad", "good", "good", "good", "good")
    decisions = result.decisions
    assert decisions["outcome"].tolist() == [
        "completed",
        "completed",
        "failed",
        "canceled",
        *["completed"] * 4,
    ]
    assert decisions["attempts"].tolist() == [1, 1, 1, 0, 1, 1, 1, 1]
    assert decisions["closes"].tolist() == [False, False, True, False, False, False, False, True]
    assert decisions["decided_s"].tolist() == [0, 30, 30, 180, 1000, 1030, 1030, 1180]
    assert decisions["finished_s"].tolist() == [30, 60, 180, 180, 1030, 1060, 1180, 1210]
    assert decisions["loss_usd"].tolist() == [0, 0, VALUE_USD, 0, 0, 0, 0, 0]
    assert decisions["realised_usd"].tolist() == pytest.approx(
        [1, 1, VALUE_USD, 0, 1, 1, 1, 1 + INTEGRATION_USD]
    )
    assert decisions["choice"].tolist()[JOIN] == "local"
    metrics = result.replications[0]
    assert (metrics["tasks"], metrics["success_rate"], metrics["loss_usd"]) == (2, 50, VALUE_USD)
    assert metrics["outsourcing_rate"] == 100, "a step that never began was never decided on"
    assert metrics["turnaround_p99_s"] == pytest.approx(180 + 0.99 * 30)
    assert [task for task, _ in script.offered] == [0, 1, 2, 4, 5, 6, 7]


def test_nothing_more_is_spent_on_a_whole_that_is_lost() -> None:
    """Left is given up at 60; right fails at 180 and, though it has a retry left, is not tried again."""
    steps = {name: step for name, step in DIAMOND.items() if name != "join"}
    scenario = composite(
        [0],
        helper("good"),
        helper("bad", long=0, short=0),
        helper("worse", long=0, short=0),
        steps=steps,
        contracts={"recovery": {"retries": 1, "then": "give_up"}},
    )
    scenario["contractors"][2]["unreachable_rate"] = 1
    scenario["contracts"]["connect_timeout_s"] = 5
    result, script = play(scenario, "good", "bad", "bad", "worse")
    assert [task for task, _ in script.offered] == [PLAN, LEFT, RIGHT, LEFT]
    decisions = result.decisions
    assert decisions["finished_s"].tolist() == [30, 65, 180]
    assert decisions["closes"].tolist() == [False, True, False]
    assert decisions["attempts"].tolist() == [1, 2, 1]
    assert decisions["loss_usd"].tolist() == [0, VALUE_USD, 0]


def test_bad_work_that_nobody_found_spoils_the_whole_when_it_is_put_together() -> None:
    check = {"verification": {"automated": {"sensitivity": 0}}}
    scenario = composite([0], helper("good"), helper("bad", short=0), contracts=check)
    result, script = play(scenario, "bad", "good", "good", "good")
    decisions = result.decisions
    assert decisions["outcome"].tolist() == ["failed", "completed", "completed", "failed"]
    assert decisions["loss_usd"].tolist() == [0, 0, 0, VALUE_USD]
    assert decisions["realised_usd"].tolist() == pytest.approx([1, 1, 1, 1 + INTEGRATION_USD + VALUE_USD])
    assert all(success for _, _, success in script.told)
    assert result.estimates["success_rate"].mean == 0


def test_a_client_without_gpu_that_keeps_a_step_loses_the_whole() -> None:
    result, _ = play(composite([0], helper("a"), clients={"slots": 0}), "a", "a", HOME)
    decisions = result.decisions
    assert decisions["outcome"].tolist() == ["completed", "completed", "failed", "canceled"]
    assert decisions["realised_usd"].sum() == pytest.approx(2 + VALUE_USD)
    assert result.estimates["all_local_usd"].mean == pytest.approx(VALUE_USD)
    assert result.estimates["all_local_success_rate"].mean == 0


def test_the_all_local_baseline_is_the_same_wholes_at_home() -> None:
    """Two wholes on one GPU: 60, then the two plans' followers in the order in which they became ready."""
    scenario = composite([0, 0], helper("a"), clients={"slots": 1}, policy={"kind": "always_local"})
    alone = run_of(scenario)
    decisions = alone.decisions
    # Plans until 60 and 120; 1's left and right at 180, 330; 2's at 390, 540; 1's join was ready at 330.
    assert decisions["finished_s"].tolist() == [60, 180, 330, 600, 120, 390, 540, 660]
    assert decisions["all_local_usd"].equals(decisions["realised_usd"])
    assert decisions["all_local_s"].dropna().tolist() == [600, 660]
    assert alone.estimates["cost_reduction"].mean == 0
    assert alone.estimates["time_reduction"].mean == 0
    assert alone.estimates["all_local_turnaround_p50_s"].mean == 630
    away, _ = play(scenario, *"aaaaaaaa")
    assert away.decisions["all_local_usd"].equals(decisions["all_local_usd"])
    assert away.decisions["all_local_s"].equals(decisions["all_local_s"])


def test_all_local_success_counts_wholes_by_whether_bad_work_went_into_them() -> None:
    """At home long steps are bad and short ones good: of four wholes, the one with a long step is lost."""
    first, middle, last = {"type": "short"}, {"type": "short"}, {"type": "short", "after": ["first"]}
    types = {
        "sound": {"steps": {"first": first, "last": last}},
        "flawed": {"steps": {"first": {"type": "long"}, "middle": middle, "last": last}},
        "short": {},
        "long": {},
    }
    kinds = ["sound", "flawed", "sound", "sound"]
    scenario = market(
        [{"type": kind, "arrival_s": 1000.0 * number} for number, kind in enumerate(kinds)],
        contractor("a"),
        types=types,
        clients={"outcomes": {"short": {"success": 1}, "long": {"success": 0}}},
    )
    at_home, _ = play(scenario)
    away, _ = play(scenario, *["a"] * 9)
    assert [each.estimates["success_rate"].mean for each in (at_home, away)] == [75, 100]
    for each in (at_home, away):
        assert each.estimates["all_local_success_rate"].mean == 75
        assert each.estimates["all_local_loss_usd"].mean == VALUE_USD


def test_a_step_has_its_part_of_the_whole() -> None:
    steps = {
        "half": {"type": "short", "work": 0.5},
        "rest": {"type": "short", "work": 1.5, "after": ["half"]},
    }
    scenario = composite(
        [0, 10],
        contractor("a", price_usd=0, input_usd_per_mtok=1e6, decode_tokens_per_s=10),
        steps=steps,
        attributes={"prompt_tokens": 4, "output_tokens": 100, "expected_output_tokens": 100},
        external={"pricing": {"kind": "per_token"}},
    )
    contracts = play(scenario, *"aaaa")[0].contracts.sort_values("task")
    assert contracts["agreed_usd"].tolist() == [2, 6, 2, 6]
    # A minute whatever the task, and a tenth of a second a token.
    assert (contracts["ended_s"] - contracts["working_s"]).tolist() == [65, 75, 65, 75]


DAGS = st.lists(
    st.tuples(st.integers(1, 5), st.sets(st.integers(0, 6)), st.sampled_from([HOME, "a"])),
    min_size=1,
    max_size=7,
)


@settings(max_examples=20)
@given(DAGS)
def test_a_whole_takes_as_long_as_its_longest_path(dag: list[tuple[int, set[int], str]]) -> None:
    """With room for everybody, a step ends its own time after the last of those before it."""
    before = [{k for k in after if k < number} for number, (_, after, _) in enumerate(dag)]
    types: dict[str, Any] = {f"t{minutes}": {"local_min": minutes} for minutes in range(1, 6)}
    types["whole"] = {
        "steps": {
            f"s{number}": {"type": f"t{minutes}", "after": [f"s{k}" for k in sorted(before[number])]}
            for number, (minutes, _, _) in enumerate(dag)
        }
    }
    outcomes = {f"t{minutes}": {"success": 1, "latency_min": 2 * minutes} for minutes in range(1, 6)}
    where = [place for _, _, place in dag]
    ends_s: list[float] = []
    for number, (minutes, _, place) in enumerate(dag):
        begun_s = max((ends_s[k] for k in before[number]), default=0.0)
        ends_s.append(begun_s + 60 * minutes * (2 if place == "a" else 1))
    scenario = market([{"type": "whole", "arrival_s": 0}], contractor("a", outcomes=outcomes), types=types)

    class AsDrawn(Policy):
        def decide(self, view: View) -> Decision:
            return Decision(0 if where[view.task] == "a" else LOCAL)

    result = run_of(scenario, policy=AsDrawn)
    decisions = result.decisions
    assert decisions["finished_s"].tolist() == pytest.approx(ends_s)
    assert np.flatnonzero(decisions["closes"]).size == 1
    assert decisions.loc[decisions["closes"], "finished_s"].item() == pytest.approx(max(ends_s))
    assert result.estimates["turnaround_p50_s"].mean == pytest.approx(max(ends_s))
