"""Samples in the unit cube: Saltelli's, and Morris's trajectories."""

from __future__ import annotations

import numpy as np
import pytest

from coalesce_sim.sweeps import samples
from coalesce_sim.sweeps.factors import Factor, Uniform, factor_of

RANGE = Factor(("x",), None, Uniform(uniform=[0.0, 1.0]))


def test_saltellis_design_has_a_and_b_and_a_with_each_coordinate_of_b() -> None:
    blocks = samples.saltelli(3, 8, seed=4).reshape(8, 5, 3)
    a, b = blocks[:, 0], blocks[:, 4]
    for factor in range(3):
        mixed = a.copy()
        mixed[:, factor] = b[:, factor]
        assert (blocks[:, factor + 1] == mixed).all()
    assert len(np.unique(np.concatenate([a, b]))) == 48


def test_designs_are_the_seeds_and_grow_without_moving_a_point() -> None:
    for sample in (samples.saltelli, samples.morris):
        assert (sample(3, 8, 0) == sample(3, 8, 0)).all()
        assert (sample(3, 8, 0) != sample(3, 8, 1)).any()
        grown = sample(3, 16, 0)
        assert (grown[: len(grown) // 2] == sample(3, 8, 0)).all()


@pytest.mark.parametrize(("number", "near"), [(3, "2 or 4"), (100, "64 or 128"), (1, "2 or 4")])
def test_a_number_that_is_no_power_of_2_is_refused_with_those_beside_it(number: int, near: str) -> None:
    with pytest.raises(ValueError, match=rf"samples: must be a power of 2 \(got {number}; try {near}\)"):
        samples.saltelli(2, number, 0)


def test_each_trajectory_moves_each_factor_once_and_changes_every_one_of_few_values() -> None:
    factors = [RANGE, factor_of("two", [1, 2]), factor_of("policy", ["a", "b", "c"])]
    paths = samples.morris(3, 40, 1).reshape(40, 4, 3)
    assert ((np.diff(paths, axis=1) != 0).sum(axis=1) == 1).all()
    for column in (1, 2):
        index = np.vectorize(factors[column].index)(paths[:, [0, -1], column])
        assert (index[:, 0] != index[:, 1]).all()
        assert set(index.ravel()) == set(range(len(factors[column].levels or ())))


def test_morris_refuses_what_cannot_move_and_more_words_than_it_meets() -> None:
    with pytest.raises(ValueError, match="x: has a single value"):
        samples.check_morris([factor_of("x", [1])])
    with pytest.raises(ValueError, match="p: has 9 values without an order; Morris screening meets 8"):
        samples.check_morris([factor_of("p", list("abcdefghi"))])
    samples.check_morris([factor_of("x", list(range(9))), RANGE])
    with pytest.raises(ValueError, match=r"at least 2 trajectories \(got 1\)"):
        samples.morris(2, 1, 0)
