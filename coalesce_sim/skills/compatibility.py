"""Who can do a task: skill compatibility (eq. 12)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.scenario.skills import Skills
from coalesce_sim.scenario.workload import TaskType

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Compatibility:
    """The three parts and their weighted sum in [0, 1]; every array is (task types, contractors).

    `before_performance` is the weighted sum of the first two.
    """

    ontological: FloatArray
    embedding: FloatArray
    performance: FloatArray
    performance_weight: float
    before_performance: FloatArray
    total: FloatArray

    def with_performance(self, performance: FloatArray | float) -> FloatArray:
        """The sum with another performance in place of the stated one; shapes broadcast."""
        return _sum(self.before_performance, self.performance_weight, performance)


@dataclass(frozen=True, slots=True)
class Claims:
    """What contractors are called and say of themselves; one entry a contractor."""

    names: Sequence[str]
    types: Sequence[str]
    skills: Sequence[tuple[str, ...]]
    performance: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Matching:
    """How task types are compared with contractors: their skills, and what they are or say.

    `skills` gives how well what is required is offered, `similarity` how near contractors are, by task type
    and, inside, by the contractor's type or, unless `by_type`, its name. On what it is silent `otherwise`
    holds.
    """

    skills: Callable[[Sequence[str], Sequence[str]], float]
    similarity: Mapping[str, Mapping[str, float]]
    otherwise: float
    by_type: bool


def jaccard(required: Sequence[str], offered: Sequence[str]) -> float:
    """Shared skills over all skills of either side; 1 where nothing is required."""
    need, have = set(required), set(offered)
    return len(need & have) / len(need | have) if need else 1.0


def compatibility(
    skills: Skills,
    task_types: Mapping[str, TaskType],
    contractors: Claims,
    matching: Matching,
) -> Compatibility:
    """Compatibility of every task type with every contractor.

    A contractor's own performance, where it is not None, stands in place of the table's.
    """
    sets, set_of = _distinct(contractors.skills)
    kinds, kind_of = _distinct(contractors.types if matching.by_type else contractors.names)
    own: FloatArray = np.array(contractors.performance, dtype=float)
    shape = (len(task_types), len(contractors.names))
    ontological, embedding, performance = np.empty(shape), np.empty(shape), np.empty(shape)
    for row, (name, task_type) in enumerate(task_types.items()):
        near = matching.similarity.get(name, {})
        stated = np.array([_table_performance(skills, name, offered) for offered in sets])[set_of]
        ontological[row] = np.array([matching.skills(task_type.skills, each) for each in sets])[set_of]
        embedding[row] = np.array([near.get(kind, matching.otherwise) for kind in kinds])[kind_of]
        performance[row] = np.where(np.isnan(own), stated, own)
    before = skills.ontological_weight * ontological + skills.embedding_weight * embedding
    weight = skills.performance_weight
    return Compatibility(
        ontological, embedding, performance, weight, before, _sum(before, weight, performance)
    )


def _distinct(values: Sequence[T]) -> tuple[list[T], IntArray]:
    """The values, each once, and for every entry its place among them."""
    place = {value: k for k, value in enumerate(dict.fromkeys(values))}
    return list(place), np.fromiter(map(place.__getitem__, values), dtype=np.int64, count=len(values))


def _sum(before: FloatArray, weight: float, performance: FloatArray | float) -> FloatArray:
    """Eq. 12, at most 1."""
    total: FloatArray = np.minimum(before + weight * performance, 1.0)
    return total


def _table_performance(skills: Skills, task_type: str, offered: Sequence[str]) -> float:
    entry = skills.performance.get(task_type)
    if entry is None:
        return skills.performance_default
    if entry.otherwise is None or entry.skill is None or entry.skill in offered:
        return entry.value
    return entry.otherwise
