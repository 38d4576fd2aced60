"""Controls of every bundled scenario: half of them moved at random, and what must come of it."""

from __future__ import annotations

import pytest

from coalesce_sim.bundled import attacks, names, settlements
from coalesce_sim.lab.controls.reading import written
from coalesce_sim.scenario.problems import ScenarioError
from tests.lab.moves import moved_at_random


@pytest.mark.parametrize("source", [*names(), *attacks(), *settlements()])
def test_what_is_moved_is_played_and_shown_again(source: str) -> None:
    try:
        written(source)
    except ScenarioError:
        pytest.skip("its data must be fetched first")
    moved_at_random(source, k=None)
