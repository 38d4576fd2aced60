"""What stands below a figure: what is drawn, of how many runs, with which intervals."""

from __future__ import annotations

from coalesce_sim.experiments.contenders import YARDSTICKS
from coalesce_sim.numbers import level_text, plural
from coalesce_sim.report.fields import label_of
from coalesce_sim.report.markdown import in_cell
from coalesce_sim.report.plots.findings import parts_told
from coalesce_sim.report.plots.points import Points
from coalesce_sim.statistics.intervals import Interval

_KINDS: dict[Interval, str] = {"t": "t", "bca": "bootstrap (BCa)"}
_MOST_ROWS = 60


def note_of(points: Points, mark: str) -> str:
    """The mean of how many replications, and what `mark` (band, bars or nothing) stands for.

    Before it what is saved of cash, delay and losses where the cost reduction is best.
    """
    if not points.has_intervals:
        return "1 replication, no interval"
    shown = f"; {mark}: 95 % {_KINDS[points.interval]} interval" if mark else ""
    best = parts_told(points)
    return f"{best}{'; ' if best else ''}mean of {points.replications} replications{shown}"


def points_told(points: Points, mark: str) -> list[str]:
    """The definition of the metric, replications, kind of interval, and the other factors."""
    metric, count = points.metric, len(points.table)
    sentences = [f"{metric.label}: {metric.definition}."] if metric.definition else []
    each = "" if count == 1 else " each"
    if points.has_intervals:
        shown = (
            f"; {mark}: 95 % {_KINDS[points.interval]} intervals of the mean"
            if mark
            else ", without intervals"
        )
        means = f"means of n = {points.replications} replications{each}"
        sentences.append(f"{plural(count, 'design point')}, {means}{shown}.")
    else:
        sentences.append(f"{plural(count, 'design point')}, one replication{each}: no intervals.")
    if points.fixed:
        held = ", ".join(f"{label_of(name)} = {level_text(value)}" for name, value in points.fixed.items())
        sentences.append(f"All at {held}.")
    yardsticks = [
        name for name in YARDSTICKS if "policy" in points.axes and (points.table["policy"] == name).any()
    ]
    if yardsticks:
        sentences.append(f"Grey: {' and '.join(yardsticks)}, yardsticks, of which the title does not tell.")
    if points.moving:
        sentences.append(f"From point to point {', '.join(map(label_of, points.moving))} varies too.")
    return sentences


def replications_table(points: Points) -> list[str]:
    """The lines of a Markdown table of n by design point, where n differs; else none."""
    table = points.table
    if table["n"].nunique() == 1 or len(table) > _MOST_ROWS:
        return []
    head = [
        f"| {' | '.join(in_cell(label_of(axis)) for axis in points.axes)} | n |",
        f"|{'---|' * (len(points.axes) + 1)}",
    ]
    rows = [
        f"| {' | '.join(in_cell(level_text(row[axis])) for axis in points.axes)} | {row['n']:,} |"
        for _, row in table.iterrows()
    ]
    return [*head, *rows]
