"""What is made of a metric at the points of a sample."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coalesce_sim.sensitivity import morris, sobol
from coalesce_sim.sensitivity.noise import noise_share
from coalesce_sim.sweeps import samples
from coalesce_sim.sweeps.factors import Factor, Uniform, factor_of

RANGE = Factor(("x",), None, Uniform(uniform=[0.0, 1.0]))


def test_the_only_factor_that_matters_has_all_of_the_variance() -> None:
    design = samples.saltelli(2, 256, 3)
    first, second = sobol.indices(design[:, 0], ["first", "second"], seed=0)
    assert first.first == pytest.approx(1, abs=0.03)
    assert first.total == pytest.approx(1, abs=0.03)
    assert 0 < first.first_half_width < 0.3
    assert (second.factor, second.first, second.total) == ("second", 0, 0)


def test_intervals_repeat_at_every_seed_also_at_0() -> None:
    values = samples.saltelli(2, 16, 3).sum(axis=1)
    once, again = (sobol.indices(values, ["x", "y"], seed=0) for _ in range(2))
    assert once == again


def test_a_metric_that_does_not_vary_has_no_indices() -> None:
    with pytest.raises(ValueError, match=r"is 7\.0 at all 8 points: there is no variance to share"):
        sobol.indices(np.full(8, 7.0), ["x", "y"], seed=0)


def test_an_effect_is_scaled_to_the_whole_range_but_among_words_it_is_the_change() -> None:
    """Of 2·x + 5·[policy is b], where x goes over 4/7 of its range at a step."""
    factors = [RANGE, factor_of("policy", ["a", "b"])]
    design = samples.morris(2, 12, 1)
    is_b = np.array([factors[1].index(u) for u in design[:, 1]])
    effects = morris.effects(design, 2 * design[:, 0] + 5 * is_b, factors)
    assert effects == pytest.approx(np.tile([2.0, 5.0], (12, 1)))


def test_sigma_tells_an_effect_that_depends_on_the_others() -> None:
    design = samples.morris(2, 12, 1)
    alone, together = (
        morris.indices(design, values, [RANGE, RANGE], ["x", "y"])
        for values in (design.sum(axis=1), design.prod(axis=1))
    )
    assert alone[0].sigma == pytest.approx(0, abs=1e-12)
    assert alone[0].mu_star_half_width == pytest.approx(0, abs=1e-12)
    assert together[0].sigma > 0.1
    assert together[0].mu_star_half_width > 0


def test_a_factor_that_does_nothing_has_the_mu_star_that_is_told_of_noise() -> None:
    """Noise of sd 2 in each of 4 replications: the mean moves by chance, x does not."""
    factors, rng = [RANGE, factor_of("policy", ["a", "b"])], np.random.default_rng(1)
    design = samples.morris(2, 400, 1)
    values = rng.normal(0, 2, (len(design), 4)) + rng.normal(size=4)
    found = morris.indices(design, values.mean(axis=1), factors, ["x", "policy"])
    noise = morris.of_noise(design, values, factors)
    assert noise == pytest.approx(
        [math.sqrt(2 / math.pi) * math.sqrt(2) * 1 * 7 / 4, 2 / math.sqrt(math.pi)], rel=0.05
    )
    for each, size in zip(found, noise, strict=True):
        assert abs(each.mu_star - size) < 1.5 * each.mu_star_half_width
    assert morris.of_noise(design, design[:, :1] + np.ones(4), factors) == pytest.approx([0, 0], abs=1e-12)


def test_what_replications_add_to_all_points_alike_is_no_noise() -> None:
    points, replications = np.arange(5.0)[:, None], np.array([[0.0, 10.0, -3.0]])
    assert noise_share(points + replications) == pytest.approx(0, abs=1e-12)
    assert noise_share(np.ones((5, 3))) is None
    assert noise_share(points) is None
    only_noise = np.random.default_rng(1).normal(size=(2000, 4))
    assert noise_share(only_noise) == pytest.approx(1, abs=0.1)
