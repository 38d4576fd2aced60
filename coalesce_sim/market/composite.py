"""Composite tasks: the steps that a whole consists of, which waits for which, and when a whole has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.scenario.workload import TaskType

SCALED = (
    *("documents", "data_gb", "output_gb", "prompt_tokens", "cached_tokens", "output_tokens"),
    *("value_usd", "budget_usd"),
)
"""Attributes of which a step has its part, as it has of `expected_output_tokens`; the others are those of the
whole."""


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


class OpenWholes:
    """The wholes of an open block, as their steps are done.

    A whole has ended when all its steps are done, or at once when one of them comes to nothing. `bad` says
    whether work that was no good went into it.
    """

    __slots__ = ("_left", "_members", "_wholes", "bad", "ended", "waits_for")

    def __init__(self, wholes: Wholes) -> None:
        self._wholes = wholes
        self._left: list[int] = wholes.steps.tolist()
        self._members: list[list[int]] = [[] for _ in self._left]
        for task, whole in enumerate(wholes.of.tolist()):
            self._members[whole].append(task)
        self.waits_for = list(wholes.waits_for)
        self.bad = [False] * len(self._left)
        self.ended = [False] * len(self._left)

    def of(self, task: int) -> int:
        """The whole that a task is a step of."""
        return int(self._wholes.of[task])

    def integration_usd(self, task: int) -> float:
        """What it costs to put the task's whole together."""
        return float(self._wholes.integration_usd[self.of(task)])

    def done(self, task: int, good: bool) -> tuple[bool, list[int]]:
        """A step is done: whether that ends its whole, and which steps may begin now."""
        whole = self.of(task)
        self._left[whole] -= 1
        self.bad[whole] = self.bad[whole] or not good
        if self.ended[whole]:
            return False, []
        if self._left[whole] == 0:
            self.ended[whole] = True
            return True, []
        ready = []
        for other in self._wholes.unlocks[task]:
            self.waits_for[other] -= 1
            if self.waits_for[other] == 0:
                ready.append(other)
        return False, ready

    def fail(self, task: int) -> tuple[bool, list[int]]:
        """A step has come to nothing: whether that ends its whole, and which steps will never begin."""
        whole = self.of(task)
        if self.ended[whole]:
            return False, []
        self.ended[whole] = self.bad[whole] = True
        return True, [other for other in self._members[whole] if self.waits_for[other] > 0]
