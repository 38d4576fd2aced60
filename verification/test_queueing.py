"""The event engine against queueing theory: Erlang C and Little's law.

Each figure is the mean of independent replications with its 99.9 % t interval, and the closed form must
lie in it. Runs start empty, so a warm-up is cut off.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

import coalesce_sim
from coalesce_sim.experiments.queues import growth_of
from tests.markets import queueing

REPLICATIONS = 10
WARM_UP_S = 4 * 3600.0


def erlang_c(slots: int, load: float) -> float:
    """Probability that an arrival waits in M/M/c, `load` being arrival rate × mean service time."""
    terms = [load**k / math.factorial(k) for k in range(slots)]
    last = load**slots / math.factorial(slots) * slots / (slots - load)
    return last / (sum(terms) + last)


def interval(values: list[float]) -> tuple[float, float]:
    """99.9 % t interval of the mean."""
    mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
    half = float(t.ppf(0.9995, len(values) - 1)) * sd / math.sqrt(len(values))
    return mean - half, mean + half


def played(slots: int, load: float, policy: str) -> list[pd.DataFrame]:
    """Settled decisions of each replication; mean service is 1 minute."""
    scenario = queueing(
        {"kind": "renewal", "gap_s": {"exponential": {"mean": 60 / load}}},
        slots=slots,
        service_factor={"exponential": {"mean": 1}},
        policy={"kind": policy},
    )
    decisions = coalesce_sim.run(coalesce_sim.load(scenario), replications=REPLICATIONS).decisions
    settled = decisions[decisions["arrival_s"] >= WARM_UP_S]
    return [each for _, each in settled.groupby("replication")]


@pytest.mark.parametrize("policy", ["random", "always_local"], ids=["at a contractor", "at home"])
@pytest.mark.parametrize(("slots", "load"), [(1, 0.6), (2, 1.4), (5, 4.0)])
def test_waiting_agrees_with_erlang_c(slots: int, load: float, policy: str) -> None:
    runs = played(slots, load, policy)
    waits = [run["started_s"] - run["arrival_s"] for run in runs]
    waiting = erlang_c(slots, load)
    low, high = interval([float((wait > 1e-9).mean()) for wait in waits])
    assert low < waiting < high
    low, high = interval([float(wait.mean()) for wait in waits])
    assert low < waiting * 60 / (slots - load) < high


def test_waiting_times_have_the_right_distribution() -> None:
    """In M/M/c the wait of those who wait is exponential with rate (c − load)/service time."""
    slots, load = 3, 2.4
    runs = played(slots, load, "random")
    for minutes in (0.5, 1.0, 3.0):
        share = [float((run["started_s"] - run["arrival_s"] > 60 * minutes).mean()) for run in runs]
        low, high = interval(share)
        assert low < erlang_c(slots, load) * math.exp(-minutes * (slots - load)) < high


def test_littles_law_holds_between_the_timeline_and_the_decisions() -> None:
    """Mean number waiting = arrival rate × mean wait, both measured, over whole runs."""
    scenario = queueing(
        {"kind": "renewal", "gap_s": {"exponential": {"mean": 60 / 1.5}}},
        slots=2,
        service_factor={"exponential": {"mean": 1}},
    )
    result = coalesce_sim.run(coalesce_sim.load(scenario), replications=REPLICATIONS)
    decisions, timeline = result.decisions, result.timeline
    differences, busy = [], []
    for replication in range(REPLICATIONS):
        tasks = decisions[decisions["replication"] == replication]
        levels = timeline[timeline["replication"] == replication]
        rate = len(tasks) / 86_400
        mean_wait_s = float((tasks["started_s"] - tasks["arrival_s"]).mean())
        differences.append(float(levels["contractor_queue"].mean()) - rate * mean_wait_s)
        busy.append(float(levels["contractor_utilisation"].mean()))
    low, high = interval(differences)
    assert low < 0 < high or max(map(abs, differences)) < 0.02
    low, high = interval(busy)
    assert low < 75 < high


def test_bursty_arrivals_wait_longer_as_kingman_says() -> None:
    """In heavy traffic the wait grows with (ca² + cs²)/2: hyperexponential gaps against exponential ones."""

    def mean_wait(gap: dict[str, object]) -> float:
        scenario = queueing(
            {"kind": "renewal", "gap_s": gap}, slots=1, service_factor={"exponential": {"mean": 1}}
        )
        decisions = coalesce_sim.run(coalesce_sim.load(scenario), replications=REPLICATIONS).decisions
        return float((decisions["started_s"] - decisions["arrival_s"]).mean())

    poisson = mean_wait({"exponential": {"mean": 70}})
    bursty = mean_wait({"gamma": {"mean": 70, "cv": 2}})
    assert 1.5 < bursty / poisson < 3.5  # (4 + 1)/2 against 1, 2.5 in the limit


def lindley(gaps: np.ndarray, work_s: np.ndarray) -> np.ndarray:
    """Waits of a first-come queue with one slot (Lindley's recursion, solved)."""
    ahead_s = np.concatenate(([0.0], np.cumsum(work_s[:-1] - gaps[1:])))
    waits_s: np.ndarray = ahead_s - np.minimum.accumulate(ahead_s)
    return waits_s


@pytest.mark.parametrize("cv", [0.5, 1.0, 4.0], ids=["even", "Poisson", "bursts"])
def test_queues_that_grow_are_said_to_and_others_are_not(cv: float) -> None:
    """Gamma gaps, 400 queues a load of 300 to 10,000 tasks: up to a load of 1 hardly any grows."""
    rng = np.random.default_rng(20261129)
    told: dict[float, int] = {}
    for load in (0.5, 0.9, 1.0, 2.0):
        told[load] = 0
        for tasks in (300, 1000, 3000, 10_000):
            for _ in range(100):
                gaps = rng.gamma(1 / cv**2, cv**2 / load, tasks)
                work_s = rng.exponential(1.0, tasks)
                told[load] += growth_of(np.cumsum(gaps), lindley(gaps, work_s), work_s) is not None
    assert told[0.5] <= 1, told
    assert told[0.9] <= 1, told
    assert told[1.0] <= 4, told
    assert told[2.0] >= 300, told
