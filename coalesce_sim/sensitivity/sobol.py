"""First-order and total Sobol indices: how much of a metric's variance comes from which factor.

Over factors that vary independently, the first-order index of a factor is the share of the variance that
would go if that factor were known, and its total index the share that would stay if all others were known:
what it does alone, and what it does with the others too. Source: Sobol' (2001); estimators after
Saltelli et al. (2010), as in SALib, over the design of `sweeps.samples.saltelli`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.extras import require
from coalesce_sim.rounding import varies
from coalesce_sim.sweeps.samples import unit_cube

RESAMPLES = 1000
"""Bootstrap resamples behind each interval."""


@dataclass(frozen=True, slots=True)
class SobolIndex:
    """The indices of one factor, each with half of its 95 % bootstrap interval.

    Estimates: they may lie outside 0 to 1 by as much as their intervals say. The interval is for the choice
    of the design points as if they were drawn at random; scrambled Sobol points are a little better than it
    says.
    """

    factor: str
    first: float
    first_half_width: float
    total: float
    total_half_width: float


def indices(values: FloatArray, names: Sequence[str], seed: int) -> list[SobolIndex]:
    """The indices of the factors from a metric at every point of Saltelli's design, in its order.

    Raises ValueError where the metric is the same at all points: there is no variance to share.
    """
    if not varies(values):
        raise ValueError(
            f"is {float(values[0])!r} at all {len(values):,} points: there is no variance to share"
        )
    salib = require("SALib.analyze.sobol", extra="sensitivity")
    found = salib.analyze(
        unit_cube(len(names)),
        values,
        calc_second_order=False,
        num_resamples=RESAMPLES,
        seed=np.random.default_rng(seed).integers(1, 2**63),  # SALib takes 0 for no seed
    )
    return [
        SobolIndex(name, *(float(found[key][index]) for key in ("S1", "S1_conf", "ST", "ST_conf")))
        for index, name in enumerate(names)
    ]
