"""Where work is done: every client's own GPUs and every contractor's slots."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import simpy

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.queues import Servers
from coalesce_sim.scenario.schema import Scenario


class Floor:
    """All queues of a market, and what one may expect of them.

    `jobs` are those that wait or are at work at each contractor.
    """

    def __init__(self, env: simpy.Environment, scenario: Scenario, pool: Pool) -> None:
        self.env = env
        slots = None if scenario.clients.slots == "unlimited" else scenario.clients.slots
        self.homes = [Servers(env, slots) for _ in range(scenario.clients.count)]
        self.jobs = np.zeros(len(pool))
        self._without_free_slot: set[int] = set()
        self.contractors = [
            Servers(env, slots, partial(self._watch, index)) for index, slots in enumerate(pool.slots)
        ]
        self.network_s: list[float] = pool.network_s.tolist()
        self.queues_at_contractors = any(slots is not None for slots in pool.slots)
        self.queues = self.queues_at_contractors or slots is not None
        self._all_network_s = pool.network_s
        self._networked = any(self.network_s)

    def _watch(self, contractor: int, jobs: int) -> None:
        self.jobs[contractor] = jobs
        slots = self.contractors[contractor].slots
        if slots is not None and jobs >= slots:
            self._without_free_slot.add(contractor)
        else:
            self._without_free_slot.discard(contractor)

    def waits_s(self, *, expected: bool) -> FloatArray | None:
        """Network and queueing time at every contractor for work awarded now; None where both are 0."""
        if not self.queues_at_contractors:
            return self._all_network_s if self._networked else None
        now_s = self.env.now
        ahead = [
            each.expected_wait_s(now_s, now_s + network) if expected else each.true_wait_s(now_s + network)
            for each, network in zip(self.contractors, self.network_s, strict=True)
        ]
        return np.add(self._all_network_s, ahead)

    def queues_at_s(self, ids: IntArray, delay_s: float) -> FloatArray:
        """The queues that are expected at the contractors `ids`, for work that sets out in `delay_s`."""
        queue_s = np.zeros(len(ids))
        if self._without_free_slot:
            now_s = self.env.now
            for position, who in enumerate(ids.tolist()):
                if who in self._without_free_slot:
                    arrival_s = now_s + delay_s + self.network_s[who]
                    queue_s[position] = self.contractors[who].expected_wait_s(now_s, arrival_s)
        return queue_s

    def true_waits_at_s(self, ids: IntArray, delay_s: float) -> FloatArray:
        """What will happen to such work, the service times of all jobs before it being known."""
        arrival_s = self.env.now + delay_s
        ahead = [self.contractors[j].true_wait_s(arrival_s + self.network_s[j]) for j in ids.tolist()]
        network_s: FloatArray = self._all_network_s[ids]
        waits_s: FloatArray = network_s + np.array(ahead)
        return waits_s

    def utilisation(self, servers: list[Servers]) -> float:
        """Share of the slots' time, up to now, that was worked in; NaN where slots are unlimited or none."""
        slots = [each.slots for each in servers]
        if None in slots or self.env.now == 0:
            return math.nan
        total = sum(count for count in slots if count is not None)
        return sum(each.busy_s for each in servers) / (total * self.env.now) if total else math.nan
