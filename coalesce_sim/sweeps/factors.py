"""What varies in a sweep: the settings a user writes, and the levels that they stand for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.document import steps_of
from coalesce_sim.scenario.problems import ScenarioError, Steps, shown

Cell = bool | int | float | str
"""What stands for a level in a table."""

MAX_LEVELS = 100_000

NOT_PLAYED = {"name", "title", "description", "seed", "replications", "published", "paper_metrics"}
"""Fields of a scenario that change nothing of what is played; the seed is said apart."""

SCENARIO = "scenario"
"""The factor whose levels are whole scenarios, by name or path."""


class _Spaced(Model):
    """Start, stop and count of evenly spaced levels, both ends included."""

    def _numbers(self) -> list[float]:
        raise NotImplementedError

    @model_validator(mode="after")
    def _countable(self) -> Self:
        (name,) = type(self).model_fields
        count = self._numbers()[2]
        if count != int(count) or not 1 <= count <= MAX_LEVELS:
            raise ValueError(
                f"{name}: the count must be a whole number from 1 to {MAX_LEVELS:,} (got {count:g})"
            )
        return self


class Linspace(_Spaced):
    """Evenly spaced levels; whole numbers if all are."""

    linspace: Annotated[list[float], Field(min_length=3, max_length=3)]
    """Start, stop and count; the levels are evenly spaced, both ends included."""

    def _numbers(self) -> list[float]:
        return self.linspace

    @property
    def values(self) -> list[float | int]:
        """The levels, rounded to 12 digits."""
        start, stop, count = self.linspace
        return _tidy(np.linspace(start, stop, int(count)))


class Logspace(_Spaced):
    """Levels in equal proportions."""

    logspace: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=3, max_length=3)]
    """Start, stop and count, the first two above 0; each level is the same multiple of the one before, both
    ends included."""

    def _numbers(self) -> list[float]:
        return self.logspace

    @property
    def values(self) -> list[float | int]:
        """The levels, rounded to 12 digits."""
        start, stop, count = self.logspace
        return _tidy(np.geomspace(start, stop, int(count)))


class _Ordered(Model):
    @model_validator(mode="after")
    def _low_below_high(self) -> Self:
        (name,) = type(self).model_fields
        low, high = getattr(self, name)
        if not low < high:
            raise ValueError(f"{name}: the first must be below the second (got [{low:g}, {high:g}])")
        return self


class Uniform(_Ordered):
    """Any number between two ends; for designs that sample, sensitivity and optimisation.

    Between whole ends, of a field that holds whole numbers only, it is taken as `integers`.
    """

    uniform: Annotated[list[float], Field(min_length=2, max_length=2)]
    """Low and high end, in the field's unit; all numbers between are as likely."""

    def value(self, u: float) -> float:
        """The value at the share `u` of the range."""
        low, high = self.uniform
        return low + u * (high - low)


class LogUniform(_Ordered):
    """Any number between two ends, by proportion; for designs that sample, sensitivity and optimisation."""

    log_uniform: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=2, max_length=2)]
    """Low and high end, in the field's unit and above 0; all proportions are as likely."""

    def value(self, u: float) -> float:
        """The value at the share `u` of the range of logarithms."""
        low, high = map(math.log, self.log_uniform)
        return math.exp(low + u * (high - low))


class Integers(_Ordered):
    """Any whole number between two ends; for designs that sample, sensitivity and optimisation."""

    integers: Annotated[list[int], Field(min_length=2, max_length=2)]
    """Low and high end, both included; all whole numbers between are as likely."""

    def value(self, u: float) -> int:
        """The value at the share `u` of the range, each number having an equal part of it."""
        low, high = self.integers
        return low + min(int(u * (high - low + 1)), high - low)


class Alternatives(Model):
    """Labelled values of any kind: whole pools, whole policies, lists."""

    alternatives: Annotated[dict[str, Any], Field(min_length=1)]
    """By label, which stands for it in tables, any value that the field may have."""


Values = Annotated[list[Any], Field(min_length=1, max_length=MAX_LEVELS)]
_KEYS = ("linspace", "logspace", "uniform", "log_uniform", "integers", "alternatives", "paired")


def _tag(data: Any) -> str | None:
    if isinstance(data, Model):
        return next((key for key in _KEYS if hasattr(data, key)), None)
    if isinstance(data, dict):
        return next((key for key in _KEYS if key in data), None)
    return "list"  # or what should have been one


Listed = Annotated[
    Annotated[Values, Tag("list")]
    | Annotated[Linspace, Tag("linspace")]
    | Annotated[Logspace, Tag("logspace")]
    | Annotated[Alternatives, Tag("alternatives")],
    Discriminator(_tag),
]


