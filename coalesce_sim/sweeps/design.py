"""Which combinations of levels are played: points of a grid, or of a sample."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.sweeps import samples
from coalesce_sim.sweeps.factors import Factor, Level
from coalesce_sim.sweeps.specification import LatinHypercube, Morris, Saltelli, Sobol, Specification

MAX_POINTS = 10**12


class Design(ABC):
    """Design points by number, from 0; nothing is laid out, so that any number of them takes no memory."""

    def __init__(self, factors: Sequence[Factor]) -> None:
        self.factors = tuple(factors)

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def levels(self, point: int) -> tuple[tuple[Level, ...], ...]:
        """The level of each factor at a point."""

    @abstractmethod
    def _columns_of(self, position: int, points: IntArray) -> list[NDArray[Any]]:
        """The cells of one factor's columns at some points."""

    def columns(self, points: IntArray) -> Mapping[str, NDArray[Any]]:
        """The cells of all columns at some points: numbers, truth values or text."""
        return {
            name: cells
            for position, factor in enumerate(self.factors)
            for name, cells in zip(factor.columns, self._columns_of(position, points), strict=True)
        }


class Grid(Design):
    """All combinations of all levels; the last factor moves fastest."""

    def __init__(self, factors: Sequence[Factor]) -> None:
        super().__init__(factors)
        self.shape = tuple(len(factor.levels or ()) for factor in factors)

    def __len__(self) -> int:
        return math.prod(self.shape)

    def levels(self, point: int) -> tuple[tuple[Level, ...], ...]:
        chosen = []
        for factor, size in zip(reversed(self.factors), reversed(self.shape), strict=True):
            point, index = divmod(point, size)
            assert factor.levels is not None
            chosen.append(factor.levels[index])
        return tuple(reversed(chosen))

    def _columns_of(self, position: int, points: IntArray) -> list[NDArray[Any]]:
        index = points // math.prod(self.shape[position + 1 :]) % self.shape[position]
        return [cells[index] for cells in _cells(self.factors[position])]


class Sampled(Design):
    """The points of a matrix of shares in [0, 1], one row a point and one column a factor."""

    def __init__(self, factors: Sequence[Factor], shares: FloatArray) -> None:
        super().__init__(factors)
        self.shares = shares

    def __len__(self) -> int:
        return len(self.shares)

    def levels(self, point: int) -> tuple[tuple[Level, ...], ...]:
        return tuple(
            factor.at(u) for factor, u in zip(self.factors, self.shares[point].tolist(), strict=True)
        )

    def _columns_of(self, position: int, points: IntArray) -> list[NDArray[Any]]:
        factor, shares = self.factors[position], self.shares[points, position].tolist()
        if factor.levels is None:
            return [np.array([factor.at(u)[0].cell for u in shares])]
        index = np.array([factor.index(u) for u in shares], dtype=np.int64)
        return [cells[index] for cells in _cells(factor)]


def _cells(factor: Factor) -> list[NDArray[Any]]:
    """One array a column, with an entry for each level."""
    assert factor.levels is not None
    columns = [[level[k].cell for level in factor.levels] for k in range(len(factor.columns))]
    return [np.array(cells, dtype=object if isinstance(cells[0], str) else None) for cells in columns]


def design_of(specification: Specification) -> Design:
    """The design that a sweep asks for. Raises ValueError for one of more than `MAX_POINTS` points."""
    factors, settings = specification.dimensions, specification.design
    if settings == "grid":
        points = math.prod(len(factor.levels or ()) for factor in factors)
        if points > MAX_POINTS:
            raise ValueError(f"factors: a grid of {points:,} points; at most {MAX_POINTS:,} can be numbered")
        return Grid(factors)
    return Sampled(factors, _shares(settings, len(factors), specification.seed or 0))


def _shares(settings: LatinHypercube | Sobol | Saltelli | Morris, dimensions: int, seed: int) -> FloatArray:
    if isinstance(settings, Saltelli):
        return samples.saltelli(dimensions, settings.saltelli, seed)
    if isinstance(settings, Morris):
        return samples.morris(dimensions, settings.morris, seed)
    from scipy.stats import qmc

    rng = np.random.default_rng(seed)
    if isinstance(settings, LatinHypercube):
        return qmc.LatinHypercube(dimensions, rng=rng).random(settings.latin_hypercube)
    bits = math.ceil(math.log2(settings.sobol))
    shares: FloatArray = qmc.Sobol(dimensions, rng=rng).random_base2(bits)[: settings.sobol]
    return shares
