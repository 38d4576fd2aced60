"""The cold start, day by day: when outsourcing begins and when it is steady."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.published.agreement import Placed, interval, placed
from coalesce_sim.experiments.published.digest import Case, Run
from coalesce_sim.statistics.intervals import Estimate, estimate

STEADY_WITHIN = 0.1
"""A day is steady if its rate differs by no more than this share from that of the days after it."""

BEGUN_ABOVE = 1.0
"""Percent of a day's tasks outsourced by decision, not by exploration, from which outsourcing has begun."""

_DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Day:
    """One day over all replications, percent; `decided_rate` leaves exploration out."""

    day: int
    outsourcing_rate: Estimate
    decided_rate: Estimate
    cost_reduction: Estimate


@dataclass(frozen=True, slots=True)
class Total:
    """A metric over all days, and the figure printed for a single run of it."""

    ours: Estimate
    printed: Placed


@dataclass(frozen=True, slots=True)
class ColdStart:
    """`idle_first_days` counts the replications without any outsourcing on day 1.

    `begins` and `steady` are days, None where never; `steady_ci95` is the bootstrap interval of `steady`.
    """

    days: tuple[Day, ...]
    replications: int
    idle_first_days: int
    begins: int | None
    steady: int | None
    steady_ci95: tuple[int, int] | None
    totals: dict[str, Total]


def steady_day(rates: FloatArray) -> int | None:
    """First day whose rate lies within `STEADY_WITHIN` of the mean rate of all later days; None if none does.

    `rates` has one entry a day, the first being day 1.
    """
    for day in range(len(rates) - 1):
        later = rates[day + 1 :].mean()
        if abs(rates[day] - later) <= STEADY_WITHIN * later:
            return day + 1
    return None


def cold_start(case: Case, runs: Sequence[Run], rng: np.random.Generator) -> ColdStart:
    """Work out the days from replications of one scenario."""
    tasks, outsourced, explored, realised_usd, all_local_usd = (
        np.array([getattr(run.daily, name) for run in runs])
        for name in ("tasks", "outsourced", "explored", "realised_usd", "all_local_usd")
    )
    with np.errstate(invalid="ignore"):  # A day without tasks has no rate.
        rate = 100 * outsourced / tasks
        decided = 100 * (outsourced - explored) / tasks
        saved = 100 * (1 - realised_usd / all_local_usd)
    days = tuple(
        Day(
            day + 1,
            estimate(rate[:, day].tolist(), share=True),
            estimate(decided[:, day].tolist(), share=True),
            estimate(saved[:, day].tolist()),
        )
        for day in range(rate.shape[1])
    )
    begun = [each.day for each in days if (each.decided_rate.mean or 0) > BEGUN_ABOVE]
    return ColdStart(
        days=days,
        replications=len(runs),
        idle_first_days=int((outsourced[:, 0] == 0).sum()),
        begins=begun[0] if begun else None,
        steady=steady_day(np.nanmean(rate, axis=0)),
        steady_ci95=_steady_ci95(rate, rng),
        totals={
            metric: _total(each.mean, [run.metrics[metric] for run in runs])
            for metric, each in case.scenario.published.items()
        },
    )


def _total(printed: float, values: list[float]) -> Total:
    return Total(estimate(values), placed(printed, np.array(values)))


def _steady_ci95(rate: FloatArray, rng: np.random.Generator) -> tuple[int, int] | None:
    found = []
    for _ in range(_DRAWS):
        day = steady_day(np.nanmean(rate[rng.integers(len(rate), size=len(rate))], axis=0))
        if day is not None:
            found.append(day)
    if not found:
        return None
    low, high = interval(np.array(found, dtype=float))
    return round(low), round(high)
