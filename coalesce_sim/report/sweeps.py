"""What a sweep came to, on a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from coalesce_sim.metrics import METRICS, SAVINGS
from coalesce_sim.numbers import level_text, plural
from coalesce_sim.report.progress import unfinished
from coalesce_sim.sweeps.results import OUTCOME
from coalesce_sim.sweeps.running import FAILURES, POINTS, RUNS
from coalesce_sim.sweeps.specification import Precision

if TYPE_CHECKING:
    from coalesce_sim.sweeps.results import SweepResult

_SHOWN = (*SAVINGS, "cost_reduction", "outsourcing_rate", "success_rate")
"""Metrics in the table, besides the one that decided how often to play."""

_UNTOLD = {"success_rate": 100.0, **dict.fromkeys(SAVINGS, 0.0)}
"""Values that, at all design points, are not worth a column."""

_ROWS = 24
"""Design points in the table; the file has them all."""


def print_sweep(screen: Console, result: SweepResult) -> None:
    """A table of design points with intervals, and what needs to be known of runs that are no good."""
    summary, points = result.summary, result.points
    counts = f"{plural(summary['points'], 'design point')}, {plural(summary['runs'], 'run')}"
    screen.print(f"{result.specification.name}: {counts}", soft_wrap=True)
    metrics = _shown(result)
    table = Table(box=None, pad_edge=False, header_style="", title_justify="left")
    for name in result.factors:
        table.add_column(name, no_wrap=True)
    table.add_column("runs", justify="right")
    for name in metrics:
        table.add_column(METRICS[name].axis, justify="right")
    for _, row in points.head(_ROWS).iterrows():
        cells = [level_text(row[name]) for name in result.factors]
        means = [_interval(row[name], row[f"{name}_low"], row[f"{name}_high"]) for name in metrics]
        table.add_row(*cells, f"{int(row['replications']):,}", *means)
    screen.print(table)
    if len(points) > _ROWS:
        screen.print(f"… and {len(points) - _ROWS:,} more in {POINTS}")
    for sentence in warnings_of(result):
        screen.print(f"\n{sentence}", style="yellow", soft_wrap=True)
    files = [RUNS, POINTS, OUTCOME] + ([FAILURES] if summary["failed"] else [])
    screen.print(f"\nWritten to {result.folder}: {', '.join(files)}", soft_wrap=True)
    screen.print(f"Digest of the results: {summary['digest'][:16]}…")


def _shown(result: SweepResult) -> list[str]:
    """The metrics in the table: what is saved, part by part and in all, behind what else was asked for."""
    rule = result.specification.replications
    wanted = [rule.metric] if isinstance(rule, Precision) and rule.metric not in _SHOWN else []
    known = [name for name in (*wanted, *_SHOWN) if name in result.metrics]
    return [name for name in known if not (result.points[name] == _UNTOLD.get(name)).all()]


def warnings_of(result: SweepResult) -> list[str]:
    """What is to be known before the figures are believed: runs that are missing, failed or short."""
    summary = result.summary
    told = [*filter(None, [unfinished(result)])]
    if summary["failed"]:
        errors = result.failures["error"].value_counts()
        told.append(
            f"{summary['failed']:,} runs failed, most often ({errors.iloc[0]:,}): {errors.index[0]}. "
            "See failures.csv; --retry-failed plays them again."
        )
    rule = result.specification.replications
    if summary["imprecise_points"] and isinstance(rule, Precision):
        told.append(
            f"At {summary['imprecise_points']:,} design points the interval of {rule.metric} is still wider "
            f"than ±{rule.half_width:g} after {rule.cap:,} replications."
        )
    if summary["runs_without_warm_up"]:
        told.append(
            f"{summary['runs_without_warm_up']:,} runs are too short for their warm-up to be told (MSER-5): "
            "nothing was cut from them. Let them run longer (clock.days)."
        )
    return told


def _interval(mean: float, low: float, high: float) -> str:
    if math.isnan(mean):
        return "undefined"
    return f"{mean:.1f}" if math.isnan(low) else f"{mean:.1f} ± {(high - low) / 2:.1f}"
