"""Luck is uniform and independent across each of its arguments, and compiled code gives the same bits.

Every p value below is of one fixed sample: the tests fail if the function changes for the worse, never by
chance. The level of each look is 1 in 10,000.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from coalesce_sim import luck
from coalesce_sim.luck import Draws, Luck, state_of, uniform

N, LEVEL = 100_000, 1e-4
Floats = NDArray[np.float64]


def by_seed() -> Floats:
    purpose = luck.number_of("work")
    states = [state_of(state_of(state_of(0, seed), 0), purpose) for seed in range(N)]
    return np.array([uniform(state_of(state, -1), 0) for state in states])


def by_replication() -> Floats:
    purpose, root = luck.number_of("work"), state_of(0, 1)
    states = [state_of(state_of(root, replication), purpose) for replication in range(N)]
    return np.array([uniform(state_of(state, -1), 0) for state in states])


def by_worker_number() -> Floats:
    return draws(np.arange(N, dtype=np.uint64)).draws(np.arange(N), 0)


def by_worker_name() -> Floats:
    return draws(luck.identities_of(f"agent {number}" for number in range(N))).draws(np.arange(N), 0)


def by_task() -> Floats:
    of_home = draws(np.arange(1, dtype=np.uint64))
    return np.array([of_home.draw(-1, task) for task in range(N)])


def by_attempt() -> Floats:
    of_home = draws(np.arange(1, dtype=np.uint64))
    return np.array([of_home.draw(-1, 0, attempt) for attempt in range(N)])


def by_purpose() -> Floats:
    root = state_of(state_of(0, 1), 0)
    keys = [state_of(root, luck.number_of(f"purpose {number}")) for number in range(N)]
    return np.array([uniform(state_of(key, -1), 0) for key in keys])


def draws(identities: NDArray[np.uint64]) -> Draws:
    return Luck(1, 0, identities)("work")


@pytest.mark.parametrize(
    "sample",
    [by_seed, by_replication, by_worker_number, by_worker_name, by_task, by_attempt, by_purpose],
)
def test_draws_are_uniform_and_independent_of_their_neighbours(sample: Callable[[], Floats]) -> None:
    values = sample()
    assert stats.kstest(values, "uniform").pvalue > LEVEL
    counts, _ = np.histogram(values, bins=1000, range=(0, 1))
    assert stats.chisquare(counts).pvalue > LEVEL
    for lag in (1, 2, 3, 8, 1000):
        pairs, _, _ = np.histogram2d(values[:-lag], values[lag:], bins=32, range=((0, 1), (0, 1)))
        assert stats.chisquare(pairs.ravel()).pvalue > LEVEL, lag


def test_draws_that_differ_in_one_argument_are_independent() -> None:
    """All pairs of four purposes, three workers, three replications and two attempts, over the same tasks."""
    identities = np.arange(2, dtype=np.uint64)
    series = [
        [of_purpose.draw(worker, task, attempt) for task in range(2000)]
        for replication in (0, 1, 2)
        for purpose in ("work", "found", "policy.random", "policy.exploration")
        for of_purpose in (Luck(1, replication, identities)(purpose),)
        for worker in (-1, 0, 1)
        for attempt in (0, 1)
    ]
    correlations = np.corrcoef(np.array(series))
    off_diagonal = correlations[np.triu_indices(len(series), k=1)]
    z = np.arctanh(off_diagonal) * math.sqrt(2000 - 3)
    assert stats.kstest(z, "norm").pvalue > LEVEL
    assert np.abs(z).max() < stats.norm.ppf(1 - LEVEL / (2 * len(z)))


def test_normal_draws_are_normal() -> None:
    values = np.array([luck.normal(p) for p in by_task()])
    assert stats.kstest(values, "norm").pvalue > LEVEL


def _compiled_uniform(state: np.uint64, number: np.uint64) -> float:
    bits = state + (number + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bits = bits ^ (bits >> np.uint64(31))
    return (float(bits >> np.uint64(12)) + 0.5) * 2.0**-52


def test_compiled_code_gives_the_same_bits() -> None:
    compiled_uniform = pytest.importorskip("numba").njit(_compiled_uniform)
    for number in [*range(2000), 2**63, 2**64 - 2]:
        assert compiled_uniform(np.uint64(977), np.uint64(number)) == uniform(977, number)


def test_compiled_code_gives_the_same_normal_quantiles() -> None:
    """The package's own function, compiled."""
    numba = pytest.importorskip("numba")
    known = {**vars(luck), "_ratio": numba.njit(luck._ratio)}
    compiled_normal = numba.njit(FunctionType(luck.normal.__code__, known))
    for p in [*by_task()[:5000].tolist(), 0.0, 1.0, 2.0**-53, 1 - 2.0**-53, 1e-300]:
        assert compiled_normal(p) == luck.normal(p)
