"""The bare SimPy skeleton: the events of a market without its decisions."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

Events = Generator[simpy.Event, Any, None]


def play(rounds: list[tuple[float, int]], service_s: float) -> None:
    """`rounds` lists arrival times and how many tasks arrive; each requests, is served and releases.

    These are the five events a task has in the market: start of its process, request, end of service,
    release, end of its process; plus one event a round.
    """
    env = simpy.Environment()
    servers = simpy.Resource(env, capacity=10**9)

    def task() -> Events:
        request = servers.request()
        yield request
        yield env.timeout(service_s)
        servers.release(request)

    def arrivals() -> Events:
        for arrival_s, count in rounds:
            if arrival_s > env.now:
                yield env.timeout(arrival_s - env.now)
            for _ in range(count):
                env.process(task())

    env.process(arrivals())
    env.run()
