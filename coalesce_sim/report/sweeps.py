"""What a sweep came to, on a terminal."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from rich.console import Console

from coalesce_sim.experiments.uncertainty import AVERAGED
from coalesce_sim.metrics import COST_REDUCTION_AS_LOGGED, COST_REDUCTION_NET, METRICS, SAVINGS
from coalesce_sim.numbers import level_text, plural, with_interval
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.report.progress import unfinished
from coalesce_sim.statistics.intervals import Estimate
from coalesce_sim.sweeps.results import OUTCOME
from coalesce_sim.sweeps.running import FAILURES, POINTS, RUNS
from coalesce_sim.sweeps.specification import Precision

if TYPE_CHECKING:
    from coalesce_sim.sweeps.results import SweepResult

_SHOWN = (
    *SAVINGS,
    "cost_reduction",
    COST_REDUCTION_NET,
    COST_REDUCTION_AS_LOGGED,
    "outsourcing_rate",
    "success_rate",
)
"""Metrics in the table, besides the one that decided how often to play."""

_UNTOLD = {"success_rate": 100.0, **dict.fromkeys(SAVINGS, 0.0)}
"""Values that, at all design points, are not worth a column."""

_ROWS = 24
"""Design points in the table; the file has them all."""

_COUNT = re.compile(r"clients\.(groups\.[^.]+\.)?count")
_CELLS_A_FACTOR = 26
"""So many of a line's are left for a factor that names rows; more factors are columns of numbered rows."""


def print_sweep(screen: Console, result: SweepResult) -> None:
    """A table of design points with intervals, and what needs to be known of runs that are no good."""
    summary, points = result.summary, result.points
    counts = f"{plural(summary['points'], 'design point')}, {plural(summary['runs'], 'run')}"
    screen.print(f"{result.specification.name}: {counts}", soft_wrap=True)
    metrics = _shown(result)
    shown = points.head(_ROWS)
    factors = [
        Column(name, [level_text(level) for level in shown[name]], figures=False) for name in result.factors
    ]
    few = len(factors) * _CELLS_A_FACTOR <= screen.width
    keys = factors if few else [Column("point", [str(number) for number in shown["point"]])]
    columns = [Column("runs", [f"{int(count):,}" for count in shown["replications"]])]
    for name in metrics:
        bounds = zip(shown[name], shown[f"{name}_low"], shown[f"{name}_high"], strict=True)
        columns.append(Column(METRICS[name].axis, [_interval(*each) for each in bounds]))
    print_columns(screen, keys, columns if few else [*factors, *columns])
    if len(points) > _ROWS:
        screen.print(f"… and {len(points) - _ROWS:,} more in {POINTS}")
    for sentence in warnings_of(result):
        screen.print()
        print_wrapped(screen, sentence, "yellow")
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
    told += _who_brings_tasks(result)
    if any(base.get("uncertainty") for base in _bases(result)):
        told.append(f"{AVERAGED[0].upper()}{AVERAGED[1:]}.")
    told += [f"{each.sentence[0].upper()}{each.sentence[1:]}." for each in result.observed]
    return told


def _bases(result: SweepResult) -> list[dict[str, Any]]:
    """The scenarios that were varied."""
    return list(result.facts["asked"]["sweep"].get("base", {}).values())


def _who_brings_tasks(result: SweepResult) -> list[str]:
    """That more clients bring no more tasks, where their number varies and tasks come to all together."""
    varied = [name for name in result.factors if _COUNT.fullmatch(name)]
    arrivals = [base["workload"]["arrivals"] for base in _bases(result)]
    together = [each["kind"] in ("renewal", "demand_driven") and not each.get("per") for each in arrivals]
    if not varied or not any(together):
        return []
    return [
        f"{', '.join(varied)} varies, and tasks come to all clients together: more clients share the same "
        "tasks. With workload.arrivals.per=client each brings its own."
    ]


def _interval(mean: float, low: float, high: float) -> str:
    if math.isnan(mean):
        return "undefined"
    return with_interval(Estimate(mean, None, None if math.isnan(low) else (low, high), 0), 1)
