"""The twin of the Azure trace against the figures its file states and a simulation without events."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

import coalesce_sim
from coalesce_sim.market.records import Records
from coalesce_sim.market.simulation import Market
from coalesce_sim.policies.yardsticks import AlwaysLocal

REQUESTS, TARGET_S = 8819, 2.0
ENGINE_RUNS, REFERENCE_RUNS = 40, 400
CONFIDENCE = 0.99

Floats = NDArray[np.float64]


def summary(arrival_s: Floats, wait_s: Floats, service_s: Floats) -> dict[str, float]:
    turnaround_s = wait_s + service_s
    p50, p95, p99 = np.percentile(turnaround_s, (50, 95, 99))
    gaps_s = np.diff(arrival_s)
    return {
        "gap_s": gaps_s.mean(),
        "gap_cv": gaps_s.std() / gaps_s.mean(),
        "service_s": service_s.mean(),
        "wait_s": wait_s.mean(),
        "p50_s": p50,
        "p95_s": p95,
        "p99_s": p99,
        "late": float((turnaround_s > TARGET_S).mean()),
    }


def engine_run(replication: int) -> dict[str, float]:
    scenario = coalesce_sim.load("azure_code_like")
    blocks: list[Records] = []
    Market(scenario, AlwaysLocal(), None, blocks.append, seed=2023, replication=replication).run()
    arrival_s = np.concatenate([each.block.tasks.arrival_s for each in blocks])
    started_s = np.concatenate([each.started_s for each in blocks])
    finished_s = np.concatenate([each.finished_s for each in blocks])
    return summary(arrival_s, started_s - arrival_s, finished_s - started_s)


@pytest.fixture(scope="module")
def engine() -> list[dict[str, float]]:
    return [engine_run(replication) for replication in range(ENGINE_RUNS)]


@pytest.fixture(scope="module")
def reference() -> list[dict[str, float]]:
    """The same laws drawn by other means, and two servers by the Kiefer–Wolfowitz recursion."""
    rng = np.random.default_rng(20231116)
    shape = (REQUESTS, REFERENCE_RUNS)
    gap_s = np.where(rng.random(shape) < 0.0065, 45.0, 0.0978) * rng.standard_exponential(shape)
    prompt = np.interp(
        rng.random(shape),
        [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1],
        [3, 134, 367, 787, 1071, 1457, 1914, 2431, 3065, 4982, 7263, 7521],
    )
    output = np.interp(
        rng.random(shape),
        [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.998, 1],
        [6, 7, 9, 13, 21, 51, 85, 160, 221, 528, 1260],
    )
    assert prompt.mean() == pytest.approx(2048, rel=5e-3)
    assert output.mean() == pytest.approx(28.0, rel=5e-3)
    arrival_s = gap_s.cumsum(axis=0)
    service_s = prompt / 6899 + output / 128
    wait_s = np.empty(shape)
    first, second = np.zeros(REFERENCE_RUNS), np.zeros(REFERENCE_RUNS)
    for i in range(REQUESTS):
        start_s = np.maximum(first, arrival_s[i])
        wait_s[i] = start_s - arrival_s[i]
        first, second = np.sort([start_s + service_s[i], second], axis=0)
    return [summary(arrival_s[:, r], wait_s[:, r], service_s[:, r]) for r in range(REFERENCE_RUNS)]


@pytest.mark.parametrize("figure", ["gap_s", "gap_cv", "service_s", "wait_s", "p50_s", "p95_s", "p99_s"])
def test_the_engine_agrees_with_the_recursion(
    engine: list[dict[str, float]], reference: list[dict[str, float]], figure: str
) -> None:
    """A Welch interval for the ratio of the geometric means, which suit the skew of waits, covers 1."""
    ours, theirs = (np.log([each[figure] for each in runs]) for runs in (engine, reference))
    low, high = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(CONFIDENCE)
    assert low < 0 < high, f"{figure}: ratio {math.exp(low):.3f} to {math.exp(high):.3f}"


def test_the_fit_has_the_trace_s_gaps(engine: list[dict[str, float]]) -> None:
    """The file states the trace's mean gap, 0.39 s."""
    gaps_s = np.array([each["gap_s"] for each in engine])
    low, high = stats.ttest_1samp(gaps_s, 0.38970).confidence_interval(CONFIDENCE)
    assert low < 0.38970 < high
    assert high - low < 0.1


def test_eight_runs_in_ten_wait_as_long_as_the_file_says(
    engine: list[dict[str, float]], reference: list[dict[str, float]]
) -> None:
    for runs in (engine, reference):
        inside = sum(30 < each["wait_s"] < 75 for each in runs)
        share = stats.binomtest(inside, len(runs)).proportion_ci(CONFIDENCE)
        assert share.low < 0.8 < share.high, f"{inside} of {len(runs)}"


def test_nearly_all_are_late_without_sellers(engine: list[dict[str, float]]) -> None:
    """The trace: 94.1 %, a figure that the runs of its twin surround."""
    late = np.array([each["late"] for each in engine])
    assert late.min() < 0.941 < late.max()
