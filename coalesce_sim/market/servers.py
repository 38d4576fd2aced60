"""Slots behind one first-come queue: a client's GPUs, or a contractor's capacity."""

from __future__ import annotations

import heapq
import math

import simpy


class Forecast:
    """When work that joins a first-come queue now would start (Kiefer and Wolfowitz, 1955).

    Told the service time of every job in the order of arrival, it is exact; told expected times, it is
    what the owner of the queue can promise.
    """

    __slots__ = ("_free_s",)

    def __init__(self, slots: int) -> None:
        self._free_s = [0.0] * slots

    def wait_s(self, arrival_s: float) -> float:
        """Time in the queue for a job that arrives at `arrival_s`."""
        return max(0.0, self._free_s[0] - arrival_s)

    def add(self, arrival_s: float, service_s: float) -> None:
        """A job joins the queue."""
        heapq.heapreplace(self._free_s, max(arrival_s, self._free_s[0]) + service_s)


class Servers:
    """A capacity queue. `slots` is None where capacity is unlimited; then nothing ever waits."""

    __slots__ = ("busy", "capacity", "expected", "resource", "true")

    def __init__(self, env: simpy.Environment, slots: int | None) -> None:
        self.capacity = math.inf if slots is None else slots
        self.resource = simpy.Resource(env, capacity=self.capacity)  # type: ignore[arg-type]
        self.expected = None if slots is None else Forecast(slots)
        self.true = None if slots is None else Forecast(slots)
        self.busy = 0

    def expected_wait_s(self, arrival_s: float) -> float:
        """What the owner would promise."""
        return 0.0 if self.expected is None else self.expected.wait_s(arrival_s)

    def true_wait_s(self, arrival_s: float) -> float:
        """What will happen, the service times of all jobs before being known."""
        return 0.0 if self.true is None else self.true.wait_s(arrival_s)

    def join(self, arrival_s: float, expected_s: float, true_s: float) -> None:
        """Tell both forecasts about a job."""
        if self.expected is not None and self.true is not None:
            self.expected.add(arrival_s, expected_s)
            self.true.add(arrival_s, true_s)
