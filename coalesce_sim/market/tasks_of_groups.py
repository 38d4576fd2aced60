"""What the tasks of groups of clients are: of which types, how valuable, by when to be done."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.courses import Course, course_by
from coalesce_sim.market.own_streams import OwnDraws
from coalesce_sim.scenario.distributions import Distribution, sample
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.streams import Stream, Streams


class TasksOfGroups:
    """What groups state of their tasks; what they do not is as the workload says.

    A group's own values are drawn by the luck of the same name as everybody's, from a generator apart, so
    that they change nobody else's; by that of each client where tasks are their own.
    """

    def __init__(self, scenario: Scenario, streams: Streams) -> None:
        types, clients = scenario.workload.types, scenario.clients
        self._group_of = clients.group_of
        shares, latest_min = [], []
        own_tasks = scenario.workload.arrivals_per_client
        self._values: list[tuple[int, Distribution | Course, Stream, OwnDraws | None]] = []
        for number, population in enumerate(clients.populations):
            group = population.stated
            own = {} if group is None else group.types or {}
            shares.append([own.get(name, 0.0) if own else kind.share for name, kind in types.items()])
            own = {} if group is None else group.max_latency_min or {}
            latest_min.append([own.get(name, kind.max_latency_min) for name, kind in types.items()])
            values = None if group is None else group.value_usd
            if values is not None:
                luck = streams.later("task.value_usd")
                moving = course_by(values, "value_usd", scenario.clock, luck)
                draws = OwnDraws(streams) if own_tasks else None
                self._values.append((number, moving, luck, draws))
        self._edges = [np.cumsum(np.array(each) / np.array(each).sum()) for each in shares]
        self._differ = any(each != shares[0] for each in shares)
        self._max_latency_s = 60 * np.array(latest_min)

    def types(self, luck: FloatArray, client: IntArray) -> IntArray:
        """The type of each task, by one uniform draw each."""
        type_id = np.searchsorted(self._edges[0], luck, side="right")
        if self._differ:
            group = self._group_of[client]
            for number, edges in enumerate(self._edges[1:], 1):
                rows = group == number
                type_id[rows] = np.searchsorted(edges, luck[rows], side="right")
        return type_id

    def values_usd(self, drawn_usd: FloatArray, client: IntArray, arrival_s: FloatArray) -> FloatArray:
        """What good work on each task is worth, where everybody's were drawn."""
        for number, values, luck, draws in self._values:
            if isinstance(values, Course):
                own_usd = values.values_at(arrival_s)
            elif draws is not None:
                own_usd = draws.sample("value_usd", values, client)
            else:
                own_usd = sample(values, luck, len(drawn_usd))
            drawn_usd = np.where(self._group_of[client] == number, own_usd, drawn_usd)
        return drawn_usd

    def max_latency_s(self, type_id: IntArray, client: IntArray) -> FloatArray:
        """How long each task may take."""
        found: FloatArray = self._max_latency_s[self._group_of[client], type_id]
        return found
