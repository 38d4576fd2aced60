"""What a sweep came to, on a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from coalesce_sim.metrics import METRICS
from coalesce_sim.numbers import level_text, plural
from coalesce_sim.report.progress import unfinished
from coalesce_sim.sweeps.results import OUTCOME
from coalesce_sim.sweeps.running import FAILURES, POINTS, RUNS
from coalesce_sim.sweeps.specification import Precision

if TYPE_CHECKING:
    from coalesce_sim.sweeps.results import SweepResult

_SHOWN = ("cost_reduction", "outsourcing_rate", "success_rate", "exploration_rate")
"""Metrics in the table, besides the one that decided how often to play."""

_ROWS = 24
"""Design points in the table; the file has them all."""


def print_sweep(screen: Console, result: SweepResult) -> None:
    """A table of design points with intervals, and what needs to be known of runs that are no good."""
    summary, points = result.summary, result.points
    counts = f"{plural(summary['points'], 'design point')}, {plural(summary['runs'], 'run')}"
    screen.print(f"{result.specification.name}: {counts}", soft_wrap=True)
    rule = result.specification.replications
    wanted = [rule.metric] if isinstance(rule, Precision) else []
    metrics = [name for name in dict.fromkeys([*wanted, *_SHOWN]) if name in result.metrics][:3]
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


def warnings_of(result: SweepResult) -> list[str]:
    """What is to be known before the figures are believed: runs that are missing, failed or short."""
    summary = result.summary
    told = [*filter(None, [unfinished(result)])]
    if summary["failed"]:
        errors = result.failures["error"]
        alike = errors.str.replace(r"\d+", "", regex=True)  # but for task and replication
        commonest = errors[alike == alike.value_counts().index[0]]
        told.append(
            f"{summary['failed']:,} runs failed, most often ({len(commonest):,}): {commonest.iloc[0]}. "
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
