"""Distributions as data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from coalesce_sim.scenario.distributions import Distribution, drawn_at, sample, support
from coalesce_sim.scenario.draws import PositiveDistribution

ADAPTER: TypeAdapter[Any] = TypeAdapter(Distribution)

EVERY = [
    {"normal": {"mean": 3, "sd": 0.5}},
    {"uniform": {"low": 1, "high": 4}},
    {"lognormal": {"median": 2, "sigma": 0.5}},
    {"exponential": {"mean": 2.5}},
    {"gamma": {"mean": 2, "cv": 1.5}},
    {"weibull": {"shape": 1.7, "scale": 2}},
    {"choice": {"values": [1, 2, 5], "weights": [1, 2, 1]}},
    {"empirical": {"quantiles": [0, 1, 4]}},
    {"empirical": {"quantiles": [0, 1, 4], "probabilities": [0, 0.9, 1]}},
    {
        "mixture": {
            "components": [
                {"weight": 0.3, "exponential": {"mean": 5}},
                {"weight": 0.7, "exponential": {"mean": 1}},
            ]
        }
    },
    2.5,
]


MEANS = [
    3,
    2.5,
    2 * math.exp(0.5**2 / 2),
    2.5,
    2,
    2 * math.gamma(1 + 1 / 1.7),
    (1 + 2 * 2 + 5) / 4,
    (0.5 + 2.5) / 2,
    0.9 * 0.5 + 0.1 * 2.5,
    0.3 * 5 + 0.7 * 1,
    2.5,
]


@pytest.mark.parametrize(("data", "mean"), list(zip(EVERY, MEANS, strict=True)), ids=str)
def test_the_sample_mean_is_the_one_in_the_books(data: Any, mean: float) -> None:
    draws = sample(ADAPTER.validate_python(data), np.random.default_rng(1), 200_000)
    tolerance = 5 * draws.std() / np.sqrt(len(draws)) + 1e-12
    assert abs(draws.mean() - mean) < tolerance


@pytest.mark.parametrize("data", EVERY, ids=str)
def test_drawing_in_parts_continues_one_sequence(data: Any) -> None:
    distribution = ADAPTER.validate_python(data)
    whole = sample(distribution, np.random.default_rng(2), 50)
    rng = np.random.default_rng(2)
    parts = [sample(distribution, rng, size) for size in (1, 0, 19, 30)]
    assert np.concatenate(parts).tolist() == whole.tolist()


@pytest.mark.parametrize("data", EVERY, ids=str)
def test_draws_fill_the_support_and_stay_in_it(data: Any) -> None:
    distribution = ADAPTER.validate_python(data)
    low, high = support(distribution)
    draws = sample(distribution, np.random.default_rng(5), 20_000)
    assert low <= draws.min() <= draws.max() <= high
    if data == 2.5 or {"uniform", "choice", "empirical"} & set(data):
        assert draws.max() - draws.min() >= 0.99 * (high - low)


NESTED = {
    "mixture": {
        "components": [
            {"weight": 1, "uniform": {"low": -1, "high": 3}},
            {"weight": 2, "gamma": {"mean": 4, "cv": 0.5}},
            {
                "weight": 3,
                "mixture": {
                    "components": [
                        {"weight": 0.2, "lognormal": {"median": 2, "sigma": 0.5}},
                        {"weight": 0.8, "choice": {"values": [0, 6]}},
                    ]
                },
            },
        ]
    }
}


def test_a_mixture_takes_any_distribution_other_mixtures_too() -> None:
    mixture = ADAPTER.validate_python(NESTED)
    rng = np.random.default_rng(6)
    draws = np.concatenate([sample(mixture, rng, size) for size in (1, 4999, 5000)])
    assert draws.tolist() == sample(mixture, np.random.default_rng(6), 10_000).tolist()
    lognormal = 2 * math.exp(0.5**2 / 2), 4 * math.exp(2 * 0.5**2)
    inner = 0.2 * lognormal[0] + 0.8 * 3, 0.2 * lognormal[1] + 0.8 * 18
    mean = (1 * 1 + 2 * 4 + 3 * inner[0]) / 6
    square = (1 * (1 + 16 / 12) + 2 * (16 + 4) + 3 * inner[1]) / 6
    assert abs(draws.mean() - mean) < 4 * math.sqrt((square - mean**2) / 10_000)
    assert abs((draws**2).mean() - square) < 4 * (draws**2).std() / 100
    assert (draws == 6).mean() == pytest.approx(3 / 6 * 0.8 / 2, abs=4 * 0.004)
    assert support(mixture) == (-1, np.inf)


@pytest.mark.parametrize(
    ("data", "ends"),
    [
        ({"normal": {"mean": 3, "sd": 0.5}}, (0, 6)),
        ({"normal": {"mean": 3, "sd": 0.5, "min": 1}}, (1, 6)),
        ({"normal": {"mean": 3, "sd": 0.5, "max": 4}}, (0, 4)),
        ({"normal": {"mean": 3, "sd": 0, "max": 2}}, (2, 2)),
        ({"exponential": {"mean": 3}}, (0, np.inf)),
        ({"choice": {"values": [-1, 2, 5, 9], "weights": [0, 1, 1, 0]}}, (2, 5)),
        (2.5, (2.5, 2.5)),
    ],
)
def test_the_ends_of_the_support(data: Any, ends: tuple[float, float]) -> None:
    assert support(ADAPTER.validate_python(data)) == ends


def test_a_gamma_has_the_stated_coefficient_of_variation() -> None:
    draws = sample(
        ADAPTER.validate_python({"gamma": {"mean": 2, "cv": 1.5}}), np.random.default_rng(3), 400_000
    )
    assert draws.std() / draws.mean() == pytest.approx(1.5, rel=0.02)


def test_a_normal_can_be_clipped() -> None:
    clipped = ADAPTER.validate_python({"normal": {"mean": 0, "sd": 1, "min": -0.5, "max": 1}})
    draws = sample(clipped, np.random.default_rng(4), 1000)
    assert draws.min() == -0.5
    assert draws.max() == 1.0


def test_no_draw_of_a_normal_is_beyond_six_standard_deviations() -> None:
    normal = ADAPTER.validate_python({"normal": {"mean": 12, "sd": 2}})
    assert support(normal) == (0, 24)
    assert [drawn_at(normal, p) for p in (2.0**-53, 0.5, 1 - 2.0**-53)] == [0, 12, 24]


@pytest.mark.parametrize(
    "data",
    [
        0,
        {"choice": {"values": [0, 1]}},
        {"normal": {"mean": 1, "sd": 1, "min": 0}},
        {"mixture": {"components": [{"weight": 1, "choice": {"values": [0, 1]}}] * 2}},
    ],
    ids=str,
)
def test_what_must_be_above_zero_is_not_zero_at_any_draw(data: Any) -> None:
    above_zero: TypeAdapter[Any] = TypeAdapter(PositiveDistribution)
    above_zero.validate_python({"exponential": {"mean": 1}})
    with pytest.raises(ValidationError, match="must not be 0 at any draw"):
        above_zero.validate_python(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"uniform": {"low": 3, "high": 1}}, "high must be >= low"),
        ({"normal": {"mean": 2, "sd": 1, "min": 3, "max": 1}}, "max must be >= min"),
        ({"choice": {"values": [1, 2], "weights": [1]}}, "one weight a value"),
        ({"choice": {"values": [1, 2], "weights": [0, 0]}}, "must not all be 0"),
        ({"empirical": {"quantiles": [2, 1]}}, "must not decrease"),
        ({"empirical": {"quantiles": [1, 2], "probabilities": [0, 0.5]}}, "must rise from 0 to 1"),
        ({"normal": {"mean": 1, "sd": 1}, "uniform": {"low": 0, "high": 1}}, "exactly one distribution"),
        ({}, "exactly one distribution"),
        ({"normal": {"mean": 1, "sd": -1}}, "greater than or equal to 0"),
        ({"mixture": {"components": [{"weight": 1}] * 2}}, "exactly one distribution .got none"),
        (
            {"mixture": {"components": [{"weight": 1, "exponential": {}, "choice": {}}]}},
            r"exactly one distribution .got \['choice', 'exponential'\]",
        ),
    ],
)
def test_impossible_distributions_are_refused(data: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ADAPTER.validate_python(data)
