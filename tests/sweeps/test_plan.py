from __future__ import annotations

import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.scenario.policy import Topsis
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.sweeps import plan as planning
from coalesce_sim.sweeps.design import design_of
from coalesce_sim.sweeps.plan import Plan
from coalesce_sim.sweeps.request import Request
from coalesce_sim.sweeps.running import prepare
from coalesce_sim.sweeps.specification import Specification, read_specification
from tests.sweeps.small import SMALL, planned, written


def keys(**changes: object) -> list[str]:
    plan = planned(**changes)
    return [plan.point(number).key for number in range(len(plan.design))]


def test_points_have_one_key_each_and_the_same_in_another_sweep_with_the_same_scenario():
    three = keys()
    assert len(set(three)) == 3
    assert keys(factors={"policy.epsilon": [0.3, 0.1, 0]}, replications=9, title="other") == three[::-1]
    assert keys(name="another") == three


@pytest.mark.parametrize("change", ["clock.days=0.3", "policy.weighting=critic", "skills.threshold=0.51"])
def test_any_field_of_the_scenario_changes_the_keys(change: str):
    changed = prepare(Request(SMALL, overrides=[change]))
    assert {changed.point(n).key for n in range(3)}.isdisjoint(keys())


@pytest.mark.parametrize(
    ("source", "paper"),
    [
        ({"base": "dur_02", "factors": {"clock.days": [0.1, 0.2]}}, True),
        ({"base": "market", "factors": {"clock.days": [0.1, 0.2]}}, False),
        ({"factors": {"scenario": ["market", "dur_02"]}}, True),
    ],
)
def test_a_sweep_knows_whether_it_is_of_the_paper(source: dict[str, Any], paper: bool):
    assert prepare(Request(source)).paper_metrics is paper


def test_another_version_has_other_keys(monkeypatch: pytest.MonkeyPatch):
    before = keys()
    monkeypatch.setattr(planning, "__version__", "9.9.9")
    assert set(keys()).isdisjoint(before)


def test_the_content_of_a_data_file_is_part_of_the_key_and_of_what_is_asked(tmp_path: Path):
    arrivals = tmp_path / "tasks.csv"
    settings = {
        "kind": "csv",
        "path": str(arrivals),
        "columns": {"arrival_s": "when", "prompt_tokens": "prompt"},
        "type": "code_completion",
    }
    source = {
        "base": "azure_code_like",
        "factors": {"workload.arrivals": {"alternatives": {"table": settings}}},
    }
    arrivals.write_text("when,prompt\n0,10\n")
    key, asked = prepare(Request(source)).point(0).key, prepare(Request(source)).asked()
    arrivals.write_text("when,prompt\n5,10\n")
    changed = prepare(Request(source))
    assert changed.point(0).key != key
    assert changed.asked() != asked
    arrivals.write_text("when,prompt\n0,10\n")
    assert prepare(Request(source)).asked() == asked


def test_the_code_of_ones_own_policy_is_part_of_what_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    text = "from coalesce_sim import Policy\nclass Own(Policy):\n    def decide(self, view): ...\n"
    code = tmp_path / "own_policy_of_a_plan.py"
    code.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    source = SMALL | {"factors": {"policy": ["topsis", "own_policy_of_a_plan:Own"]}}
    asked, key = prepare(Request(source)).asked(), prepare(Request(source)).point(1).key
    code.write_text(text + "    mended = True\n")
    with pytest.raises(ScenarioError, match=r"own_policy_of_a_plan\.py has changed since it was imported"):
        prepare(Request(source))
    monkeypatch.delitem(sys.modules, "own_policy_of_a_plan")  # another process, the next day
    changed = prepare(Request(source))
    assert changed.asked() != asked
    assert changed.point(1).key == key  # so that good runs survive the mending


def test_a_policy_that_was_typed_in_can_be_swept(monkeypatch: pytest.MonkeyPatch):
    notebook = ModuleType("typed_in")
    exec(
        "from coalesce_sim import Policy\nclass Own(Policy):\n    def decide(self, view): ...", vars(notebook)
    )
    monkeypatch.setitem(sys.modules, "typed_in", notebook)
    plan = planned(factors={"policy": ["topsis", "typed_in:Own"]})
    assert plan.asked()["files"] == []


def test_with_common_random_numbers_all_points_have_the_sweeps_seed():
    plan = planned(seed=77)
    assert {plan.point(number).seed for number in range(3)} == {77}
    assert {planned().point(number).seed for number in range(3)} == {coalesce_sim.load("dur_03").seed}


