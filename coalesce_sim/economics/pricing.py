"""Prices that follow a contractor's queue. Pure functions over arrays of contractors."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.scenario.costs import LoadPrice


def load_price_usd(rule: LoadPrice, base_usd: FloatArray, jobs: FloatArray, slots: FloatArray) -> FloatArray:
    """``base·(1 + slope·min(load, max_load))``, load being the jobs queued and at work per slot.

    Unlimited capacity, infinite `slots`, has no load; without any slots the load is the highest. `jobs` and
    `slots` have one entry a contractor, to whose axis `base_usd` broadcasts.
    """
    load: FloatArray = np.divide(jobs, slots, out=np.full(np.shape(jobs), np.inf), where=slots > 0)
    return np.asarray(base_usd * (1 + rule.slope * np.minimum(load, rule.max_load)))
