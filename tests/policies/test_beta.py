"""Quantiles of Beta distributions, beside scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from coalesce_sim.luck import normal
from coalesce_sim.policies.bandits import beta
from coalesce_sim.rounding import first_greatest

OBSERVATIONS = (0.001, 0.5, 1.0, 3.0, 7.5, 20.0, 150.0, 4_000.0, 100_000.0)
SHARES = np.linspace(0, 1, 9)
_TAIL = 2.0 ** -np.arange(5.0, 54.0, 6.0)
PROBABILITIES = (*_TAIL, *np.linspace(0.05, 0.95, 10), *1 - _TAIL)


@pytest.mark.parametrize("observations", OBSERVATIONS)
def test_quantiles_are_those_of_the_distribution(observations):
    for share in SHARES:
        a, b = 1 + observations * share, 1 + observations * (1 - share)
        found = [beta.quantile(float(p), float(a), float(b)) for p in PROBABILITIES]
        np.testing.assert_allclose(found, special.betaincinv(a, b, PROBABILITIES), rtol=1e-9)


def test_a_uniform_distribution_gives_back_the_probability():
    assert beta.quantile(0.3, 1.0, 1.0) == 0.3


def test_what_is_certainly_below_is():
    """The bound of `is_below` is never exceeded, whole parameters or not."""
    rng, count = np.random.default_rng(1), 100_000
    observations, share = 10 ** rng.uniform(-3, 5, count), rng.choice([0.0, 1.0, *rng.random(20)], count)
    a, b = 1 + observations * share, 1 + observations * (1 - share)
    x = np.where(rng.random(count) < 0.7, special.betaincinv(a, b, rng.random(count)), rng.random(count))
    below = special.betainc(a, b, x)
    usual = (x > 0) & (x < 1) & (below > 1e-12) & (below < 1 - 1e-12)
    assert usual.sum() > count / 2
    for place, p, *shape in np.stack([x, below, a, b], axis=1)[usual].tolist():
        assert not beta.is_below(place, normal(p) + 1e-7, *shape)


def test_a_parameter_of_hardly_more_than_1_is_as_1():
    for b in (1.0, 1.0 + 2**-52):
        assert not beta.is_below(0.6, normal(0.4), 2.5, b)
        assert beta.is_below(0.6, normal(0.05), 2.5, b)


def test_what_is_left_out_is_not_the_greatest():
    rng = np.random.default_rng(2)
    skipped = 0
    for _ in range(500):
        count = int(rng.integers(1, 14))
        observations, share = 10 ** rng.uniform(-2, 3, count), rng.random(count)
        a, b = (1 + observations * share).tolist(), (1 + observations * (1 - share)).tolist()
        p = rng.random(count).tolist()
        every = np.array([beta.quantile(*each) for each in zip(p, a, b, strict=True)])
        found = beta.greatest(p, a, b)
        assert first_greatest(found) == first_greatest(every)
        np.testing.assert_array_equal(found[found > 0], every[found > 0])
        skipped += int((found < 0).sum())
    assert skipped > 2_000


def test_equal_quantiles_are_all_kept():
    assert first_greatest(beta.greatest([0.5, 0.7, 0.7], [2.0, 3.0, 3.0], [2.0, 3.0, 3.0])) == 1