class Paired(Model):
    """Fields that move together: the first levels of all, the second levels of all, and so on."""

    paired: Annotated[dict[str, Listed], Field(min_length=2)]
    """By path, the levels of each field; all of them as many."""

    @model_validator(mode="after")
    def _of_one_length(self) -> Self:
        counts = {path: len(levels_of(path, values)) for path, values in self.paired.items()}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{path} has {count}" for path, count in counts.items())
            raise ValueError(f"paired: all must have as many levels: {told}")
        return self


FactorSettings = Annotated[
    Annotated[Values, Tag("list")]
    | Annotated[Linspace, Tag("linspace")]
    | Annotated[Logspace, Tag("logspace")]
    | Annotated[Uniform, Tag("uniform")]
    | Annotated[LogUniform, Tag("log_uniform")]
    | Annotated[Integers, Tag("integers")]
    | Annotated[Alternatives, Tag("alternatives")]
    | Annotated[Paired, Tag("paired")],
    Discriminator(_tag),
]
"""How one factor is written: a list, a row of numbers, a range, labelled alternatives, or paired fields."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of one column: the value for the field, and the cell that stands for it in tables."""

    value: Any
    cell: Cell


@dataclass(frozen=True, slots=True)
class Factor:
    """One dimension of a design: fields that move together, most often one.

    `levels` has a row per level and an entry per field; it is None for a range, of which `range_` gives the
    value at a share between 0 and 1.
    """

    columns: tuple[str, ...]
    levels: tuple[tuple[Level, ...], ...] | None
    range_: Uniform | LogUniform | Integers | None = None

    @property
    def choices(self) -> int | None:
        """How many values the factor has, None for a range of numbers."""
        if isinstance(self.range_, Integers):
            low, high = self.range_.integers
            return high - low + 1
        return None if self.levels is None else len(self.levels)

    @property
    def ordered(self) -> bool:
        """Whether the factor's values are numbers, and not labels."""
        return not any(isinstance(level.cell, str) for row in self.levels or () for level in row)

    def index(self, u: float) -> int:
        """Which of the levels the share `u` in [0, 1] falls on, all being equally likely."""
        assert self.levels is not None
        return min(int(u * len(self.levels)), len(self.levels) - 1)

    def at(self, u: float) -> tuple[Level, ...]:
        """The level at the share `u` in [0, 1]."""
        if self.range_ is None:
            assert self.levels is not None
            return self.levels[self.index(u)]
        value = self.range_.value(u)
        value = value if isinstance(value, int) else float(f"{value:.12g}")
        return (Level(value, value),)


def factor_of(name: str, settings: Any) -> Factor:
    """The factor that the settings (a `FactorSettings`) of a field, or of paired fields, describe."""
    if isinstance(settings, Paired):
        columns = tuple(settings.paired)
        each = [levels_of(path, values) for path, values in settings.paired.items()]
        return Factor(columns, tuple(zip(*each, strict=True)))
    if isinstance(settings, Uniform | LogUniform | Integers):
        return Factor((name,), None, settings)
    return Factor((name,), tuple((level,) for level in levels_of(name, settings)))


def levels_of(path: str, settings: Any) -> list[Level]:
    """All levels of one field. Raises ValueError for one that is there twice, or has no label."""
    if isinstance(settings, Alternatives):
        return [Level(value, label) for label, value in settings.alternatives.items()]
    values = settings if isinstance(settings, list) else settings.values
    cells = [_cell(path, value) for value in values]
    kinds = {type(cell) for cell in cells}
    if kinds != {bool} and not kinds <= {int, float}:
        cells = [cell if isinstance(cell, str) else shown(cell) for cell in cells]
    seen: set[Cell] = set()
    for cell in cells:
        if cell in seen:
            raise ValueError(f"{path}: {shown(cell)} is listed twice")
        seen.add(cell)
    return [Level(value, cell) for value, cell in zip(values, cells, strict=True)]


def field_steps(path: str) -> Steps:
    """The way to the field that a factor names. Raises ValueError for what cannot be one."""
    try:
        return steps_of(path, path)
    except ScenarioError:
        raise ValueError(
            f"{path}: must name a field, as in policy.epsilon or contractors[2].price_usd"
        ) from None


def _cell(path: str, value: Any) -> Cell:
    if isinstance(value, bool | int | float | str):
        return value
    if value is None:
        return "null"
    if isinstance(value, date):  # a time, too
        return value.isoformat()
    message = "a list or mapping needs a label: write {alternatives: {label: value, …}}"
    raise ValueError(f"{path}: {message} (got {shown(value)})")


def _tidy(numbers: Any) -> list[float | int]:
    values = [float(f"{number:.12g}") for number in numbers]
    return [int(value) for value in values] if all(value.is_integer() for value in values) else list(values)
