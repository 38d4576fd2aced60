"""Samples that a sensitivity study takes: Saltelli's for Sobol indices, Morris's trajectories for screening.

Both lie in the unit cube, one row a design point and one column a factor, and both are drawn by SALib.
Sources: Saltelli et al. (2010); Morris (1991).
"""

from __future__ import annotations

from collections.abc import Sequence

from coalesce_sim.arrays import FloatArray
from coalesce_sim.extras import require
from coalesce_sim.sweeps.factors import Factor

MORRIS_LEVELS = 8
"""Of the grid in the unit cube. A move goes over 4/7 of a range, up or down: a factor with few values always
changes by it, and up to 8 of them are all met."""


def check_saltelli(samples: int) -> None:
    """Raises ValueError unless the number is a power of 2, which the sequence needs for its balance."""
    if samples < 2 or samples & (samples - 1):
        below = 1 << max(1, samples.bit_length() - 1)
        raise ValueError(f"samples: must be a power of 2 (got {samples}; try {below} or {2 * below})")


def saltelli(factors: int, samples: int, seed: int) -> FloatArray:
    """Saltelli's design in the unit cube, (samples × (factors + 2), factors).

    Of each sample in turn: a point A, then A with one coordinate of B, for each factor, then B; A and B
    together are a scrambled Sobol sequence. Raises ValueError unless `samples` is a power of 2.
    """
    check_saltelli(samples)
    salib = require("SALib.sample.sobol", extra="sensitivity")
    design: FloatArray = salib.sample(unit_cube(factors), samples, calc_second_order=False, seed=seed)
    return design


def check_morris(factors: Sequence[Factor]) -> None:
    """Raises ValueError for a factor that cannot move, or that has too many values without an order."""
    for factor in factors:
        name, choices = ", ".join(factor.columns), factor.choices
        if choices == 1:
            raise ValueError(f"{name}: has a single value, and so no effect to be found")
        if choices is not None and choices > MORRIS_LEVELS and not factor.ordered:
            raise ValueError(
                f"{name}: has {choices} values without an order; Morris screening meets {MORRIS_LEVELS}"
            )


def morris(factors: int, trajectories: int, seed: int) -> FloatArray:
    """Trajectories in the unit cube, (trajectories × (factors + 1), factors): each moves every factor once.

    Raises ValueError for fewer than two trajectories, of which no interval can be had.
    """
    if trajectories < 2:
        raise ValueError(f"samples: Morris screening takes at least 2 trajectories (got {trajectories})")
    salib = require("SALib.sample.morris", extra="sensitivity")
    design: FloatArray = salib.sample(unit_cube(factors), trajectories, num_levels=MORRIS_LEVELS, seed=seed)
    return design


def unit_cube(factors: int) -> dict[str, object]:
    """So many factors between 0 and 1, as SALib takes them."""
    names = [f"factor {index}" for index in range(factors)]
    return {"num_vars": factors, "names": names, "bounds": [[0.0, 1.0]] * factors}
