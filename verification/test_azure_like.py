"""The twin of the Azure trace against the figures its file states and a simulation without events."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

import coalesce_sim
from coalesce_sim.market.market import Market
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Workload
from coalesce_sim.policies.yardsticks import AlwaysLocal
from coalesce_sim.streams import Streams

REQUESTS, TARGET_S = 8819, 2.0
TWIN_RUNS, REFERENCE_RUNS = 200, 400
SEED = 2023
CONFIDENCE = 0.99

Floats = NDArray[np.float64]


class Recorded(coalesce_sim.Observer):
    """Keeps the records of all blocks."""

    def __init__(self) -> None:
        self.blocks: list[Records] = []

    def block_recorded(self, records: Records) -> None:
        self.blocks.append(records)


def waits(arrival_s: Floats, service_s: Floats) -> Floats:
    """Two servers by the recursion of Kiefer and Wolfowitz, requests × runs."""
    wait_s = np.empty_like(arrival_s)
    first, second = np.zeros((2, arrival_s.shape[1]))
    for i in range(len(arrival_s)):
        start_s = np.maximum(first, arrival_s[i])
        wait_s[i] = start_s - arrival_s[i]
        first, second = np.sort([start_s + service_s[i], second], axis=0)
    return wait_s


def summaries(arrival_s: Floats, service_s: Floats) -> dict[str, Floats]:
    """Figures of each run, from requests × runs."""
    wait_s = waits(arrival_s, service_s)
    turnaround_s = wait_s + service_s
    p50, p95, p99 = np.percentile(turnaround_s, (50, 95, 99), axis=0)
    gaps_s = np.diff(arrival_s, axis=0)
    return {
        "gap_s": gaps_s.mean(axis=0),
        "gap_cv": gaps_s.std(axis=0) / gaps_s.mean(axis=0),
        "service_s": service_s.mean(axis=0),
        "wait_s": wait_s.mean(axis=0),
        "p50_s": p50,
        "p95_s": p95,
        "p99_s": p99,
        "late": (turnaround_s > TARGET_S).mean(axis=0),
    }


@pytest.fixture(scope="module")
def drawn() -> tuple[Floats, Floats]:
    """Arrivals and work at home as the product draws them, (requests, runs) each."""
    scenario = coalesce_sim.load("azure_code_like")
    arrival_s, service_s = np.empty((2, REQUESTS, TWIN_RUNS))
    for run in range(TWIN_RUNS):
        blocks = list(Workload(scenario, np.zeros(0), Streams(SEED, run)).blocks())
        arrival_s[:, run] = np.concatenate([block.tasks.arrival_s for block in blocks])
        service_s[:, run] = np.concatenate([block.truth.local_work_s for block in blocks])
    return arrival_s, service_s


@pytest.fixture(scope="module")
def twin(drawn: tuple[Floats, Floats]) -> dict[str, Floats]:
    return summaries(*drawn)


@pytest.fixture(scope="module")
def reference() -> dict[str, Floats]:
    """The same laws drawn by other means."""
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
    return summaries(gap_s.cumsum(axis=0), prompt / 6899 + output / 128)


@pytest.mark.parametrize("run", range(5))
def test_the_market_plays_the_recursion(drawn: tuple[Floats, Floats], run: int) -> None:
    """What holds of the recursion on the product's draws therefore holds of the product."""
    recorded = Recorded()
    scenario = coalesce_sim.load("azure_code_like")
    Market(scenario, AlwaysLocal(), recorded, seed=SEED, replication=run).run()
    blocks = recorded.blocks
    arrival_s, service_s = (each[:, [run]] for each in drawn)
    started_s = np.concatenate([each.started_s for each in blocks])
    finished_s = np.concatenate([each.finished_s for each in blocks])
    expected_s = arrival_s + waits(arrival_s, service_s)
    np.testing.assert_allclose(started_s, expected_s[:, 0], rtol=0, atol=1e-8)
    np.testing.assert_allclose(finished_s, (expected_s + service_s)[:, 0], rtol=0, atol=1e-8)


@pytest.mark.parametrize("figure", ["gap_s", "gap_cv", "service_s", "wait_s", "p50_s", "p95_s", "p99_s"])
def test_the_twin_follows_the_laws_its_file_states(
    twin: dict[str, Floats], reference: dict[str, Floats], figure: str
) -> None:
    """A Welch interval for the ratio of the geometric means, which suit the skew of waits, covers 1."""
    ours, theirs = np.log(twin[figure]), np.log(reference[figure])
    low, high = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(CONFIDENCE)
    assert low < 0 < high, f"{figure}: ratio {math.exp(low):.3f} to {math.exp(high):.3f}"


def test_the_fit_has_the_trace_s_gaps(twin: dict[str, Floats]) -> None:
    """The file states the trace's mean gap, 0.39 s."""
    low, high = stats.ttest_1samp(twin["gap_s"], 0.38970).confidence_interval(CONFIDENCE)
    assert low < 0.38970 < high
    assert high - low < 0.03


def test_eight_runs_in_ten_wait_as_long_as_the_file_says(
    twin: dict[str, Floats], reference: dict[str, Floats]
) -> None:
    for runs in (twin, reference):
        wait_s = runs["wait_s"]
        inside = int(((wait_s > 30) & (wait_s < 75)).sum())
        share = stats.binomtest(inside, len(wait_s)).proportion_ci(CONFIDENCE)
        assert share.low < 0.8 < share.high, f"{inside} of {len(wait_s)}"


def test_nearly_all_are_late_without_sellers(twin: dict[str, Floats]) -> None:
    """The trace: 94.1 %, which its twin's runs reach from above: fewer than one in ten has as few."""
    fewer = int((twin["late"] < 0.941).sum())
    share = stats.binomtest(fewer, TWIN_RUNS).proportion_ci(CONFIDENCE)
    assert fewer > 0
    assert share.high < 0.1, f"{fewer} of {TWIN_RUNS}"
