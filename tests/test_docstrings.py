"""The examples in the docstrings of the public names: every name has one, and they show what is printed."""

from __future__ import annotations

import doctest
import inspect
from pathlib import Path

import pytest

import coalesce_sim
from coalesce_sim.policies import protocol

TOLD_BY_THEIR_BASE = {
    name
    for name in coalesce_sim.__all__
    if isinstance(public := getattr(coalesce_sim, name), type)
    and issubclass(public, coalesce_sim.CoalesceError)
} - {"CoalesceError", "ScenarioError"}

NAMES = [name for name in coalesce_sim.__all__ if name not in TOLD_BY_THEIR_BASE | {"__version__"}]

WITH_AN_EXTRA = ("analyse_sensitivity", "optimise")
"""Their examples load SALib and optuna, which takes seconds: they are played in the acceptance tier."""


def examples(name: str) -> list[doctest.DocTest]:
    """Those in what is said of a public name."""
    if name == "LOCAL":  # an integer; what is said of it stands below it
        text = inspect.getsource(protocol).partition(f"\nLOCAL = {protocol.LOCAL}\n")[2].split('"""')[1]
        return [doctest.DocTestParser().get_doctest(text, {}, name, None, None)]
    public = getattr(coalesce_sim, name)
    if name == "Scenario":
        public = public.resolved  # the class's own docstring stands in the JSON Schema
    return doctest.DocTestFinder(recurse=False).find(public, name, globs={})


def play(name: str) -> None:
    """Run the examples of a public name, which must have some."""
    found = examples(name)
    assert sum(len(each.examples) for each in found) > 1, f"{name} has no example"
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    failed = sum(runner.run(each, out=told.append).failed for each in found)
    assert not failed, "".join(told)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITH_AN_EXTRA])
def test_every_public_name_has_an_example_that_does_what_it_shows(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    play(name)
