"""What a figure shows, in a sentence: its title. Only what paired tests show is said."""

from __future__ import annotations

import numpy as np

from coalesce_sim.numbers import level_text, number
from coalesce_sim.report.best import UNEVEN, contending, ranking_of, top
from coalesce_sim.report.costs import SAVED_IN
from coalesce_sim.report.fields import label_of
from coalesce_sim.report.plots.points import Points, is_numeric, told
from coalesce_sim.rounding import varies
from coalesce_sim.statistics.ranking import Ranking

_MOST_NAMED = 2
_POLICY = "policy"


def finding(points: Points) -> str:
    """Where the metric is best, if the tests show it; else that no difference is shown.

    Yardsticks such as `oracle` are left out. The tests are paired by replication, corrected for all pairs.
    """
    label, contenders = points.metric.label, _contenders(points)
    table = points.table.loc[contenders]
    if len(table) == 1:
        return f"{label} is {told(table['mean'].iloc[0], points.metric)} {_place(points, contenders[0])}"
    if not varies(points.samples[contenders].stack().to_numpy(dtype=np.float64)):
        return f"{label} is {told(table['mean'].iloc[0], points.metric)} at all {len(table)} points"
    if not points.has_intervals or points.moving:
        ends = " to ".join(told(each, points.metric) for each in (table["mean"].min(), table["mean"].max()))
        return f"{label} by {' and '.join(map(label_of, points.axes))}: {ends}"
    ranking = _ranking(points, contenders)
    best, alike = contenders[ranking.order[0]], [contenders[row] for row in ranking.alike]
    if len(alike) == len(table) - 1:
        among = _named(points, contenders) if len(table) == 2 else f"the {len(table)} points"
        return f"{label}: no difference shown between {among}"
    word = top(points.metric)
    if len(alike) > _MOST_NAMED:
        return _plateau(points, word, sorted([best, *alike]), contenders)
    value = "" if parts_told(points) else f", {told(table['mean'][best], points.metric)},"
    said = f"{label} is {word}{value} {_place(points, best)}"
    return f"{said}; no difference shown to {_named(points, sorted(alike))}" if alike else said


def parts_told(points: Points) -> str:
    """What the cost reduction at the best point consists of, where the title names a single one."""
    contenders = _contenders(points)
    values = points.samples[contenders].stack().to_numpy(dtype=np.float64)
    if points.parts.columns.empty or not points.has_intervals or points.moving or not varies(values):
        return ""
    ranking = _ranking(points, contenders)
    if len(ranking.alike) > min(_MOST_NAMED, len(contenders) - 2):
        return ""
    best = contenders[ranking.order[0]]
    parts = [f"{group} {number(points.parts[name][best], 1)} %" for name, group in SAVED_IN.items()]
    return f"there {', '.join(parts)}, in all {number(points.table['mean'][best], 1)} %"


def tests_told(points: Points) -> str:
    """How the title was arrived at and how far to trust it; empty where nothing was tested."""
    contenders = _contenders(points)
    if len(contenders) < 2 or not points.has_intervals or points.moving:
        return ""
    ranking = _ranking(points, contenders)
    sentences = [
        "The title tells apart what t tests of the differences, paired by replication, tell apart (5 % over "
        f"all pairs, {ranking.procedure})."
    ]
    sentences += [UNEVEN] if ranking.uneven else []
    if len(contenders) > 2:
        sentences.append(
            f"The {top(points.metric)} of {len(contenders)} means is flattered by chance: play that point on "
            "another seed to know it."
        )
    return " ".join(sentences)


def _contenders(points: Points) -> list[int]:
    """The rows that are compared: those with a value, without the yardsticks if there are others."""
    table = points.table[points.table["mean"].notna()]
    return list(table.index[contending(table)])


def _ranking(points: Points, contenders: list[int]) -> Ranking:
    return ranking_of(points.metric, points.samples[contenders].to_numpy(dtype=np.float64).T)


def _place(points: Points, index: int) -> str:
    """Where a point lies, as in ``at exploration rate ε = 0.3`` or ``with topsis``."""
    row = points.table.loc[index]
    others = [f"{label_of(axis)} = {level_text(row[axis])}" for axis in points.axes if axis != _POLICY]
    with_policy = f"with {row[_POLICY]}" if _POLICY in points.axes else ""
    at = f"at {', '.join(others)}" if others else ""
    return f"{with_policy} {at}".strip()


def _plateau(points: Points, word: str, best: list[int], among: list[int]) -> str:
    """Many points that are not told apart: where they lie, if side by side on one axis, else how many."""
    label, (axis, *more) = points.metric.label, points.axes
    first = among.index(best[0])
    if not more and is_numeric(points.table[axis]) and among[first : first + len(best)] == best:
        ends = (level_text(points.table[axis][index]) for index in (best[0], best[-1]))
        where = f"{label_of(axis)} = {' to '.join(ends)}"
        return f"{label} is {word} at {where}, between which no difference is shown"
    return f"{label}: no difference shown between the best {len(best)} of {len(among)} points"


def _named(points: Points, indices: list[int]) -> str:
    rows = [points.table.loc[index] for index in indices]
    named = [", ".join(level_text(row[axis]) for axis in points.axes) for row in rows]
    return " and ".join(f"({name})" if len(points.axes) > 1 else name for name in named)
