"""M/M/10 at a load of 0.8 beside other simulators: customers a second in one process.

Ciw and salabim are compared with where they are installed (extra ``benchmarks``): in an environment of their
own, for Ciw brings a package `tests` that hides this project's.
"""

from __future__ import annotations

import importlib.util
import random
import statistics
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

import simpy

import coalesce_sim
from benchmarks.markets import market
from benchmarks.timing import Figure, in_turn, median_ratio

SERVERS, GAP_S, SERVICE_S, CUSTOMERS = 10, 7.5, 60.0, 20_000


def ours() -> coalesce_sim.Scenario:
    """One contractor with ten slots, to whom everything goes."""
    return coalesce_sim.load(
        {
            "extends": "published",
            "name": "mm10",
            "clock": {"days": CUSTOMERS * GAP_S / 86_400},
            "workload": {"arrivals": {"kind": "renewal", "gap_s": {"exponential": {"mean": GAP_S}}}},
            "contractors": [
                {
                    "name": "servers",
                    "price_usd": 1,
                    "latency_min": SERVICE_S / 60,
                    "reliability": 1,
                    "slots": SERVERS,
                }
            ],
            "contractor_dynamics": None,
            "cost_model": {
                "external": {"pricing": {"kind": "flat"}},
                "realised": {"external_time_factor": {"exponential": {"mean": 1}}},
            },
            "policy": {"kind": "fixed", "contractor": "servers"},
        }
    )


def with_simpy() -> None:
    """A process and a Resource."""
    draws, env = random.Random(1), simpy.Environment()
    servers = simpy.Resource(env, SERVERS)

    def customer() -> Generator[simpy.Event, Any, None]:
        with servers.request() as request:
            yield request
            yield env.timeout(draws.expovariate(1 / SERVICE_S))

    def arrivals() -> Generator[simpy.Event, Any, None]:
        for _ in range(CUSTOMERS):
            yield env.timeout(draws.expovariate(1 / GAP_S))
            env.process(customer())

    env.process(arrivals())
    env.run()


def with_ciw() -> None:
    """A network of one node."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(1 / GAP_S)],
        service_distributions=[ciw.dists.Exponential(1 / SERVICE_S)],
        number_of_servers=[SERVERS],
    )
    ciw.seed(1)
    ciw.Simulation(network).simulate_until_max_time(CUSTOMERS * GAP_S)


def with_salabim() -> None:
    """A component and a resource."""
    import salabim

    salabim.yieldless(False)
    env = salabim.Environment(random_seed=1)
    servers, service_s = salabim.Resource(capacity=SERVERS), salabim.Exponential(SERVICE_S)

    class Customer(salabim.Component):  # type: ignore[misc]
        def process(self) -> Generator[Any, Any, None]:
            yield self.request(servers)
            yield self.hold(service_s.sample())
            self.release()

    salabim.ComponentGenerator(Customer, iat=salabim.Exponential(GAP_S), number=CUSTOMERS)
    env.run()


def rows(pairs: int) -> list[Figure]:
    """Customers a second, and how many times as many as with the others."""
    others: dict[str, tuple[Callable[[], None], str]] = {"SimPy with Resource": (with_simpy, "≥ 4")}
    if importlib.util.find_spec("ciw") is not None:
        others["Ciw"] = (with_ciw, "≥ 10")
    if importlib.util.find_spec("salabim") is not None:
        others["salabim"] = (with_salabim, "")
    scenario = ours()
    compiled, by_events = partial(market, scenario, "compiled"), partial(market, scenario, "simpy")
    compiled()  # compiles, or loads what was compiled
    compiled_s, events_s, *theirs = in_turn(
        pairs, compiled, by_events, *(action for action, _ in others.values())
    )
    found = [
        Figure("M/M/10, compiled: customers/s", CUSTOMERS / statistics.median(compiled_s)),
        Figure("M/M/10, simpy: customers/s", CUSTOMERS / statistics.median(events_s)),
    ]
    for (name, (_, asked)), theirs_s in zip(others.items(), theirs, strict=True):
        found += [
            Figure(f"{name}, customers/s", CUSTOMERS / statistics.median(theirs_s)),
            Figure(f"compiled: times as fast as {name}", median_ratio(compiled_s, theirs_s), asked),
            Figure(f"simpy: times as fast as {name}", median_ratio(events_s, theirs_s)),
        ]
    return found
