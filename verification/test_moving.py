"""Numbers that walk, and contractors that go down, against what is known of them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, kstest

import coalesce_sim
from coalesce_sim.luck import Luck
from coalesce_sim.market.courses import Course
from coalesce_sim.market.moving import told
from coalesce_sim.market.roster import roster_of
from coalesce_sim.streams import Streams
from tests.market.trading import contractor, market
from verification.test_queueing import interval

WALKERS = 3000


def walks(days: float, **walk: Any) -> list[Course]:
    """The walks of many drawn contractors of one type."""
    kind = {"share": 1, "reliability": 1, "success": {"walk": walk}}
    pool = {"count": WALKERS, "types": {"x": kind}}
    clock = {"start": datetime(2026, 6, 1), "days": days}
    scenario = coalesce_sim.load(market([0]) | {"contractors": pool, "clock": clock})
    roster = roster_of(scenario, Streams(1, 0))
    return [each["success"] for each in told(scenario, roster, Luck(1, 0, roster.identities))]


def values_at(courses: list[Course], hour: float) -> np.ndarray:
    return np.array([course.value(3600 * hour) for course in courses])


@pytest.mark.parametrize("every_min", [15, 4])
def test_a_walk_spreads_with_the_square_root_of_time(every_min: float) -> None:
    """Far from its bounds a walk is a sum of independent normal steps, so that what it has moved by after t
    hours has mean 0 and variance sd² t, and what it moves by in disjoint times is not correlated."""
    sd = 0.01
    courses = walks(1.0, start=0.5, sd_per_sqrt_h=sd, low=0, high=1, every_min=every_min)
    for hour in (1, 4, 24):
        moved = values_at(courses, hour) - 0.5
        assert abs(moved.mean()) < 3.3 * sd * math.sqrt(hour / WALKERS)
        low, high = (sd**2 * hour * chi2.ppf(p, WALKERS) / WALKERS for p in (0.0005, 0.9995))
        assert low < float((moved**2).mean()) < high
    at_hours = [values_at(courses, hour) for hour in (0, 8, 16, 24)]
    first, second, third = np.diff(at_hours, axis=0)
    for one, other in ((first, second), (second, third), (first, third)):
        assert abs(float(np.corrcoef(one, other)[0, 1])) < 3.3 / math.sqrt(WALKERS)


def test_a_walk_between_bounds_is_in_the_end_anywhere_as_often() -> None:
    """The uniform law is the stationary one of a walk in symmetric steps that is reflected at both ends: by
    the reflection principle its density is that of the free walk folded, a sum over images that flattens."""
    courses = walks(2.0, start=0.25, sd_per_sqrt_h=0.2, low=0.2, high=0.6)
    assert kstest(values_at(courses, 1), "uniform", args=(0.2, 0.4)).pvalue < 1e-6
    for hour in (24, 36, 48):
        assert kstest(values_at(courses, hour), "uniform", args=(0.2, 0.4)).pvalue > 0.001


SERVICE_MIN, GAP_MIN = 1.0, 1.6
UP_H, REPAIR_H = 0.2, 0.05
WARM_UP_S = 4 * 3600.0


def with_breakdowns(running: str, seed: int) -> list[pd.DataFrame]:
    """Contracts of each replication with one contractor of one slot, which goes down; who is given a task
    meanwhile does not answer, and the task is given up."""
    a = contractor(
        "a",
        slots=1,
        latency_min=SERVICE_MIN,
        outages={"mean_up_h": UP_H, "mean_repair_h": REPAIR_H, "running": running},
    )
    fields = market(
        [0],
        a,
        clients={"slots": 0},
        policy={"kind": "always_outsource"},
        realised={"external_time_factor": {"exponential": {"mean": 1}}},
        contracts={"connect_timeout_s": 0, "recovery": {"retries": 0, "then": "give_up"}},
        clock={"start": datetime(2026, 6, 1), "days": 3},
        seed=seed,
    )
    fields["workload"]["arrivals"] = {"kind": "renewal", "gap_s": {"exponential": {"mean": 60 * GAP_MIN}}}
    contracts = coalesce_sim.run(coalesce_sim.load(fields), replications=10).contracts
    settled = contracts[contracts["submitted_s"] >= WARM_UP_S]
    return [each for _, each in settled.groupby("replication")]


def test_a_queue_with_breakdowns_takes_as_much_longer_as_its_repairs_take() -> None:
    """M/M/1 whose server fails f times an hour of the time it is up and takes r hours to be repaired, where
    arrivals during repairs are refused and work resumes: the mean time in system is (1 + f r) / (μ − λ).

    While the server is down nothing comes and nothing is done. Cut those times out, and what is left is
    M/M/1 with rates λ and μ by the clock that runs only while the server is up (arrivals are Poisson, so
    those that come while it is up are Poisson there, and work resumes where it stopped). By that clock a
    task is there 1 / (μ − λ) hours on average. It comes while the server is up, and outages are Poisson at
    rate f by that clock, independent of it: in t hours of it there are f t repairs on average, of r hours
    each, so that by the wall's clock the task is there (1 + f r) t.
    """
    spent_s, refused = [], []
    for run in with_breakdowns("resumes", seed=1):
        done = run[run["state"] == "completed"]
        spent_s.append(float((done["ended_s"] - done["submitted_s"]).mean()))
        refused.append(float((run["reason"] == "unreachable").mean()))
    per_s = 1 / (60 * SERVICE_MIN) - 1 / (60 * GAP_MIN)
    low, high = interval(spent_s)
    assert low < (1 + REPAIR_H / UP_H) / per_s < high
    low, high = interval(refused)
    assert low < REPAIR_H / (UP_H + REPAIR_H) < high


def test_work_is_lost_as_often_as_an_outage_comes_before_its_end() -> None:
    """Of two exponential times, to the next outage at rate f and to the end of the work at rate μ, the first
    is the shorter with probability f / (f + μ)."""
    lost = []
    for run in with_breakdowns("lost", seed=2):
        begun = run[run["working_s"].notna()]
        lost.append(float((begun["reason"] == "outage").mean()))
    fails, ends = 1 / UP_H, 60 / SERVICE_MIN
    low, high = interval(lost)
    assert low < fails / (fails + ends) < high
