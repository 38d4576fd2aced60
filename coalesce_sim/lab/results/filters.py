"""A chart of which only some levels are looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from coalesce_sim.report.html.charts import Axis, Chart


def kept(chart: Chart, levels: Mapping[int, Collection[int]]) -> Chart:
    """The chart with nothing but those levels, by axis; an axis that is not named, or of which none is left,
    keeps all.

    Where a level that others are held at is gone, they are held at the first that is left.
    """
    chosen = {axis: sorted(set(each)) for axis, each in levels.items() if each}
    if not chosen:
        return chart
    points = [
        place
        for place in range(len(chart.codes[0]))
        if all(chart.codes[axis][place] in each for axis, each in chosen.items())
    ]
    new = [
        {level: place for place, level in enumerate(chosen.get(axis, range(len(each.levels))))}
        for axis, each in enumerate(chart.axes)
    ]
    return replace(
        chart,
        axes=[_with(each, chosen[axis]) if axis in chosen else each for axis, each in enumerate(chart.axes)],
        codes=[[new[axis][codes[place]] for place in points] for axis, codes in enumerate(chart.codes)],
        figures=[
            {name: [values[place] for place in points] for name, values in each.items()}
            for each in chart.figures
        ],
        start=[new[axis].get(level, 0) for axis, level in enumerate(chart.start)],
    )


def where_of(chart: Chart, levels: Mapping[int, Collection[int]]) -> dict[str, list[str]]:
    """The same as ``plot`` takes it: values by factor."""
    return {
        chart.axes[axis].columns[0]: [chart.axes[axis].levels[level] for level in sorted(each)]
        for axis, each in levels.items()
        if each
    }


def _with(axis: Axis, levels: list[int]) -> Axis:
    values = None if axis.values is None else tuple(axis.values[each] for each in levels)
    return replace(axis, levels=tuple(axis.levels[each] for each in levels), values=values)
