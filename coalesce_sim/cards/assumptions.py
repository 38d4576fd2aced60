"""What a user states of contractors beside their cards: for all that do not say it, and of some by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Share
from coalesce_sim.scenario.document import Document, read_plain
from coalesce_sim.scenario.pool import Coming, ContractorFacts
from coalesce_sim.scenario.problems import Problem, ScenarioError, closest
from coalesce_sim.scenario.validation import validate


class AssumedFacts(Coming, ContractorFacts):
    """Any field of a listed contractor but its name."""

    reliability: Share | None = None  # type: ignore[assignment]
    """Share of good work that the contractor claims."""
    type: str = "contractor"
    """Group by which `skills.embedding` knows the contractor."""
    demand: NonNegative = 0.5
    """How much the contractor is asked for at the start."""
    available_capacity: NonNegative = 0.5
    """What the contractor has left to offer at the start, in the unit of demand."""


class AssumptionFile(Model):
    """A file for ``--assume``."""

    defaults: AssumedFacts = Field(default_factory=AssumedFacts)
    """Of all contractors whose cards do not say it."""
    contractors: dict[str, AssumedFacts] = Field(default_factory=dict)
    """Of single contractors by their names, in place of what their cards say."""

    @model_validator(mode="after")
    def _says_something(self) -> AssumptionFile:
        if not self.model_fields_set:
            raise ValueError("states nothing: needs defaults, or contractors by name")
        return self


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Fields of contractors as they stand in a file, or none."""

    defaults: dict[str, Any] = field(default_factory=dict)
    by_name: dict[str, dict[str, Any]] = field(default_factory=dict)


def read_assumptions(path: Path, names: Collection[str] | None) -> Assumptions:
    """The assumptions in a YAML file on contractors of these names, of any where the names are not known.

    Raises ScenarioError with all that is wrong with them, names that no card has among it.
    """
    document = read_plain(path)
    problems: list[Problem] = []
    try:
        validate(document, AssumptionFile)
    except ScenarioError as error:
        problems += error.problems
    if names is not None:
        problems += _strangers(document, names)
    if problems:
        raise ScenarioError(problems)
    return Assumptions(document.data.get("defaults", {}), document.data.get("contractors", {}))


def _strangers(document: Document, names: Collection[str]) -> Iterator[Problem]:
    """Of whom something is assumed that is no contractor."""
    by_name = document.data.get("contractors")
    for name in by_name if isinstance(by_name, dict) else ():
        if name not in names:
            near = closest(name, list(names)[:1000])
            hint = "" if near is None else f"; did you mean {near!r}?"
            mark = document.marks["contractors", name]
            yield mark.problem(("contractors", name), f"no card has that name{hint}")
