"""Sobol indices and Morris effects against functions whose own are known, and their intervals' coverage.

Ishigami's function sin z₁ + 7 sin² z₂ + 0.1 z₃⁴ sin z₁, with z uniform from −π to π, has a third factor that
does nothing alone and much together with the first.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from coalesce_sim.sensitivity import morris, sobol
from coalesce_sim.sensitivity.noise import noise_share
from coalesce_sim.sweeps import samples
from coalesce_sim.sweeps.factors import Factor, Integers, Uniform, factor_of

Floats = NDArray[np.float64]

NAMES = ("z1", "z2", "z3")
STUDIES = 100
UNIT = Uniform(uniform=[0.0, 1.0])


def ishigami(shares: Floats) -> Floats:
    z1, z2, z3 = np.pi * (2 * shares.T - 1)
    result: Floats = np.sin(z1) + 7 * np.sin(z2) ** 2 + 0.1 * z3**4 * np.sin(z1)
    return result


def ishigami_indices() -> tuple[list[float], list[float]]:
    """First-order and total, from the variances in closed form."""
    v1 = 0.5 * (1 + 0.1 * math.pi**4 / 5) ** 2
    v2 = 7**2 / 8
    v13 = 0.1**2 * math.pi**8 * (1 / 18 - 1 / 50)
    whole = v1 + v2 + v13
    return [v1 / whole, v2 / whole, 0.0], [(v1 + v13) / whole, v2 / whole, v13 / whole]


def arrays(found: list[sobol.SobolIndex]) -> tuple[Floats, Floats]:
    """First-order and total indices, and the half-widths, (2, factors) each."""
    means = np.array([[each.first, each.total] for each in found]).T
    half_widths = np.array([[each.first_half_width, each.total_half_width] for each in found]).T
    return means, half_widths


def test_ishigamis_sobol_indices_are_found_in_their_intervals_and_to_2_hundredths() -> None:
    """Of 5,120 evaluations; the error is the root mean square over ten designs."""
    truth, errors = np.array(ishigami_indices()), []
    for seed in range(10):
        design = samples.saltelli(3, 1024, seed)
        assert len(design) == 5120
        means, half_widths = arrays(sobol.indices(ishigami(design), NAMES, seed))
        errors.append(means - truth)
        assert (np.abs(errors[-1]) <= half_widths).all(), seed
    assert np.sqrt(np.mean(np.square(errors), axis=0)).max() <= 0.02


def test_sobol_intervals_cover_at_least_as_often_as_they_say() -> None:
    """The bootstrap takes the points for random ones; the sequence does better, so the intervals are wide."""
    truth = np.array(ishigami_indices())
    hits = np.zeros((2, 3))
    for seed in range(STUDIES):
        means, half_widths = arrays(sobol.indices(ishigami(samples.saltelli(3, 128, seed)), NAMES, seed))
        hits += np.abs(means - truth) <= half_widths
    for each in hits.ravel():
        assert stats.binomtest(int(each), STUDIES).proportion_ci(0.999).high >= 0.95


def test_morris_finds_the_slopes_of_a_linear_function_whatever_its_factors_are_like() -> None:
    """By whole ranges: of a range, of two and of three values, of whole numbers."""
    factors = [
        Factor(("range",), None, UNIT),
        factor_of("two", [10, 20]),
        factor_of("three", [1, 2, 3]),
        Factor(("whole",), None, Integers(integers=[1, 5])),
    ]
    slopes = np.array([3.0, -2.0, 0.5, 8.0])
    design = samples.morris(4, 10, 1)
    index = {
        name: np.array([factor.index(u) for u in column])
        for name, factor, column in (("two", factors[1], design[:, 1]), ("three", factors[2], design[:, 2]))
    }
    whole = np.array([factors[3].at(u)[0].value for u in design[:, 3]])
    positions = np.column_stack([design[:, 0], index["two"], index["three"] / 2, (whole - 1) / 4])
    found = morris.indices(design, positions @ slopes, factors, ["range", "two", "three", "whole"])
    assert [each.mu for each in found] == pytest.approx(slopes.tolist())
    assert [each.mu_star for each in found] == pytest.approx(np.abs(slopes).tolist())
    assert max(each.sigma for each in found) < 1e-9
    ranked = sorted(found, key=lambda each: -each.mu_star)
    assert [each.factor for each in ranked] == ["whole", "range", "two", "three"]


def test_morris_intervals_cover_the_mean_effect_in_about_95_of_100_studies() -> None:
    """Of x·y the effect of x is y, which the grid has uniform on 0, 1/7, … 1: its mean is 1/2."""
    factors = [Factor((name,), None, UNIT) for name in "xy"]
    hits = 0
    for seed in range(STUDIES):
        design = samples.morris(2, 20, seed)
        x, _ = morris.indices(design, design.prod(axis=1), factors, ["x", "y"])
        hits += abs(x.mu_star - 0.5) <= x.mu_star_half_width
    found = stats.binomtest(hits, STUDIES).proportion_ci(0.999)
    assert found.low <= 0.95 <= found.high


def test_the_share_of_noise_is_the_variance_of_the_means_that_more_replications_take_away() -> None:
    """Points of variance 4, replications of variance 9 alike for all points, and noise of variance 6 / 3."""
    rng = np.random.default_rng(5)
    shares = [
        noise_share(
            2 * rng.normal(size=(200, 1)) + 3 * rng.normal(size=(1, 3)) + rng.normal(0, 6**0.5, (200, 3))
        )
        for _ in range(100)
    ]
    assert np.mean([share for share in shares if share is not None]) == pytest.approx(2 / (4 + 2), abs=0.02)
