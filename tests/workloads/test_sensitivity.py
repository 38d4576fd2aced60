"""How sensitive a task's data are: stated by the task, its type, the type of its whole, or for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim import LOCAL, Decision, Policy, ScenarioError, View
from coalesce_sim.experiments.diagnosis.unused.levels import chains_of, level_by
from coalesce_sim.experiments.diagnosis.warnings import notes_of


class _Notes(Policy):
    """Keeps at home, and writes down whose data are of high sensitivity."""

    def __init__(self) -> None:
        self.seen: list[bool] = []

    def decide(self, view: View) -> Decision:
        self.seen.append(bool(view.offers.tasks.sensitive[view.offers.first + view.row]))
        return Decision(LOCAL)


def sensitive(scenario: dict[str, Any]) -> list[bool]:
    """Of each task in turn, whether its client knows its data to be of high sensitivity."""
    policy = _Notes()
    coalesce_sim.stage(coalesce_sim.load(scenario), policy=lambda: policy).play()
    return policy.seen


def listed(*tasks: dict[str, Any], of_all: str = "medium", **types: str) -> dict[str, Any]:
    kinds: dict[str, Any] = dict.fromkeys(("coding", "analysis", "research"))
    kinds |= {"a": {"max_latency_min": 1}, "b": {"max_latency_min": 1}}
    for name, level in types.items():
        kinds[name]["data_sensitivity"] = level
    workload = {
        "arrivals": {"kind": "listed", "tasks": list(tasks), "gap_s": 60},
        "types": kinds,
        "attributes": {"data_sensitivity": of_all},
    }
    return {"extends": "market", "workload": workload, "discovery": None, "reputation": None}


def test_the_task_says_it_or_else_its_type_or_else_all() -> None:
    tasks = [{"type": "a"}, {"type": "b"}, {"type": "a", "data_sensitivity": "low"}]
    tasks.append({"type": "b", "data_sensitivity": "high"})
    assert sensitive(listed(*tasks, a="high")) == [True, False, False, True]
    assert sensitive(listed(*tasks, of_all="high", a="medium")) == [False, True, False, True]


def test_a_step_has_it_of_its_own_type_or_else_of_the_whole() -> None:
    scenario = listed({"type": "whole"}, {"type": "a"}, b="low")
    steps = {"one": {"type": "a"}, "two": {"type": "b"}}
    scenario["workload"]["types"]["whole"] = {
        "max_latency_min": 2,
        "steps": steps,
        "data_sensitivity": "high",
    }
    assert sensitive(scenario) == [True, False, False]


@pytest.mark.parametrize(
    ("decompose", "seen", "levels"),
    [
        ("never", [False], {"medium"}),
        ("policy", [False], {"low", "medium", "high"}),
        ("always", [True, False], {"high", "low"}),
    ],
)
def test_a_whole_that_is_kept_has_it_of_its_own_type(
    decompose: str, seen: list[bool], levels: set[str]
) -> None:
    scenario = listed({"type": "whole"}, a="high", b="low")
    steps = {"one": {"type": "a"}, "two": {"type": "b"}}
    whole = {"max_latency_min": 2, "steps": steps, "decompose": decompose, "skills": [], "base_flop": 1e12}
    scenario["workload"]["types"]["whole"] = whole
    assert sensitive(scenario) == seen
    assert {level_by(chain) for chain in chains_of(coalesce_sim.load(scenario))} == levels


def test_a_column_of_a_task_table_says_it(tmp_path: Path) -> None:
    (tmp_path / "tasks.csv").write_text("kind,data\na,high\nb,low\na,medium\n")
    columns = {"type": "kind", "data_sensitivity": "data"}
    source = {"kind": "csv", "path": str(tmp_path / "tasks.csv"), "columns": columns, "gap_s": 60}
    scenario = listed()
    scenario["workload"]["arrivals"] = source
    assert sensitive(scenario) == [True, False, False]
    (tmp_path / "tasks.csv").write_text("kind,data\na,high\nb,secret\na,\n")
    with pytest.raises(ScenarioError) as refused:
        coalesce_sim.load(scenario)
    assert [str(each).partition("tasks.csv")[2] for each in refused.value.problems] == [
        ":3: data: must be one of low, medium, high (got 'secret')",
        ":4: data: missing",
    ]


def test_a_series_has_no_levels() -> None:
    series = {
        "kind": "series",
        "parts": [{"type": "a", "count": 2, "attributes": {"data_sensitivity": {"start": 1}}}],
    }
    with pytest.raises(ScenarioError, match="'data_sensitivity' is not an attribute"):
        coalesce_sim.load(
            {"extends": "market", "workload": {"arrivals": series, "types": listed()["workload"]["types"]}}
        )


@pytest.mark.parametrize(
    ("of_all", "types", "note"),
    [
        (
            "medium",
            {},
            "policy.boosts.security_if_sensitive (workload.attributes.data_sensitivity is not high)",
        ),
        ("medium", {"a": "high"}, None),
        (
            "high",
            {"a": "low", "b": "low"},
            "policy.boosts.security_if_sensitive (no task has high data_sensitivity)",
        ),
        (
            "high",
            {"a": "low", "b": "low"},
            "workload.attributes.data_sensitivity (all tasks or their types state their own)",
        ),
        (
            "medium",
            {"a": "low"},
            "workload.types.a.data_sensitivity (all would be the same without it, low and medium",
        ),
    ],
)
def test_what_changes_nothing_is_told(of_all: str, types: dict[str, str], note: str | None) -> None:
    scenario = listed({"type": "a"}, {"type": "b"}, of_all=of_all, **types)
    scenario["policy"] = {"boosts": {"security_if_sensitive": 1.4}}
    told = " ".join(notes_of(coalesce_sim.load(scenario)))
    assert note in told if note else "sensitiv" not in told
