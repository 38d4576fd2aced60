"""What a figure shows, in a sentence: its title. Only what paired tests show is said."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from coalesce_sim.experiments.contenders import YARDSTICKS
from coalesce_sim.report.plots.points import Points, is_numeric, level, told
from coalesce_sim.statistics.contrasts import contrasts

MOST_COMPARED = 100
"""With more points than these no title says which is best: nearly 5,000 pairs would have to be tested."""

_MOST_NAMED = 2
_POLICY = "policy"


def finding(points: Points) -> str:
    """Where the metric is best, if the tests show it; else that no difference is shown.

    Yardsticks such as `oracle` are left out. The tests are paired by replication, corrected for all pairs.
    """
    label = points.metric.label
    table = points.table[points.table["mean"].notna()]
    if _POLICY in table and not table[_POLICY].isin(YARDSTICKS).all():
        table = table[~table[_POLICY].isin(YARDSTICKS)]
    if len(table) == 1:
        return f"{label} is {told(table['mean'].iloc[0], points.metric)} {_place(points, table.index[0])}"
    if len(set(points.samples[table.index].stack())) == 1:
        return f"{label} is {told(table['mean'].iloc[0], points.metric)} at all {len(table)} points"
    if not points.has_intervals or len(table) > MOST_COMPARED or points.moving:
        ends = " to ".join(told(each, points.metric) for each in (table["mean"].min(), table["mean"].max()))
        return f"{label} by {' and '.join(points.axes)}: {ends}"
    lowest = points.metric.better == "lower"
    order = table["mean"].sort_values(ascending=lowest, kind="stable")
    best = int(order.index[0])
    shown = _shown(points, table.index)
    undecided = [other for other in table.index if other != best and (best, other) not in shown]
    if len(undecided) == len(table) - 1:
        among = _named(points, list(table.index)) if len(table) == 2 else f"the {len(table)} points"
        return f"{label}: no difference shown between {among}"
    word = "lowest" if lowest else "highest"
    if len(undecided) > _MOST_NAMED:
        return _plateau(points, word, sorted([best, *undecided]), list(table.index))
    said = f"{label} is {word}, {told(table['mean'][best], points.metric)}, {_place(points, best)}"
    return f"{said}; no difference shown to {_named(points, undecided)}" if undecided else said


def tests_told(points: Points) -> str:
    """How the title was arrived at; empty where nothing was tested."""
    count = int(points.table["mean"].notna().sum())
    if count < 2 or not points.has_intervals or count > MOST_COMPARED or points.moving:
        return ""
    return (
        "The title tells apart what t tests of the differences, paired by replication, tell apart (5 % over "
        "all pairs, Holm)."
    )


def _shown(points: Points, indices: Any) -> set[tuple[int, int]]:
    """The pairs of points between which there is a difference, either way round."""
    values = points.samples.to_numpy(dtype=np.float64)
    pairs = list(itertools.combinations(indices, 2))
    tested = contrasts([values[:, one] - values[:, other] for one, other in pairs])
    shown = [pair for pair, contrast in zip(pairs, tested, strict=True) if contrast.shown]
    return {*shown, *((other, one) for one, other in shown)}


def _place(points: Points, index: int) -> str:
    """Where a point lies, as in ``at policy.epsilon = 0.3`` or ``with topsis``."""
    row = points.table.loc[index]
    others = [f"{axis} = {level(row[axis])}" for axis in points.axes if axis != _POLICY]
    with_policy = f"with {row[_POLICY]}" if _POLICY in points.axes else ""
    at = f"at {', '.join(others)}" if others else ""
    return f"{with_policy} {at}".strip()


def _plateau(points: Points, word: str, best: list[int], among: list[int]) -> str:
    """Many points that are not told apart: where they lie, if side by side on one axis, else how many."""
    label, (axis, *more) = points.metric.label, points.axes
    first = among.index(best[0])
    if not more and is_numeric(points.table[axis]) and among[first : first + len(best)] == best:
        ends = (level(points.table[axis][index]) for index in (best[0], best[-1]))
        return f"{label} is {word} at {axis} = {' to '.join(ends)}, between which no difference is shown"
    return f"{label}: no difference shown between the best {len(best)} of {len(among)} points"


def _named(points: Points, indices: list[int]) -> str:
    rows = [points.table.loc[index] for index in indices]
    named = [", ".join(level(row[axis]) for axis in points.axes) for row in rows]
    return " and ".join(f"({name})" if len(points.axes) > 1 else name for name in named)
