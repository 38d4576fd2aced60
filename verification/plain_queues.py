"""Slots and who waits for them; see `verification/plain_market.py`."""

from __future__ import annotations

import math

import simpy


class Queue:
    """Slots behind one first-come queue: a client's GPUs, or a contractor's capacity.

    `waiting` holds how long each job in the queue is expected to take, `waiting_s` all of them, `working`
    when each of those at work is expected to end; `coming` counts those taken in whose data are on their way.
    """

    def __init__(self, env: simpy.Environment, slots: float) -> None:
        self.slots, self.limited = slots, slots < math.inf
        self.resource = simpy.Resource(env, capacity=max(1, slots))  # type: ignore[arg-type]
        self.waiting: list[float] = []
        self.waiting_s = 0.0
        self.working: list[float] = []
        self.coming = 0

    def resize(self, slots: float) -> None:
        """Have so many slots: more are given to those who wait, and running work keeps its own."""
        if slots != self.slots:
            self.slots = slots
            self.resource._capacity = slots
            while self.resource.put_queue and self.resource.count < slots:
                self.resource._trigger_put(None)

    @property
    def jobs(self) -> int:
        return len(self.waiting) + len(self.working)

    def join(self, expected_s: float) -> None:
        self.waiting.append(expected_s)
        self.waiting_s += expected_s

    def leave(self, expected_s: float) -> None:
        self.waiting.remove(expected_s)
        self.waiting_s = self.waiting_s - expected_s if self.waiting else 0.0

    def takes_in(self, limit: int | None) -> bool:
        """Whether one more job finds a slot, or a place among those that may wait."""
        if not self.limited or self.slots == 0:
            return not self.limited
        return limit is None or self.jobs + self.coming < self.slots + limit

    def expected_wait_s(self, now_s: float, arrival_s: float) -> float:
        """For a job that arrives then: until as many have left as there are before it, as is expected now.

        Where more wait than are at work: until all the work in sight, shared by all slots, is done. Slots
        that are free now are taken by the first in the queue.
        """
        if self.jobs < self.slots or self.slots == 0:
            return 0.0
        turn, free_slots = self.jobs - int(self.slots), max(0, int(self.slots) - len(self.working))
        at_work = self.working + [now_s + expected_s for expected_s in self.waiting[:free_slots]]
        if turn < len(at_work):
            free_s = sorted(at_work)[turn]
        else:
            left_s = sum(end_s - now_s for end_s in self.working if end_s > now_s)
            free_s = now_s + (self.waiting_s + left_s) / self.slots
        return max(0.0, free_s - arrival_s)
