"""MSER-5 on series whose warm-up is known, and word by word."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coalesce_sim.statistics.warm_up import WarmUp, mser5


def by_definition(observations: list[float]) -> WarmUp:
    means = [float(np.mean(observations[i : i + 5])) for i in range(0, len(observations) - 4, 5)]
    m = len(means)
    statistics = [
        math.fsum((each - math.fsum(means[d:]) / (m - d)) ** 2 for each in means[d:]) / (m - d) ** 2
        for d in range(m - 4)
    ]
    cut = statistics.index(min(statistics))
    return WarmUp(5 * cut, True) if cut < m / 2 else WarmUp(0, False)


@pytest.mark.parametrize("n", [50, 54, 203, 500])
@pytest.mark.parametrize("decay", [0.0, 20.0, 150.0])
def test_it_is_its_definition(n: int, decay: float) -> None:
    rng = np.random.default_rng(n)
    for _ in range(5):
        transient = 5 * np.exp(-np.arange(n) / decay) if decay else np.zeros(n)
        observations = (rng.normal(size=n) + transient).tolist()
        assert mser5(observations) == by_definition(observations)


def test_a_step_is_cut_where_it_ends() -> None:
    noise = np.tile([-1.0, 1.0, -1.0, 1.0, 0.0, 1.0, -1.0, 1.0, -1.0, 0.5], 20)
    assert mser5(noise + np.where(np.arange(200) < 60, 100.0, 0.0)) == WarmUp(60, True)
    assert mser5(noise + np.where(np.arange(200) < 62, 100.0, 0.0)) == WarmUp(65, True), "whole batches"


def test_a_run_that_is_still_warming_up_is_too_short() -> None:
    assert mser5(np.arange(300.0)) == WarmUp(0, False)
    assert mser5(np.where(np.arange(200) < 100, 9.0, 0.0)) == WarmUp(0, False), "half is too much"
    assert mser5(np.where(np.arange(200) < 95, 9.0, 0.0)) == WarmUp(95, True)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e12])
def test_a_constant_series_has_no_warm_up(value: float) -> None:
    assert mser5([value] * 123) == WarmUp(0, True)


def test_a_huge_transient_does_not_drown_what_follows() -> None:
    steady = np.random.default_rng(3).normal(1, 1e-3, 500)
    assert (
        mser5(np.concatenate([np.full(30, 1e9), steady])).observations_cut
        == 30 + mser5(steady).observations_cut
    )


def test_fewer_than_ten_batches_are_too_few() -> None:
    assert mser5([]) == mser5([1.0] * 49) == WarmUp(0, False)
    assert mser5([1.0] * 50) == WarmUp(0, True)


def test_an_observation_that_is_not_finite_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"observations: must be finite \(got nan at 1\)"):
        mser5([1.0, math.nan])
