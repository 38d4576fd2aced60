from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coalesce_sim import ScenarioError
from coalesce_sim.sweeps.design import design_of
from coalesce_sim.sweeps.request import Request
from coalesce_sim.sweeps.running import prepare
from coalesce_sim.sweeps.specification import Specification, factor_of_text, read_specification
from tests.sweeps.small import SMALL, planned, written


def columns(factors: dict[str, Any], design: Any = "grid", **stated: Any) -> dict[str, list[Any]]:
    """All design points, column by column."""
    specification = Specification(name="x", base="dur_03", factors=factors, design=design, **stated)
    points = design_of(specification)
    return {name: cells.tolist() for name, cells in points.columns(np.arange(len(points))).items()}


def refusal(**changes: Any) -> str:
    with pytest.raises(ScenarioError) as refused:
        planned(**changes)
    return str(refused.value)


@pytest.mark.parametrize(
    ("settings", "levels"),
    [
        ([0, 0.1], [0, 0.1]),
        ([True, False], [True, False]),
        (["a", None, 3], ["a", "null", "3"]),
        ([1, True], ["1", "true"]),
        ({"linspace": [0, 0.3, 4]}, [0, 0.1, 0.2, 0.3]),
        ({"linspace": [3, 1, 3]}, [3, 2, 1]),
        ({"logspace": [1, 100, 3]}, [1, 10, 100]),
        ({"logspace": [0.1, 0.001, 3]}, [0.1, 0.01, 0.001]),
        ({"alternatives": {"few": [1], "many": [1, 2]}}, ["few", "many"]),
    ],
)
def test_levels_are_what_a_reader_of_the_file_expects(settings: Any, levels: list[Any]):
    found = columns({"some.field": settings})["some.field"]
    assert found == levels
    assert list(map(type, found)) == list(map(type, np.array(levels).tolist()))


def test_whole_numbers_stay_whole_and_cells_of_one_column_have_one_type():
    found = columns({"count": {"linspace": [1, 3, 3]}, "share": [0, 0.5]})
    assert {type(cell) for cell in found["count"]} == {int}
    assert {type(cell) for cell in found["share"]} == {float}


def test_in_a_grid_the_last_factor_moves_fastest():
    found = columns({"a": [1, 2], "b": ["x", "y", "z"]})
    assert found == {"a": [1, 1, 1, 2, 2, 2], "b": ["x", "y", "z"] * 2}


def test_paired_fields_move_together_as_one_factor():
    pairs = {"clock.days": [1, 3], "contractors.count": {"linspace": [10, 30, 2]}}
    found = columns({"size": {"paired": pairs}, "policy.epsilon": [0, 0.1]})
    assert list(found) == ["clock.days", "contractors.count", "policy.epsilon"]
    assert found["clock.days"] == [1, 1, 3, 3]
    assert found["contractors.count"] == [10, 10, 30, 30]


RANGES = {
    "a": {"uniform": [2, 4]},
    "b": {"log_uniform": [1, 100]},
    "c": {"integers": [1, 4]},
    "d": ["x", "y"],
}


def test_a_latin_hypercube_meets_each_part_of_each_range_once():
    found = columns(RANGES, {"latin_hypercube": 8})
    assert sorted(int((a - 2) / 2 * 8) for a in found["a"]) == list(range(8))
    assert sorted(int(np.log(b) / np.log(100) * 8) for b in found["b"]) == list(range(8))
    assert sorted(found["c"]) == [1, 1, 2, 2, 3, 3, 4, 4]
    assert sorted(found["d"]) == ["x"] * 4 + ["y"] * 4


def test_a_sobol_design_of_a_power_of_two_is_balanced_in_two_dimensions():
    found = columns(RANGES, {"sobol": 64})
    quarters = {(int((a - 2) / 2 * 4), c) for a, c in zip(found["a"], found["c"], strict=True)}
    assert len(quarters) == 16
    assert len(columns(RANGES, {"sobol": 5})["a"]) == 5


def test_a_sample_follows_from_the_seed():
    design = {"latin_hypercube": 8}
    assert columns(RANGES, design, seed=1) == columns(RANGES, design, seed=1)
    assert columns(RANGES, design, seed=1) != columns(RANGES, design, seed=2)


def test_twenty_thousand_levels_are_no_trouble():
    assert len(columns({"a": {"linspace": [0, 1, 20_000]}})["a"]) == 20_000