def test_without_them_each_point_has_its_own_seed_that_moves_with_it():
    def seeds(levels: list[float], seed: int) -> dict[float, int]:
        factors = {"policy.epsilon": levels}
        plan = planned(common_random_numbers=False, seed=seed, factors=factors)
        return {level: plan.point(number).seed for number, level in enumerate(levels)}

    three = seeds([0, 0.1, 0.3], 1)
    assert len(set(three.values())) == 3
    assert seeds([0.3, 0], 1) == {level: three[level] for level in (0.3, 0)}
    assert set(seeds([0, 0.1, 0.3], 2).values()).isdisjoint(three.values())
    assert all(0 <= seed < 2**63 for seed in three.values())


def test_whole_policies_come_before_their_parameters_and_fill_in_from_the_base():
    plan = prepare(
        Request(
            "dur_03",
            vary={"policy.explored_score": [0.25], "policy": ["topsis(epsilon=0.2)", "scenario"]},
        )
    )
    policies = [plan.point(number).scenario.policy.model_dump() for number in range(2)]
    own = coalesce_sim.load("dur_03").policy.model_dump()
    assert [policy["epsilon"] for policy in policies] == [0.2, own["epsilon"]]
    assert [policy["explored_score"] for policy in policies] == [0.25, 0.25]


def test_scenarios_and_pools_vary_as_a_whole():
    few = [{"name": "a", "price_usd": 1.0, "latency_min": 5, "reliability": 1.0}]
    factors = {
        "scenario": ["dur_01", "dur_02"],
        "contractors": {"alternatives": {"none": {"count": 7}, "one": few}},
    }
    plan = prepare(Request({"factors": factors, "replications": 1}))
    names = [plan.point(number).scenario.name for number in range(4)]
    assert names == ["dur_01", "dur_01", "dur_02", "dur_02"]
    pools = [plan.point(number).scenario.resolved()["contractors"] for number in range(4)]
    assert [type(pool) for pool in pools] == [dict, list, dict, list]


def test_a_fact_of_all_types_of_contractors_varies_as_one():
    fact = "contractors.types.*.price_usd"
    plan = prepare(Request("market", vary=[f"{fact}=1,2"], overrides=["contractors.types.*.slots=3"]))
    for number, price_usd in enumerate((1, 2)):
        kinds = plan.point(number).scenario.resolved()["contractors"]["types"].values()
        assert [(kind["price_usd"], kind["slots"]) for kind in kinds] == [(price_usd, 3)] * 4


def test_replications_and_seed_default_to_the_base_scenarios(tmp_path: Path):
    written(tmp_path, "extends: dur_03\ntitle: Mine\nreplications: 6\nseed: 12\n", "own.yaml")
    plan = prepare(Request(written(tmp_path, "base: ./own.yaml\nfactors: {policy.epsilon: [0, 0.1]}\n")))
    assert (plan.replications, plan.seed, plan.runs_at_least) == (6, 12, 12)


def test_every_level_is_tried_before_anything_runs_and_all_problems_are_told():
    with pytest.raises(coalesce_sim.ScenarioError) as refused:
        planned(factors={"policy.epsilon": [0, 2], "skills.threshold": [0.5, -1], "clock.days": [1, 0]})
    told = str(refused.value)
    assert told.count("\n") == 2
    for part in ("policy.epsilon: must be <= 1 (got 2)", "(got -1)", "(got 0)"):
        assert part in told


def test_points_are_numbered_beyond_what_memory_holds():
    fields = ("policy.epsilon", "policy.explored_score", "policy.explored_confidence")
    levels = {"linspace": [0, 1, 1000]}
    specification, document = read_specification(Request(SMALL | {"factors": dict.fromkeys(fields, levels)}))
    plan = Plan(specification, document)
    assert len(plan.design) == 10**9
    assert plan.runs_at_least == 3 * 10**9
    last = plan.point(10**9 - 1).scenario.policy
    assert isinstance(last, Topsis)
    assert (last.epsilon, last.explored_score, last.explored_confidence) == (1, 1, 1)


def test_a_design_is_drawn_by_the_seed_of_the_sweep_wherever_it_is_said():
    ranges = {"factors": {"policy.epsilon": {"uniform": [0, 0.3]}}, "design": {"sobol": 4}}
    own, same, other = (planned(**ranges, **seed) for seed in ({}, {"seed": 1}, {"seed": 2}))
    assert own.seed == 1
    assert own.asked() == same.asked()
    played = [[plan.point(number).scenario.resolved() for number in range(4)] for plan in (own, same, other)]
    values = [[each["policy"]["epsilon"] for each in scenarios] for scenarios in played]
    assert values[0] == values[1] != values[2]
    kept = Specification.model_validate(own.specification.as_json())
    assert design_of(kept).columns(np.arange(4))["policy.epsilon"].tolist() == values[0]


def test_a_plan_that_travels_makes_the_same_points():
    plan = planned(factors={"policy.epsilon": {"linspace": [0, 1, 1000]}})
    pickled = pickle.dumps(plan)
    assert pickle.loads(pickled).point(777) == plan.point(777)
