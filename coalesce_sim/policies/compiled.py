"""`mcdm.closest`, compiled where numba is installed (extra ``fast``).

One pass over the alternatives instead of a dozen small array operations, in the same order of arithmetic
and so with the same result to the last bit. Compiling costs a process about a second, so it is put off
until a process has played long enough to get that second back.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from coalesce_sim.policies import mcdm

Closest = Callable[[Any, Any, Any, mcdm.Weights], tuple[int, float]]

PAYS_AFTER_ROUNDS = 15_000
"""Decision rounds in one process after which compiling has paid."""


class Pace:
    """Counts decision rounds and says which of the two equal functions is the faster choice by now."""

    def __init__(self) -> None:
        self._rounds = 0
        self._closest: Closest = mcdm.closest

    def next_round(self) -> Closest:
        """The function to score the round with."""
        self._rounds += 1
        if self._rounds == PAYS_AFTER_ROUNDS:
            self._closest = compiled_closest() or mcdm.closest
        return self._closest


@lru_cache(maxsize=1)
def compiled_closest() -> Closest | None:
    """The compiled function; None where numba is not installed."""
    if importlib.util.find_spec("numba") is None:
        return None
    import numba

    compiled: Closest = numba.njit(cache=True)(_closest)
    return compiled


def _closest(
    cost_usd: np.ndarray, index: np.ndarray, gaps: np.ndarray, weights: mcdm.Weights
) -> tuple[int, float]:
    alternatives = len(index)
    cheapest, dearest = cost_usd[index[0]], cost_usd[index[0]]
    for i in range(alternatives):
        cheapest = min(cheapest, cost_usd[index[i]])
        dearest = max(dearest, cost_usd[index[i]])
    unit = 1.0 / (dearest - cheapest) if dearest > cheapest else 0.0
    a, b, c, d = weights
    a, b, c, d = a * a, b * b, c * c, d * d
    best, score = 0, -1.0
    for i in range(alternatives):
        to_best = (cost_usd[index[i]] - cheapest) * unit
        to_worst = (dearest - cost_usd[index[i]]) * unit
        to_best = math.sqrt(to_best * to_best * a + gaps[1, 0, i] * b + gaps[2, 0, i] * c + gaps[3, 0, i] * d)
        to_worst = math.sqrt(
            to_worst * to_worst * a + gaps[1, 1, i] * b + gaps[2, 1, i] * c + gaps[3, 1, i] * d
        )
        total = to_best + to_worst
        closeness = to_worst / total if total > 0 else 0.5
        if closeness > score:
            best, score = i, closeness
    return best, score
