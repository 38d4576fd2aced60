"""Where a run has warmed up: MSER-5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import FloatArray

BATCH = 5
"""Observations in a batch."""

LEAST_BATCHES = 10
"""Fewer than these tell nothing of a warm-up."""

_LEFT = 5
"""Batches that any cut leaves: the statistic of fewer is small by chance."""


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How many observations to cut from the start of a run.

    `found` is False where the run is too short to tell; nothing is cut then.
    """

    observations_cut: int
    found: bool


def mser5(observations: Sequence[float] | FloatArray) -> WarmUp:
    """The cut that minimises the standard error of the mean of what is left, in batches of 5.

    With batch means Y₁…Yₘ the cut is after d batches, where ``Σ(Yᵢ − Ȳ)² / (m − d)²``, over i > d, is least,
    the first d where several are. At least 5 batches are left; a rest that does not fill a batch is passed
    over. Where the least is in the second half, or with fewer than 10 batches, the run is too short: `found`
    is False. Raises ValueError if an observation is not finite.

    Sources: White (1997), Simulation 69(6); White, Cobb & Spratt (2000), Winter Simulation Conference; for
    the second half Hoad, Robinson & Davies (2010), Journal of the Operational Research Society 61(9).
    """
    x = np.asarray(observations, dtype=np.float64)
    if not np.isfinite(x).all():
        at = int(np.flatnonzero(~np.isfinite(x))[0])
        raise ValueError(f"observations: must be finite (got {x[at]} at {at})")
    m = len(x) // BATCH
    if m < LEAST_BATCHES:
        return WarmUp(0, False)
    means = x[: m * BATCH].reshape(m, BATCH).mean(axis=1)
    # From the end backwards, and seen from the last batch, the sums hold nothing of a large transient before
    # it is reached.
    backwards = means[::-1] - means[-1]
    left = np.arange(1, m + 1)
    squares = np.maximum(0.0, (backwards**2).cumsum() - backwards.cumsum() ** 2 / left)
    statistic = (squares / left**2)[::-1][: m - _LEFT + 1]
    batches_cut = int(statistic.argmin())
    found = 2 * batches_cut < m
    return WarmUp(BATCH * batches_cut if found else 0, found)
