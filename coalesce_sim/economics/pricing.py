"""Prices that follow a contractor's queue. Pure functions over arrays of contractors."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray


def load_price_usd(
    base_usd: FloatArray, jobs: FloatArray, slots: FloatArray, *, slope: float, max_load: float
) -> FloatArray:
    """``base·(1 + slope·min(load, max_load))``, load being the jobs queued and at work per slot.

    Unlimited capacity, infinite `slots`, has no load; without any slots the load is the highest. `jobs` and
    `slots` have one entry a contractor, to whose axis `base_usd` broadcasts.
    """
    load: FloatArray = np.divide(jobs, slots, out=np.full(np.shape(jobs), np.inf), where=slots > 0)
    return np.asarray(base_usd * (1 + slope * np.minimum(load, max_load)))
