"""Where a curve bends: a line that is broken at one point, against one that is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import FloatArray

LEAST_POINTS = 5
"""A broken line has four parameters."""

_RESAMPLES = 1999
_PLACES = 61


@dataclass(frozen=True, slots=True)
class Changepoint:
    """Where the slope of a curve changes, and by how much, each with its 95 % interval."""

    at: float
    at_ci95: tuple[float, float]
    change: float
    change_ci95: tuple[float, float]

    def as_dict(self) -> dict[str, object]:
        """The form in which it appears in JSON."""
        return {
            "at": self.at,
            "at_ci95": list(self.at_ci95),
            "change": self.change,
            "change_ci95": list(self.change_ci95),
        }


def changepoint(x: FloatArray, rows: FloatArray, *, seed: int = 0) -> Changepoint | None:
    """The bend of the mean curve of `rows`, (replications, points), over `x`, which rises; None where none is
    shown.

    Least squares of a line broken at a place between the second point and the last but one. Intervals are
    percentiles of the bootstrap over whole replications. A bend is shown where the interval of the change of
    slope excludes 0, and that of its place ends before the ends of where it is looked for: a straight line
    fits no worse wherever it is broken. None with fewer than `LEAST_POINTS` points or two replications.
    """
    count, points = rows.shape
    if points < LEAST_POINTS or count < 2:
        return None
    places = np.linspace(x[1], x[-2], _PLACES)
    designs = np.stack([np.stack([np.ones_like(x), x, np.maximum(0.0, x - at)], axis=1) for at in places])
    solved = np.linalg.pinv(designs)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, count, (_RESAMPLES, count))
    curves = np.vstack([rows.mean(axis=0), rows[drawn].mean(axis=1)])
    slopes = np.einsum("pkx,cx->pck", solved, curves)
    squares = ((np.einsum("pxk,pck->pcx", designs, slopes) - curves) ** 2).sum(axis=2)
    best = squares.argmin(axis=0)
    at, change = places[best], slopes[best, np.arange(len(curves)), 2]
    at_ci95, change_ci95 = _ends(at[1:]), _ends(change[1:])
    if change_ci95[0] <= 0 <= change_ci95[1] or at_ci95[0] <= places[0] or at_ci95[1] >= places[-1]:
        return None
    return Changepoint(float(at[0]), at_ci95, float(change[0]), change_ci95)


def _ends(values: FloatArray) -> tuple[float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
