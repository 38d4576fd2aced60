"""Composite tasks: the steps that a whole consists of, which waits for which, and when a whole has ended.

Where the policy decides whether a task is split, both ways have rows of their own, the undivided task first
and its steps behind it, and those of the way that is not taken are left out when it decides. So the number of
a task, and with it everybody's luck with it, hangs on no decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
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

    `of` tells the whole of each task, `waits_for` how many steps must be done before it, `unlocks` which
    tasks wait for it, and `is_step` whether it is a step of a composite one. One entry a whole have
    `type_id`; `steps`, their number; `integration_usd`; `undivided`, the row in which it is done as a whole,
    -1 where that is not for the policy to decide; and what coordinating each of its steps costs and takes,
    `split_usd` and `split_s`. The steps of a whole that may be split wait for the row of the undivided one,
    too.
    """

    of: IntArray
    waits_for: list[int]
    unlocks: list[list[int]]
    is_step: BoolArray
    type_id: IntArray
    steps: IntArray
    integration_usd: FloatArray
    undivided: IntArray
    split_usd: FloatArray
    split_s: FloatArray

    @property
    def may_split(self) -> BoolArray:
        """Of which tasks, or steps, the policy decides whether they are done as a whole or in steps."""
        open_to_choice: BoolArray = np.greater_equal(self.undivided, 0)[self.of]
        return open_to_choice

    def behind_the_whole(self, values: FloatArray) -> FloatArray:
        """Values of what comes behind each task, with those of undivided tasks taken from behind their own
        steps, which are done in their place and not after them."""
        chosen = np.flatnonzero(self.undivided >= 0)
        behind = values.copy()
        behind[self.undivided[chosen]] = values[np.searchsorted(self.of, chosen, side="right") - 1]
        return behind

    def last_in_place_of(self, task: int) -> int:
        """The last of the rows that a task is done in place of: the last own step of one that is undivided,
        else the task itself."""
        whole = int(self.of[task])
        if self.undivided[whole] != task:
            return task
        return int(np.searchsorted(self.of, whole, side="right")) - 1


class Templates:
    """How the tasks of a workload fall into steps."""

    def __init__(self, types: Mapping[str, TaskType]) -> None:
        names, kinds = list(types), types.values()
        divided = [kind.in_steps or kind.may_split for kind in kinds]
        self._chosen = np.array([kind.may_split for kind in kinds])
        self._whole_only = ~np.array(divided)
        self._integration_usd = np.array([kind.integration_usd for kind in kinds])
        self._split_usd = np.array([kind.split_usd for kind in kinds])
        self._split_s = np.array([kind.split_s for kind in kinds])
        for each in (self._integration_usd, self._split_usd, self._split_s):
            each[self._whole_only] = 0.0
        self._types: list[list[int]] = []
        self._work: list[list[float]] = []
        self._before: list[list[list[int]]] = []
        for index, (kind, in_steps) in enumerate(zip(kinds, divided, strict=True)):
            steps = kind.steps if in_steps and kind.steps is not None else {}
            whole = [] if kind.in_steps else [0]
            place = {name: position for position, name in enumerate(steps, len(whole))}
            self._types.append([index] * len(whole) + [names.index(step.type) for step in steps.values()])
            self._work.append([1.0] * len(whole) + [step.work for step in steps.values()])
            before = [whole + [place[name] for name in step.after] for step in steps.values()]
            self._before.append([[] for _ in whole] + before)
        self.any = any(divided)

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
        chosen = self._chosen[type_id]
        is_step = np.repeat(~self._whole_only[type_id], counts)
        is_step[first[chosen]] = False
        wholes = Wholes(
            of=whole,
            waits_for=waits_for,
            unlocks=unlocks,
            is_step=is_step,
            type_id=type_id,
            steps=counts - chosen,
            integration_usd=self._integration_usd[type_id],
            undivided=np.where(chosen, first, -1),
            split_usd=self._split_usd[type_id],
            split_s=self._split_s[type_id],
        )
        return whole, step_type, work, wholes


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

    def is_step(self, task: int) -> bool:
        """Whether a task is a step of a composite one."""
        return bool(self._wholes.is_step[task])

    def integration_usd(self, task: int) -> float:
        """What it costs to put the task's whole together; nothing where it is done undivided."""
        return float(self._wholes.integration_usd[self.of(task)]) if self.is_step(task) else 0.0

    def coordination(self, task: int) -> tuple[float, float]:
        """What coordinating a step costs in USD and takes in seconds; nothing for a task that is none."""
        if not self.is_step(task):
            return 0.0, 0.0
        whole = self.of(task)
        return float(self._wholes.split_usd[whole]), float(self._wholes.split_s[whole])

    def may_split(self, task: int) -> bool:
        """Whether it is to be decided now if this undivided task is done in steps."""
        whole = self.of(task)
        undecided = len(self._members[whole]) > self._wholes.steps[whole]
        return undecided and int(self._wholes.undivided[whole]) == task

    def steps_of(self, task: int) -> list[int]:
        """The steps that an undivided task would be done in."""
        return [other for other in self._members[self.of(task)] if other != task]

    def before(self, step: int) -> list[int]:
        """The steps that must be done before a step."""
        members = self._members[self.of(step)]
        return [each for each in members if self.is_step(each) and step in self._wholes.unlocks[each]]

    def split(self, task: int) -> list[int]:
        """An undivided task is done in steps: which may begin now."""
        whole = self.of(task)
        self._members[whole] = self.steps_of(task)
        self._left[whole] = len(self._members[whole])
        return self._unlocked(task)

    def keep(self, task: int) -> list[int]:
        """An undivided task is done as a whole: the steps that it is not done in."""
        whole, steps = self.of(task), self.steps_of(task)
        self._members[whole], self._left[whole] = [task], 1
        return steps

    def hold(self, step: int) -> None:
        """A step that may begin is coordinated first."""
        self.waits_for[step] += 1

    def resume(self, step: int) -> bool:
        """A step is coordinated: whether it begins, its whole not having failed meanwhile."""
        if self.ended[self.of(step)]:
            return False
        self.waits_for[step] -= 1
        return True

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
        return False, self._unlocked(task)

    def _unlocked(self, task: int) -> list[int]:
        ready = []
        for other in self._wholes.unlocks[task]:
            self.waits_for[other] -= 1
            if self.waits_for[other] == 0:
                ready.append(other)
        return ready

    def fail(self, task: int) -> tuple[bool, list[int]]:
        """A step has come to nothing: whether that ends its whole, and which steps will never begin."""
        whole = self.of(task)
        if self.ended[whole]:
            return False, []
        self.ended[whole] = self.bad[whole] = True
        return True, [other for other in self._members[whole] if self.waits_for[other] > 0]
