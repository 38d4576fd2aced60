"""What a user states of contractors beside their cards: for all that do not say it, and of some by name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Share
from coalesce_sim.scenario.document import read_plain
from coalesce_sim.scenario.pool import ContractorFacts
from coalesce_sim.scenario.problems import ScenarioError, closest
from coalesce_sim.scenario.validation import validate


class AssumedFacts(ContractorFacts):
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
        if not (self.model_fields_set):
            raise ValueError("states nothing: needs defaults, or contractors by name")
        return self


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Fields of contractors as they stand in a file, or none; `file` is its path, for people."""

    defaults: dict[str, Any] = field(default_factory=dict)
    by_name: dict[str, dict[str, Any]] = field(default_factory=dict)
    file: str = ""


def read_assumptions(path: Path, names: Collection[str]) -> Assumptions:
    """The assumptions in a YAML file on contractors of these names.

    Raises ScenarioError with all that is wrong with them, names that no card has among it.
    """
    document = read_plain(path)
    validate(document, AssumptionFile)
    by_name = document.data.get("contractors") or {}
    unknown = [name for name in by_name if name not in names]
    if unknown:
        problems = []
        for name in unknown:
            near = closest(name, names)
            hint = "" if near is None else f"; did you mean {near!r}?"
            mark = document.marks["contractors", name]
            problems.append(mark.problem(("contractors", name), f"no card has that name{hint}"))
        raise ScenarioError(problems)
    return Assumptions(document.data.get("defaults") or {}, by_name, str(path))
