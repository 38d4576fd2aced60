"""What is drawn of a table of runs: the design points asked for, each a mean with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from coalesce_sim.arrays import BoolArray
from coalesce_sim.metrics import COST_REDUCTION, METRICS, SAVINGS, Metric, UnknownMetric, describe, in_order
from coalesce_sim.numbers import level_text, number
from coalesce_sim.report.opening import BOOKKEEPING, ResultsError, known_factor
from coalesce_sim.statistics.intervals import Interval, estimate

Mask = BoolArray
Where = Mapping[str, Any]
"""By factor: the value, or the list of values, that is drawn; others are left out."""

_FIRST_AFTER_FACTORS = ("scenario_sha256", *METRICS)
_MOST_LISTED = 8
_AS_SHOWN = 6e-6
"""The relative difference of a number from itself as `level_text` shows it, at most."""


@dataclass(frozen=True)
class Points:
    """Means of a metric over the replications of each design point.

    `table` has a row a point: the factors drawn (`axes`), those `moving` with them, mean, low, high and n;
    low and high are NaN where there is no interval. `samples` has a row a replication and a column a point,
    in the order of the table. `fixed` are the factors that are the same at all points, by name. Of a cost
    reduction `parts` has what is saved of cash, delay and losses, a row a point; else it has no columns.
    """

    metric: Metric
    axes: tuple[str, ...]
    interval: Interval
    table: pd.DataFrame
    samples: pd.DataFrame
    moving: tuple[str, ...]
    fixed: dict[str, Any]
    parts: pd.DataFrame

    @cached_property
    def replications(self) -> str:
        """How many there are of each point, as in ``20`` or ``10 to 43``."""
        least, most = int(self.table["n"].min()), int(self.table["n"].max())
        return f"{most:,}" if least == most else f"{least:,} to {most:,}"

    @property
    def has_intervals(self) -> bool:
        """Whether any point has one: with a single replication none has."""
        return bool(self.table["low"].notna().any())


def points_of(
    runs: pd.DataFrame, y: str, axes: Sequence[str], *, where: Where | None = None, interval: Interval = "t"
) -> Points:
    """The design points over the factors `axes` of those runs that `where` keeps.

    Raises `ResultsError` for a metric, factor or value that there is not, and where points would have to be
    averaged that differ in another factor.
    """
    metric = metric_of(runs, y)
    factors = [name for name in factors_of(runs) if name != y]
    for axis in axes:
        known_factor(axis, factors)
    if len(set(axes)) < len(axes):
        raise ResultsError(f"{axes[0]}: is drawn twice; choose two factors")
    if "replication" not in runs:
        raise ResultsError("runs: has no column 'replication'")
    kept = select(runs, where or {}, factors)
    rest = [name for name in factors if name not in axes]
    fixed = {name: kept[name].iloc[0] for name in rest if kept[name].nunique(dropna=False) == 1}
    moving = tuple(name for name in rest if name not in fixed)
    _refuse_averages(kept, axes, moving)
    kept = kept.drop_duplicates([*axes, "replication"])
    table = _sorted(kept[[*axes, *moving]].drop_duplicates(), axes).reset_index(drop=True)
    point = pd.MultiIndex.from_frame(table[list(axes)]).get_indexer(
        pd.MultiIndex.from_frame(kept[list(axes)])
    )
    kept = kept.assign(point=point)
    samples = kept.pivot(index="replication", columns="point", values=y)
    apart = list(SAVINGS) if y == COST_REDUCTION and set(SAVINGS) <= set(kept) else []
    found = [estimate(samples[column].tolist(), interval, share=metric.share) for column in samples]
    if not any(each.n for each in found):
        raise ResultsError(f"{y}: is undefined in all of these runs")
    ends = [each.ci95 or (math.nan, math.nan) for each in found]
    table["mean"] = [math.nan if each.mean is None else each.mean for each in found]
    table["low"], table["high"] = np.transpose(ends)
    table["n"] = [each.n for each in found]
    parts = kept.groupby("point")[apart].mean()
    return Points(metric, tuple(axes), interval, table, samples, moving, fixed, parts)


def metric_of(runs: pd.DataFrame, name: str) -> Metric:
    """The metric in a column; a column of the user's own is a metric of that name, without a unit.

    Raises `ResultsError`, with the metrics that there are, where there is no such column of numbers.
    """
    if name in runs and name not in METRICS and is_numeric_dtype(runs[name]):
        return Metric(name, name, "", "", None)
    try:
        return describe(name, in_order(map(str, runs.columns)))
    except UnknownMetric as error:
        raise ResultsError(str(error)) from error


def factors_of(runs: pd.DataFrame) -> list[str]:
    """The factors of a table of runs: its columns ahead of the first metric, but for the bookkeeping."""
    columns = list(runs.columns)
    end = min((columns.index(name) for name in _FIRST_AFTER_FACTORS if name in columns), default=len(columns))
    return [name for name in columns[:end] if name not in BOOKKEEPING]


def select(runs: pd.DataFrame, where: Where, factors: Sequence[str]) -> pd.DataFrame:
    """The runs at the given values of factors. Raises `ResultsError` for a value that no run has."""
    for name, wanted in where.items():
        column = runs[known_factor(name, factors)]
        for value in _listed(wanted):
            if not _equal(column, value).any():
                raise ResultsError(
                    f"{name} = {level_text(value)}: no run has it. There are: {_levels(column)}"
                )
    for name, wanted in where.items():
        runs = runs[np.logical_or.reduce([_equal(runs[name], value) for value in _listed(wanted)])]
        if runs.empty:
            raise ResultsError(f"{name} = {_joined(_listed(wanted))}: no run has it with the other values")
    return runs


def is_numeric(column: pd.Series[Any]) -> bool:
    """Whether a factor's values are numbers, for an axis with a scale; truth values are not."""
    return is_numeric_dtype(column) and not is_bool_dtype(column)


