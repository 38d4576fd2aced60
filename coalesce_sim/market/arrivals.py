"""Tasks as they arrive, before anything else of them is drawn: when, and at which client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.inputs.tasktable import TaskTable
from coalesce_sim.scenario.workload import Dealing


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Consecutive tasks; `table` holds what explicit ones state, `instance` the rows of recorded ones."""

    arrival_s: FloatArray
    table: TaskTable | None = None
    instance: IntArray | None = None

    def __len__(self) -> int:
        return len(self.arrival_s)


def unbroken(arrivals: Iterable[Arrivals]) -> Iterator[Arrivals]:
    """The same tasks, cut so that those of one arrival time stay together; explicit ones come in one piece.

    What a client sees of the tasks that come with another must not hang on how a run is cut.
    """
    held = Arrivals(np.empty(0))
    for each in arrivals:
        if len(held) == 0:
            held = each
            continue
        tied = int(np.searchsorted(each.arrival_s, held.arrival_s[-1], side="right"))
        held = _joined(held, each, tied)
        if tied < len(each):
            yield held
            held = _rest(each, tied)
    yield held


def _joined(held: Arrivals, other: Arrivals, count: int) -> Arrivals:
    """All of one and the first of the other."""
    if count == 0:
        return held
    instance = None
    if held.instance is not None and other.instance is not None:
        instance = np.concatenate((held.instance, other.instance[:count]))
    return Arrivals(np.concatenate((held.arrival_s, other.arrival_s[:count])), instance=instance)


def _rest(arrivals: Arrivals, first: int) -> Arrivals:
    if first == 0:
        return arrivals
    instance = None if arrivals.instance is None else arrivals.instance[first:]
    return Arrivals(arrivals.arrival_s[first:], instance=instance)


class Dealer:
    """Gives each task to a client, unless it states its own; remembers whose turn it is."""

    def __init__(self, rule: Dealing, clients: int, luck: np.random.Generator) -> None:
        self._rule, self._clients, self._luck = rule, clients, luck
        self._turn = 0

    def deal(self, arrivals: Arrivals) -> IntArray:
        """The client of each task. Tasks must come in order: who is next hangs on those before."""
        n = len(arrivals)
        stated = np.full(n, -1) if arrivals.table is None else arrivals.table.client
        to_deal = stated < 0
        if self._rule == "random":
            dealt = (self._luck.random(n) * self._clients).astype(np.int64)
        elif self._rule == "round_robin_by_arrival":
            opening = np.flatnonzero(np.diff(arrivals.arrival_s, prepend=-1.0))
            dealt = (np.arange(n) - np.repeat(opening, np.diff(opening, append=n))) % self._clients
        else:
            dealt = (self._turn + np.cumsum(to_deal) - to_deal) % self._clients
            self._turn = (self._turn + int(to_deal.sum())) % self._clients
        return np.where(to_deal, dealt, stated)
