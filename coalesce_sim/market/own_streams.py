"""Tasks that each client brings itself, when being luck of its own, in which no other client has a part."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.arrivals import Arrivals
from coalesce_sim.scenario.distributions import Distribution, sample
from coalesce_sim.scenario.volume import mean_below
from coalesce_sim.scenario.workload import Renewal
from coalesce_sim.streams import Streams

_GAPS = 16
"""How many gaps of a client are drawn at a time; what is drawn hangs on no other client."""

_AHEAD = 16
"""How many values of a client are drawn at a time, for tasks that may lie in other blocks."""


class OwnDraws:
    """What clients draw for their own tasks, one after the other: hangs on no other client."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._ahead: dict[tuple[str, int], FloatArray] = {}
        self._chunks: Counter[tuple[str, int]] = Counter()

    def sample(self, name: str, distribution: Distribution, client: IntArray) -> FloatArray:
        """A value for each of the tasks of these clients."""
        if isinstance(distribution, int | float):
            return np.full(len(client), float(distribution))
        return self._drawn(name, partial(sample, distribution), client)

    def uniforms(self, name: str, client: IntArray) -> FloatArray:
        """A draw on [0, 1) for each."""
        return self._drawn(name, lambda luck, count: luck.random(count), client)

    def _drawn(
        self, name: str, draw: Callable[[np.random.Generator, int], FloatArray], client: IntArray
    ) -> FloatArray:
        values = np.empty(len(client))
        by_client = np.argsort(client, kind="stable")
        clients, firsts = np.unique(client[by_client], return_index=True)
        for who, rows in zip(clients.tolist(), np.split(by_client, firsts[1:]), strict=True):
            place = name, who
            ahead = self._ahead.get(place, np.empty(0))
            while len(ahead) < len(rows):
                luck = self._streams(f"task.{name} of a client", who, self._chunks[place])
                self._chunks[place] += 1
                ahead = np.concatenate((ahead, draw(luck, _AHEAD)))
            values[rows], self._ahead[place] = ahead[: len(rows)], ahead[len(rows) :]
        return values


def luck_of(client: int, streams: Streams) -> np.random.Generator:
    """What a client's arrivals are drawn from."""
    return streams(f"task.arrival.{client}")


def by_the_hour(
    rate: float, demand: FloatArray, clients: int, streams: Streams, block_tasks: int
) -> Iterator[Arrivals]:
    """Poisson(rate · demand) tasks of every client at the start of each hour, about a block at a time."""
    counts = np.array([luck_of(client, streams).poisson(rate * demand) for client in range(clients)])
    by_hour = counts.sum(axis=0)
    firsts = np.arange(0, by_hour.sum(), block_tasks)
    cuts = np.searchsorted(by_hour.cumsum(), firsts, side="right")
    for begin, end in pairwise([*cuts, len(by_hour)]):
        of_hours = counts[:, begin:end].T
        hours = np.repeat(3600.0 * np.arange(begin, end), by_hour[begin:end])
        client = np.repeat(np.tile(np.arange(clients), end - begin), of_hours.ravel())
        yield Arrivals(hours, client=client)


def renewed(
    rule: Renewal, clients: int, streams: Streams, horizon_s: float, block_tasks: int
) -> Iterator[Arrivals]:
    """Independent gaps between the tasks of every client, merged in the order of time and, at one time, of
    clients; about a block at a time."""
    luck = {client: luck_of(client, streams) for client in range(clients)}
    left: dict[int, int | None] = dict.fromkeys(range(clients), rule.limit)
    drawn_to = [(0.0, client) for client in range(clients)]  # a heap: whose gaps end first
    at_s, whose = np.empty(0), np.empty(0, dtype=np.int64)
    stride_s = block_tasks * mean_below(rule.gap_s, horizon_s) / clients
    until_s = 0.0
    while drawn_to or len(at_s):
        until_s = max(until_s + stride_s, drawn_to[0][0] if drawn_to else horizon_s)
        drawn = [(at_s, whose)]
        while drawn_to and drawn_to[0][0] <= until_s:
            last_s, client = heapq.heappop(drawn_to)
            most = left[client]
            count = _GAPS if most is None else min(_GAPS, most)
            times = np.cumsum(np.concatenate(([last_s], sample(rule.gap_s, luck[client], count))))[1:]
            drawn.append((times[times < horizon_s], np.full(int((times < horizon_s).sum()), client)))
            left[client] = None if most is None else most - count
            if times[-1] < horizon_s and left[client] != 0:
                heapq.heappush(drawn_to, (float(times[-1]), client))
        at_s, whose = (np.concatenate(columns) for columns in zip(*drawn, strict=True))
        order = np.lexsort((whose, at_s))
        ready = int(np.searchsorted(at_s[order], until_s, side="right")) if drawn_to else len(order)
        yield Arrivals(at_s[order[:ready]], client=whose[order[:ready]])
        at_s, whose = at_s[order[ready:]], whose[order[ready:]]
