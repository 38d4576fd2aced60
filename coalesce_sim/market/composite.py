"""Composite tasks: which steps a whole consists of, and which step waits for which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.scenario.workload import TaskType

SCALED = ("documents", "data_gb", "output_gb", "prompt_tokens", "output_tokens", "value_usd", "budget_usd")
"""Attributes of which a step has its part; the others are those of the whole."""


@dataclass(frozen=True, slots=True)
class Wholes:
    """The wholes of a block's tasks; a task that is not composite is a whole of one step.

    `of` tells the whole of each task, `waits_for` how many steps must be done before it, and `unlocks` which
    tasks wait for it. `steps` and `integration_usd` have one entry a whole.
    """

    of: IntArray
    waits_for: list[int]
    unlocks: list[list[int]]
    steps: IntArray
    integration_usd: FloatArray


class Templates:
    """How the tasks of a workload fall into steps."""

    def __init__(self, types: Mapping[str, TaskType]) -> None:
        names = list(types)
        self._integration_usd = np.array([kind.integration_usd for kind in types.values()])
        self._types: list[list[int]] = []
        self._work: list[list[float]] = []
        self._before: list[list[list[int]]] = []
        for index, kind in enumerate(types.values()):
            steps = kind.steps
            place = {name: position for position, name in enumerate(steps or {})}
            self._types.append([index] if steps is None else [names.index(s.type) for s in steps.values()])
            self._work.append([1.0] if steps is None else [step.work for step in steps.values()])
            self._before.append(
                [[]] if steps is None else [[place[name] for name in step.after] for step in steps.values()]
            )
        self.any = any(kind.steps is not None for kind in types.values())

    def expand(self, type_id: IntArray) -> tuple[IntArray, IntArray, FloatArray, Wholes]:
        """For wholes of the given types: of each step its whole, type and part of the work; the wholes."""
        counts = np.array([len(steps) for steps in self._types])[type_id]
        whole = np.repeat(np.arange(len(type_id)), counts)
        first = np.cumsum(counts) - counts
        step_type, work = np.empty(len(whole), dtype=np.int64), np.empty(len(whole))
        waits_for = [0] * len(whole)
        unlocks: list[list[int]] = [[] for _ in waits_for]
        for start, kind in zip(first.tolist(), type_id.tolist(), strict=True):
            stop = start + len(self._types[kind])
            step_type[start:stop], work[start:stop] = self._types[kind], self._work[kind]
            for position, before in enumerate(self._before[kind]):
                waits_for[start + position] = len(before)
                for other in before:
                    unlocks[start + other].append(start + position)
        return (
            whole,
            step_type,
            work,
            Wholes(whole, waits_for, unlocks, counts, self._integration_usd[type_id]),
        )
