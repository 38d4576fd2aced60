"""Controls that are moved at random, and what must come of it."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.lab.controls.kinds import with_kind
from coalesce_sim.lab.controls.offered import Control, controls_of
from coalesce_sim.lab.controls.reading import written
from coalesce_sim.scenario.problems import ScenarioError, Steps


def controls(source: str, *overrides: str) -> dict[str, Control]:
    scenario = written(source)
    asked = scenario.asked(overrides)
    return {each.path: each for each in controls_of(scenario, asked.changes, scenario.played(asked.changes))}


def content(source: str, overrides: tuple[str, ...]) -> dict[str, Any]:
    resolved = coalesce_sim.load(source, overrides).resolved()
    return {name: value for name, value in resolved.items() if name not in ("title", "published")}


def other(control: Control, luck: random.Random) -> Any:
    if control.choices is not None:
        return luck.choice([each for each in control.choices if each != control.value])
    if control.sort == "flag":
        return not control.value
    assert control.span is not None
    value = round(luck.uniform(control.span.low, control.span.high), 6)
    return round(value) if control.sort == "whole" else value


def moved_at_random(source: str, k: int | None) -> None:
    """So many of the controls, half of them by default, are moved; what does not go with the others is left
    as it was."""
    scenario, luck = written(source), random.Random(source)
    offered = [each for each in controls(source).values() if each.path != "seed"]
    moved: dict[Steps, Any] = {}
    for control in luck.sample(offered, k=k or len(offered) // 2):
        way, value = control.steps, other(control, luck)
        if way[-1] == "kind":
            changed = with_kind(scenario, moved, way[:-1], value)
        else:
            changed = scenario.with_change(moved, way, value)
        try:
            scenario.played(changed)
        except ScenarioError:
            continue
        moved = changed
    overrides = scenario.texts(moved)
    assert overrides
    assert scenario.asked(overrides).changes == moved
    assert scenario.texts(scenario.asked(overrides).changes) == overrides
    played = scenario.played(moved)
    assert content(source, overrides) == {
        name: value for name, value in played.resolved().items() if name not in ("title", "published")
    }
    shown = {each.steps: each.value for each in controls_of(scenario, moved, played)}
    assert {way: shown[way] for way in moved} == {way: pytest.approx(value) for way, value in moved.items()}
    for leave_out in range(len(overrides)):  # none of them is there for nothing
        rest = [*overrides[:leave_out], *overrides[leave_out + 1 :]]
        with suppress(ScenarioError):
            assert content(source, tuple(rest)) != content(source, overrides)
