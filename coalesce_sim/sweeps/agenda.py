"""Which runs are still to be made, given what is there."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping

import numpy as np

from coalesce_sim.sweeps.plan import Plan
from coalesce_sim.sweeps.playing import Row, Run
from coalesce_sim.sweeps.shards import Done
from coalesce_sim.sweeps.specification import Precision


class _Open:
    """A point under way: a value for each replication asked for, and which of them are not made yet.

    `known` are the values of those that were there before, asked for or not.
    """

    __slots__ = ("known", "missing", "values")

    def __init__(self, known: Mapping[int, float]) -> None:
        self.known = known
        self.values: list[float] = []
        self.missing: set[int] = set()


class Agenda:
    """Hands out runs point by point, and more of a point's as its plan of replications asks for them.

    How many replications a point gets depends on the values of its own first ones and on nothing else, so
    that the same runs are made in whatever order they end. Failed runs count as made unless they are to be
    made `again`.
    """

    def __init__(self, plan: Plan, done: Done, *, again: bool = False) -> None:
        rule = plan.replications
        self.metric = rule.metric if isinstance(rule, Precision) else None
        self.points = len(plan.design)
        self.points_done = 0
        self.totals: dict[int, int] = {}
        self._plan = plan
        self._done = done
        self._again = again
        self._next_point = 0
        self._open: dict[int, _Open] = {}
        self._queue: deque[Run] = deque()

    def take(self, most: int) -> list[Run]:
        """Up to so many runs to be made next; none where all that can be said so far are handed out."""
        self._fill(most)
        return [self._queue.popleft() for _ in range(min(most, len(self._queue)))]

    def pending(self) -> bool:
        """Whether there are runs to be handed out."""
        self._fill(1)
        return bool(self._queue)

    def _fill(self, most: int) -> None:
        while len(self._queue) < most and self._next_point < self.points:
            self._begin(self._next_point)
            self._next_point += 1

    def told(self, rows: Iterable[Row]) -> None:
        """Take note of what was made."""
        for row in rows:
            point = self._open[row.run.point]
            point.values[row.run.replication] = row.metrics.get(self.metric or "", math.nan)
            point.missing.discard(row.run.replication)
            if not point.missing:
                self._go_on(row.run.point)

    def _begin(self, number: int) -> None:
        """Look up what is there of a point, and ask for the rest."""
        there = slice(*np.searchsorted(self._done.point, (number, number + 1)))
        replications, values = self._done.replication[there], self._done.value[there]
        if self._again:
            good = ~self._done.failed[there]
            replications, values = replications[good], values[good]
        known = dict(zip(replications.tolist(), values.tolist(), strict=True))
        self._open[number] = _Open(known)
        self._go_on(number)

    def _go_on(self, number: int) -> None:
        """Ask for more replications of a point while all that it has are made, or close it."""
        point = self._open[number]
        while not point.missing:
            total = self._plan.total(point.values)
            if total is None:
                self.totals[number] = len(point.values)
                del self._open[number]
                self.points_done += 1
                return
            new = range(len(point.values), total)
            point.values.extend(point.known.get(replication, math.nan) for replication in new)
            point.missing.update(replication for replication in new if replication not in point.known)
        self._queue.extend(Run(number, replication) for replication in sorted(point.missing))