def told(value: float, metric: Metric) -> str:
    """A value of the metric with its unit."""
    figure = number(value, 1) if metric.unit == "%" else number(value)
    return f"{figure} {metric.unit}".rstrip()


def _refuse_averages(runs: pd.DataFrame, axes: Sequence[str], moving: Sequence[str]) -> None:
    grouped = runs.groupby(list(axes), observed=True)
    averaged = [name for name in moving if grouped[name].nunique(dropna=False).max() > 1]
    if averaged:
        values = "; ".join(f"{name} is {_levels(runs[name])}" for name in averaged)
        name = min(averaged, key=lambda name: runs[name].nunique())
        example = f"{name}={level_text(runs[name].iloc[0])}"
        raise ResultsError(
            f"factors left over, over which an average would mislead: {values}. "
            f"Hold each at one value with where (--where {example}), or draw it with by (--by {name})"
        )


def _sorted(table: pd.DataFrame, axes: Sequence[str]) -> pd.DataFrame:
    """By the last axis first: numbers by size, all else in the order of the runs."""

    def rank(column: pd.Series[Any]) -> pd.Series[Any]:
        return column if is_numeric(column) else pd.Series(pd.factorize(column)[0], column.index)

    return table.sort_values(list(reversed(axes)), key=rank, kind="stable")


def _equal(column: pd.Series[Any], value: Any) -> Mask:
    """Where a factor has a value, which may be text, as `level_text` shows it and people type it."""
    if is_numeric(column):
        try:
            wanted = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            wanted = math.nan
        close: Mask = np.isclose(column.to_numpy(dtype=np.float64), wanted, rtol=_AS_SHOWN, atol=1e-12)
        return close
    shown = level_text(value).lower() if is_bool_dtype(column) else level_text(value)
    equal: Mask = (column.map(level_text) == shown).to_numpy(dtype=bool)
    return equal


def _listed(wanted: Any) -> list[Any]:
    return list(wanted) if isinstance(wanted, list | tuple | np.ndarray) else [wanted]


def _levels(column: pd.Series[Any]) -> str:
    values = column.drop_duplicates()
    return _joined((values.sort_values() if is_numeric(column) else values).tolist())


def _joined(values: Sequence[Any]) -> str:
    shown = [level_text(value) for value in values[:_MOST_LISTED]]
    return ", ".join([*shown, f"… ({len(values):,} in all)"] if len(values) > _MOST_LISTED else shown)
