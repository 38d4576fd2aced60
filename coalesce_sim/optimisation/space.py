"""Where to look: the factors of a search, and how each is proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from coalesce_sim.numbers import level_text
from coalesce_sim.sweeps.factors import Cell, Factor, Integers

_PARTS = 1000
"""A range is searched in steps of a thousandth: nobody deploys an epsilon of 0.08437291."""

Setting = dict[str, Cell]
"""What a trial has in each field that is searched over, as tables show it."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One factor of the search. A choice among words has no order; numbers have, listed or from a range."""

    factor: Factor

    @property
    def name(self) -> str:
        """The fields that move."""
        return ", ".join(self.factor.columns)

    @property
    def ordered(self) -> bool:
        """Whether the factor's values are numbers."""
        return not any(isinstance(level.cell, str) for row in self.factor.levels or () for level in row)

    @property
    def values(self) -> int | None:
        """How many values the factor has, None for a range of all numbers."""
        if isinstance(self.factor.range_, Integers):
            low, high = self.factor.range_.integers
            return high - low + 1
        return None if self.factor.levels is None else len(self.factor.levels)

    def distribution(self, distributions: ModuleType) -> Any:
        """What Optuna is to propose: a part of the range, or the index of a value."""
        if self.values is None:
            return distributions.IntDistribution(0, _PARTS)
        if self.ordered:
            return distributions.IntDistribution(0, self.values - 1)
        return distributions.CategoricalDistribution(range(self.values))

    def share(self, proposed: int) -> float:
        """The share of the factor, as a design has it, of what was proposed."""
        return proposed / _PARTS if self.values is None else (proposed + 0.5) / self.values


def setting(axes: Sequence[Axis], shares: Sequence[float]) -> Setting:
    """What the fields are at a point of the unit cube."""
    return {
        column: level.cell
        for axis, share in zip(axes, shares, strict=True)
        for column, level in zip(axis.factor.columns, axis.factor.at(share), strict=True)
    }


def shown(setting: Setting) -> str:
    """A setting in words, as in ``policy.epsilon = 0.03, policy = topsis``."""
    return ", ".join(f"{path} = {level_text(cell)}" for path, cell in setting.items())