@pytest.mark.parametrize(
    ("text", "path", "settings"),
    [
        ("policy.epsilon=0:0.3:13", "policy.epsilon", {"linspace": [0, 0.3, 13]}),
        (" policy.epsilon = 0.1 , 0.2 ", "policy.epsilon", [0.1, 0.2]),
        ("a=0.5:2", "a", {"uniform": [0.5, 2]}),
        ("a=1:2", "a", {"uniform": [1, 2]}),
        ("a={log_uniform: [1, 10]}", "a", {"log_uniform": [1, 10]}),
        ("a=[1, 2]", "a", [1, 2]),
        ("a=true,null,x", "a", [True, None, "x"]),
        (
            "policy=topsis(epsilon=0, prior_weight=2),mine:Own",
            "policy",
            ["topsis(epsilon=0, prior_weight=2)", "mine:Own"],
        ),
        ("scenario=dur_01,./x.yaml", "scenario", ["dur_01", "./x.yaml"]),
    ],
)
def test_factors_as_text(text: str, path: str, settings: Any):
    assert factor_of_text(text) == (path, settings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("policy.epsilon", "must look like policy.epsilon=0:0.3:13"),
        ("=1,2", "must look like policy.epsilon=0:0.3:13"),
        ("policy.epsilon=", "--vary policy.epsilon=: has no levels"),
        ("policy.epsilon=0,,1", "--vary policy.epsilon=0,,1: has an empty level"),
        ("policy.epsilon=[]", "must have a length of at least 1"),
        ("policy.epsilon=0:1:2.5", "the count must be a whole number from 1 to 100,000 (got 2.5)"),
        ("policy.epsilon=0:1", "factors.policy.epsilon: a range has no grid: give levels"),
        ("policy.epsilon=0,0.1,0", "factors.policy.epsilon: 0 is listed twice"),
        ("policy.epsilon=0,1.5", "--vary policy.epsilon: policy.epsilon: must be <= 1 (got 1.5)"),
        (
            "policy.epsilom=0,1",
            "--vary policy.epsilom: policy.epsilom: unknown field; did you mean 'epsilon'?",
        ),
        ("policy..epsilon=0,1", "policy..epsilon: must name a field"),
        ("policy=topsis,greedyy", "there is no such policy; did you mean 'greedy'?"),
        ("seed=1,2", "factors.seed: changes nothing of what is played"),
        ("scenario=dur_01,dur_99", "no bundled scenario 'dur_99'"),
    ],
)
def test_what_is_wrong_with_a_factor_on_the_command_line_is_told(text: str, told: str):
    with pytest.raises(ScenarioError) as refused:
        prepare(Request("dur_03", vary=[text]))
    assert told in str(refused.value)


def test_from_python_factors_may_be_arrays_and_ranges():
    plan = prepare(
        Request("dur_03", vary={"policy.epsilon": np.linspace(0, 0.2, 3), "contractors.count": range(5, 7)})
    )
    assert len(plan.design) == 6
    assert plan.design.columns(np.array([1]))["contractors.count"].tolist() == [6]


def test_times_are_levels_too():
    plan = prepare(Request("dur_03", vary=["clock.start=2025-06-02T08:00:00,2025-06-07T08:00:00"]))
    assert [plan.point(n).scenario.clock.start.day for n in range(2)] == [2, 7]
    assert plan.design.columns(np.array([0]))["clock.start"].tolist() == ["2025-06-02T08:00:00"]


