"""Differences between design points that met the same random numbers, tested as one family."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from coalesce_sim.metrics import describe
from coalesce_sim.rounding import ROUNDING
from coalesce_sim.rounding import differences as but_for_rounding
from coalesce_sim.statistics.contrasts import Contrast, contrasts, equivalences

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 100
"""Of which all pairs are taken: 4,950 of them."""

Pair = tuple[int, int]
"""Two design points, the first of which is compared with the second."""


def differences(
    runs: pd.DataFrame,
    factors: Sequence[str],
    metric: str,
    *,
    reference: Mapping[str, Any] | None = None,
    margin: float | None = None,
) -> pd.DataFrame:
    """By how much a metric differs between design points, paired by replication.

    `runs` has a row a run, as `SweepResult.runs`. Without a `reference` all pairs of points are compared, the
    later with the earlier. With one, such as ``{"policy": "topsis"}``, every point is compared with the one
    that has these values and is like it in all other factors.

    One row a comparison: `point` and its factors; `other`, the point that it is compared with, and its
    factors, their names ending in ``_other``; `mean` of the metric at the point less that at the other, in
    the metric's unit; `low` and `high`, an interval widened so that it leaves out 0 exactly where the
    difference is `shown`; `p_holm`; and `n`, the replications in which both are defined and finite. All
    comparisons are one family (Holm): the chance that even one of them is said to be shown and is not there
    is at most 5 %. With a `margin`, in the metric's unit, `equivalent` says whether a difference is shown to
    be within ±`margin`, by two one-sided tests that are a family of their own.

    Raises `UnknownMetric`, and ValueError for points that do not have their random numbers in common, for
    more than 100 of them without a reference, for a reference that some point has nothing like, and for a
    margin that is not above 0 and finite.
    """
    import pandas as pd

    describe(metric, runs.columns)
    if runs["seed"].nunique() > 1:
        raise ValueError(
            "common_random_numbers: false gives each design point its own; there are no pairs to be compared"
        )
    points = runs.drop_duplicates("point").set_index("point")[list(factors)].sort_index()
    pairs = list(_all_pairs(points) if reference is None else _with_reference(points, reference))
    values = runs.pivot(index="replication", columns="point", values=metric).astype(np.float64)
    values = values.where(np.isfinite(values))
    samples = [but_for_rounding(values[one].to_numpy(), values[other].to_numpy()) for one, other in pairs]
    found = pd.DataFrame([_row(pair, each) for pair, each in zip(pairs, contrasts(samples), strict=True)])
    if margin is not None:
        found["equivalent"] = [each.shown for each in equivalences(samples, margin)]
    own, other = points.loc[found["point"]], points.loc[found["other"]].add_suffix("_other")
    sides = [each.reset_index(drop=True) for each in (found[["point"]], own, found[["other"]], other)]
    return pd.concat([*sides, found.drop(columns=["point", "other"])], axis=1)


def _all_pairs(points: pd.DataFrame) -> Iterator[Pair]:
    count = len(points)
    if count < 2:
        raise ValueError(f"differences take two design points with runs that did not fail (got {count})")
    if count > MOST_POINTS:
        raise ValueError(
            f"reference: missing; {count:,} design points make {math.comb(count, 2):,} pairs, and all pairs "
            f"are compared of at most {MOST_POINTS} points"
        )
    return ((later, earlier) for earlier, later in combinations(points.index.tolist(), 2))


def _with_reference(points: pd.DataFrame, reference: Mapping[str, Any]) -> Iterator[Pair]:
    for name in reference:
        if name not in points.columns:
            raise ValueError(f"reference: {name} does not vary; there are: {', '.join(points.columns)}")
    alike = np.ones(len(points), dtype=bool)
    for name, value in reference.items():
        alike &= _equal(points[name], value)
    stated = ", ".join(f"{name} = {value}" for name, value in reference.items()) or "no values"
    if alike.all() or not alike.any():
        raise ValueError(
            f"reference: {'no' if len(points) and not alike.any() else 'every'} design point has {stated}"
        )
    rest = [name for name in points.columns if name not in reference]
    cells = dict(zip(points.index, points[rest].itertuples(index=False, name=None), strict=True))
    with_cells = {cells[point]: point for point in points.index[alike]}
    for point in points.index[~alike].tolist():
        if cells[point] not in with_cells:
            own = ", ".join(f"{name} = {cell}" for name, cell in zip(rest, cells[point], strict=True))
            raise ValueError(f"reference: no design point has {stated} and {own}, as point {point} has")
        yield point, with_cells[cells[point]]


def _equal(cells: pd.Series[Any], value: Any) -> Any:
    """Where a column has the value; of fractions, but for rounding."""
    if cells.dtype.kind == "f" and isinstance(value, int | float):
        return np.isclose(cells, value, rtol=ROUNDING, atol=0.0)
    return (cells == value).to_numpy()


def _row(pair: Pair, found: Contrast) -> dict[str, Any]:
    mean = found.difference.mean
    low, high = found.ci_holm or (math.nan, math.nan)
    return {
        "point": pair[0],
        "other": pair[1],
        "mean": math.nan if mean is None else mean,
        "low": low,
        "high": high,
        "p_holm": math.nan if found.p_holm is None else found.p_holm,
        "shown": found.shown,
        "n": found.difference.n,
    }
