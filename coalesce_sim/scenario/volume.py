"""How many tasks a scenario lets come, roughly and before any is drawn."""

from __future__ import annotations

import math

import numpy as np

from coalesce_sim.scenario.distributions import (
    Choice,
    Distribution,
    DistributionSpec,
    Mixture,
    drawn_at,
)
from coalesce_sim.scenario.workload import Arrivals, DemandDriven, MarketDemand, Recorded, Renewal

MOST_TASKS = 1_000_000_000
"""More than machines have memory for; with fewer, each gap is large enough to move the clock."""

MOST_AT_ONCE = 10_000_000
"""Tasks that come at one moment are laid out together."""

MOST_TRUST_GIB = 8
"""What EigenTrust's tables may take; beyond that machines run out of memory without a word."""

_SHARES = np.concatenate((2.0 ** -np.arange(49, 0, -1), 1 - 2.0 ** -np.arange(2, 50)))
"""Probabilities at which quantiles are looked at, denser towards both ends."""


def overflow(arrivals: Arrivals, demand: MarketDemand | None, horizon_s: float, clients: int) -> str | None:
    """What is wrong where more tasks are expected than can be played, after the field's name; else None."""
    streams = _streams(arrivals, clients)
    most_come = f"lets more than {MOST_TASKS:,} tasks come before the clock ends"
    match arrivals:
        case Renewal(gap_s=gap_s, limit=limit) | Recorded(gap_s=gap_s, limit=limit):
            # Between t / E[min(gap, t)] and twice as many come until t (Erickson, 1973).
            at_most = limit or (math.inf if isinstance(arrivals, Renewal) else 0)  # recorded ones are counted
            if (
                at_most * streams > MOST_TASKS
                and mean_below(gap_s, horizon_s) * MOST_TASKS < horizon_s * streams
            ):
                got = f" (got {gap_s!r})" if isinstance(gap_s, float | int) else ""
                return f"gap_s: {most_come}{got}"
        case DemandDriven(tasks_per_hour=rate) if demand is not None:
            least, most = (
                streams * rate * min(demand.max, max(demand.min, level)) for level in _levels(demand)
            )
            if most > MOST_AT_ONCE:
                return f"tasks_per_hour: lets more than {MOST_AT_ONCE:,} tasks come at once (got {rate!r})"
            if least * horizon_s / 3600 > MOST_TASKS:
                return f"tasks_per_hour: {most_come} (got {rate!r})"
    return None


def trust_gib(clients: int, contractors: int, task_types: int) -> float:
    """About what EigenTrust's tables take while it computes scores."""
    cells = (2 * task_types + 6) * clients * contractors + 3 * clients**2
    return 8 * cells / 2**30


def expected_tasks(
    arrivals: DemandDriven | Renewal | Recorded, demand: MarketDemand | None, horizon_s: float, clients: int
) -> float:
    """About how many tasks come until the clock ends."""
    streams = _streams(arrivals, clients)
    if isinstance(arrivals, DemandDriven):
        return 0.0 if demand is None else streams * arrivals.tasks_per_hour * demand.base * horizon_s / 3600
    limit = math.inf if arrivals.limit is None else arrivals.limit
    gap_s = mean_below(arrivals.gap_s, horizon_s)
    return streams * (min(limit, horizon_s / gap_s) if gap_s > 0 else limit)


def _streams(arrivals: Arrivals, clients: int) -> int:
    """How many streams of tasks there are: one of all clients together, or one of each."""
    return clients if isinstance(arrivals, DemandDriven | Renewal) and arrivals.per == "client" else 1


def mean_below(distribution: Distribution, most: float) -> float:
    """About the mean of draws of which those above `most` count as that."""
    if not isinstance(distribution, DistributionSpec):
        return min(float(distribution), most)
    match distribution.chosen:
        case Choice(values=values, weights=weights):
            shares = weights or [1.0] * len(values)
            held = math.fsum(share * min(value, most) for share, value in zip(shares, values, strict=True))
            return held / math.fsum(shares)
        case Mixture(components=parts):
            held = math.fsum(part.weight * mean_below(part, most) for part in parts)
            return held / math.fsum(part.weight for part in parts)
        case _:
            quantiles = [min(drawn_at(distribution, p), most) for p in _SHARES.tolist()]
            return float(np.trapezoid(quantiles, _SHARES))


def _levels(demand: MarketDemand) -> tuple[float, float]:
    """Demand of an ordinary hour, and the most that there may be in any."""
    busy = max(1.0, demand.busy_factor if demand.busy_weekdays else 1.0)
    return demand.base, demand.base * busy + 6 * demand.noise_sd