FILE = """\
title: Bad
base: dur_03
set:
  clock.days: 1
factors:
  policy.epsilon: [0, 0.1]
  skills.threshold:
    - 0.5
    - 0.7
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[0, 0.1]", "[]", ":6: factors.policy.epsilon: must have a length of at least 1 (got 0)"),
        ("[0, 0.1]", "[0.1, 0.1]", ":6: factors.policy.epsilon: 0.1 is listed twice"),
        ("[0, 0.1]", "0.1", ":6: factors.policy.epsilon: must be a list (got 0.1)"),
        ("[0, 0.1]", "{linspaced: [0, 1, 3]}", ":6: factors.policy.epsilon: must name one of"),
        ("[0, 0.1]", "{uniform: [0, 1]}", ":6: factors.policy.epsilon: a range has no grid"),
        ("[0, 0.1]", "{linspace: [0, 1]}", ":6: factors.policy.epsilon.linspace: must have a length of"),
        ("[0, 0.1]", "[[0], [1]]", ":6: factors.policy.epsilon: a list or mapping needs a label"),
        ("- 0.7", "- 1.7", ":7: skills.threshold: must be <= 1 (got 1.7)"),
        (
            "skills.threshold",
            "skills.treshold",
            ":7: skills.treshold: unknown field; did you mean 'threshold'?",
        ),
        ("skills.threshold:\n    - 0.5", "policy:\n    - topsis(", ":7: policy 'topsis(': a closing bracket"),
        ("clock.days: 1", "clock.dais: 1", ":4: clock.dais: unknown field; did you mean 'days'?"),
        ("base: dur_03", "base: dur_33", ":2: base: no bundled scenario 'dur_33'"),
        ("base: dur_03", "base: ./nowhere.yaml", ":2: base: nowhere.yaml: no such file"),
        ("title: Bad", "titel: Bad", ":1: titel: unknown field; did you mean 'title'?"),
        ("title: Bad", "design: grit", ":1: design: must be 'grid' (got 'grit')"),
        ("title: Bad", "steady_state: cost", ":1: steady_state: must be one of"),
        (
            "title: Bad",
            "replications: {metric: cost_reductoin, half_width: 1}",
            ":1: replications.metric: cost_reductoin: no such metric; did you mean 'cost_reduction'?",
        ),
        (
            "title: Bad",
            "replications: {metric: cost_reduction, half_width: 1, cap: 5}",
            ":1: replications.cap: must be >= minimum, 10 (got 5)",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line(tmp_path: Path, old: str, new: str, told: str):
    path = written(tmp_path, FILE.replace(old, new))
    with pytest.raises(ScenarioError) as refused:
        prepare(Request(path))
    assert f"mine.yaml{told}" in str(refused.value)


def test_a_policy_that_cannot_be_is_told_with_the_option_that_names_it():
    with pytest.raises(ScenarioError) as refused:
        prepare(Request("dur_03", vary=("policy=topsis(",)))
    assert str(refused.value) == "--vary policy: policy 'topsis(': a closing bracket is missing"


def test_unequal_pairs_and_fields_that_vary_twice_are_refused():
    unequal = {"paired": {"clock.days": [1, 2], "contractors.count": [1, 2, 3]}}
    assert "all must have as many levels: clock.days has 2, contractors.count has 3" in refusal(
        factors={"size": unequal}
    )
    pair = {"paired": {"clock.days": [1, 2], "contractors.count": [3, 4]}}
    assert "clock.days varies twice" in refusal(factors={"clock.days": [1], "size": pair})


def test_without_factors_or_a_base_there_is_no_sweep(tmp_path: Path):
    assert "factors: must have a length of at least 1" in refusal(factors={})
    assert "base: missing; name the scenario that is varied" in refusal(base=None)
    with pytest.raises(ScenarioError, match="is no sweep"):
        prepare(Request("dur_03"))
    with pytest.raises(ScenarioError, match=r"nowhere\.yaml: no such file"):
        prepare(Request(tmp_path / "nowhere.yaml"))


def test_a_relative_base_is_looked_up_beside_the_sweep_file(tmp_path: Path):
    (tmp_path / "deep").mkdir()
    written(tmp_path, "extends: dur_03\ntitle: Mine\nclock: {days: 7}\n", "own.yaml")
    sweep = written(tmp_path / "deep", "base: ../own.yaml\nfactors: {policy.epsilon: [0, 0.1]}\n")
    assert prepare(Request(sweep)).base.clock.days == 7


def test_a_specification_survives_being_written_as_json():
    specification, _ = read_specification(Request(SMALL))
    assert Specification.model_validate(specification.as_json()) == specification


def test_stated_options_replace_those_of_the_file(tmp_path: Path):
    path = written(tmp_path, FILE)
    plan = prepare(
        Request(path, vary=["policy.epsilon=0.2"], replications=7, seed=9, overrides=["clock.days=2"])
    )
    assert plan.specification.name == "mine"
    assert (len(plan.design), plan.replications, plan.seed) == (2, 7, 9)
    scenario = plan.point(0).scenario.resolved()
    assert (scenario["clock"]["days"], scenario["policy"]["epsilon"]) == (2, 0.2)
