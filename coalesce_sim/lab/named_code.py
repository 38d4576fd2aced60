"""Code that a scenario names (`class`): executed only where a file of the user's own asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from coalesce_sim.lab.named_files import refuse_far_overrides, refuse_far_upload
from coalesce_sim.loading import load
from coalesce_sim.policies.readiness import check_policies
from coalesce_sim.scenario.document import read_document
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario


def loaded(source: str, overrides: Sequence[str], *, uploaded: bool) -> Scenario:
    """The scenario, ready to be played.

    Raises `ScenarioError` where it cannot be, and where it would have code executed that was uploaded, or
    that the overrides name and the file does not: these may come from a link. So it is with data files that
    do not lie below the folder that the lab was started in.
    """
    if uploaded:
        refuse_far_upload(source)
    document = read_document(source, overrides)
    refuse_far_overrides(document)
    named = set(classes_in(document.data))
    own = set() if uploaded or not named else set(classes_in(read_document(source).data))
    if foreign := sorted(named - own):
        where = "an upload" if uploaded else "a link or a field"
        message = f"names code, which is not executed when {where} asks for it (got {foreign[0]!r})"
        raise ScenarioError([Problem(source, None, "class", message)])
    scenario = load(source, overrides)
    check_policies(scenario, source)
    return scenario


def classes_in(content: Any) -> Iterator[str]:
    """Every class that a scenario's content names, such as ``my_policies:Mine``."""
    if isinstance(content, dict):
        if isinstance(content.get("class"), str):
            yield content["class"]
        for each in content.values():
            yield from classes_in(each)
    elif isinstance(content, list | tuple):
        for each in content:
            yield from classes_in(each)
