"""Composite tasks under way: which steps may begin, and when a whole has ended."""

from __future__ import annotations

from coalesce_sim.market.composite import Wholes


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
