"""Tasks as they arrive, before anything else of them is drawn: when, and at which client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.inputs.tasktable import TaskTable
from coalesce_sim.scenario.clients import Clients
from coalesce_sim.scenario.workload import Dealing
from coalesce_sim.scenario.workload import Workload as WorkloadSettings

_ALL = -1
"""The place of all clients together, among the groups."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Consecutive tasks; `table` holds what explicit ones state, `instance` the rows of recorded ones,
    `client` whose they are where clients bring their own."""

    arrival_s: FloatArray
    table: TaskTable | None = None
    instance: IntArray | None = None
    client: IntArray | None = None

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
    instance = client = None
    if held.instance is not None and other.instance is not None:
        instance = np.concatenate((held.instance, other.instance[:count]))
    if held.client is not None and other.client is not None:
        client = np.concatenate((held.client, other.client[:count]))
    arrival_s = np.concatenate((held.arrival_s, other.arrival_s[:count]))
    return Arrivals(arrival_s, instance=instance, client=client)


def _rest(arrivals: Arrivals, first: int) -> Arrivals:
    if first == 0:
        return arrivals
    instance = None if arrivals.instance is None else arrivals.instance[first:]
    client = None if arrivals.client is None else arrivals.client[first:]
    return Arrivals(arrivals.arrival_s[first:], instance=instance, client=client)


class Dealer:
    """Gives each task to a client, unless it states its own; remembers whose turn it is.

    `counts` are the clients of groups whose `shares` of the tasks are given, numbered one group after the
    other; without shares all clients are one.
    """

    def __init__(
        self,
        rule: Dealing,
        counts: Sequence[int],
        luck: np.random.Generator,
        shares: Sequence[float] | None = None,
    ) -> None:
        self._rule, self._luck = rule, luck
        self._counts = [*counts, sum(counts)]
        self._edges = None if shares is None else np.cumsum(shares)
        self._firsts = np.cumsum([0, *counts])[:-1].tolist()
        self._turns = [0] * len(self._counts)

    def deal(self, arrivals: Arrivals) -> IntArray:
        """The client of each task. Tasks must come in order: who is next hangs on those before."""
        if arrivals.client is not None:
            return arrivals.client
        n = len(arrivals)
        stated = np.full(n, -1) if arrivals.table is None else arrivals.table.client
        to_deal = stated < 0
        group = np.full(n, _ALL) if arrivals.table is None else arrivals.table.group
        known = group != _ALL
        luck = self._luck.random(n) if self._edges is not None or self._rule == "random" else np.zeros(n)
        if self._edges is None:
            among_all = to_deal & ~known
            dealt = np.where(among_all, self._among(_ALL, arrivals.arrival_s, among_all, luck), stated)
        else:
            edges, dealt = self._edges, stated.copy()
            drawn = np.searchsorted(edges[:-1], luck * edges[-1], side="right")
            below, shares = np.concatenate(([0.0], edges[:-1])), np.diff(edges, prepend=0.0)
            within = (luck * edges[-1] - below[drawn]) / np.maximum(shares[drawn], 1e-300)
            luck = np.where(known, luck, np.minimum(within, 1 - 2.0**-53))
            group = np.where(known, group, drawn)
        for number, first in enumerate(self._firsts):
            rows = np.flatnonzero(to_deal & (group == number))
            alone = np.ones(len(rows), dtype=bool)
            dealt[rows] = first + self._among(number, arrivals.arrival_s[rows], alone, luck[rows])
        return dealt

    def _among(self, group: int, arrival_s: FloatArray, to_deal: BoolArray, luck: FloatArray) -> IntArray:
        """The clients of tasks, among those of a group, counted from its first one, or among all."""
        n, clients = len(arrival_s), self._counts[group]
        if self._rule == "random":
            return (luck * clients).astype(np.int64)
        if self._rule == "round_robin_by_arrival":
            opening = np.flatnonzero(np.diff(arrival_s, prepend=-1.0))
            return (np.arange(n) - np.repeat(opening, np.diff(opening, append=n))) % clients
        turn = self._turns[group]
        self._turns[group] = (turn + int(to_deal.sum())) % clients
        return (turn + np.cumsum(to_deal) - to_deal) % clients


def dealer_of(workload: WorkloadSettings, clients: Clients, luck: np.random.Generator) -> Dealer:
    """Who deals the tasks of a scenario."""
    counts = [each.count for each in clients.populations]
    return Dealer(workload.dealing, counts, luck, clients.shares)
