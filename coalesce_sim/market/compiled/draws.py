"""`luck` compiled: the same draws, to the last bit."""

from __future__ import annotations

import math

import numpy as np

from coalesce_sim import luck
from coalesce_sim.luck import StateArray
from coalesce_sim.market.compiled.building import part

__all__ = ["StateArray", "drawn", "normal", "state_of", "uniform"]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_CENTRE, _TAIL, _FAR_TAIL = luck.CENTRE, luck.TAIL, luck.FAR_TAIL


@part
def state_of(state: np.uint64, number: int) -> np.uint64:
    """`luck.state_of`."""
    bits = state + (np.uint64(number) + np.uint64(1)) * _GAMMA
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))


@part
def drawn(worker: np.uint64, task: int, attempt: int) -> float:
    """`luck.Draws.draw`, from the state of the worker's draws."""
    bits = state_of(state_of(worker, task), attempt)
    return (np.float64(bits >> np.uint64(12)) + 0.5) * 2.0**-52


@part
def uniform(worker: np.uint64, task: int) -> float:
    """The first draw of a worker for a task, from the state of the worker's draws."""
    return drawn(worker, task, 0)


@part
def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: float) -> float:
    above = below = 0.0
    for power in range(8):
        above = above * x + coefficients[0][power]
        below = below * x + coefficients[1][power]
    return above / below


@part
def normal(p: float) -> float:
    """`luck.normal`."""
    if p <= 0.0 or p >= 1.0:
        return -math.inf if p <= 0.0 else math.inf
    off = p - 0.5
    if abs(off) <= 0.425:
        return off * _ratio(_CENTRE, 0.180625 - off * off)
    depth = math.sqrt(-math.log(min(p, 1.0 - p)))
    size = _ratio(_TAIL, depth - 1.6) if depth <= 5.0 else _ratio(_FAR_TAIL, depth - 5.0)
    return math.copysign(size, off)
