"""What was looked at in a sweep, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coalesce_sim.metrics import METRICS, Metric
from coalesce_sim.numbers import number, plural
from coalesce_sim.report.html.charts import point_labels
from coalesce_sim.report.html.closing import observed_checks, scenario_checks, undefined_checks
from coalesce_sim.report.html.page import Block, Cell, Check, Column, Source, Table, number_cell
from coalesce_sim.report.progress import unfinished
from coalesce_sim.sweeps.results import SweepResult
from coalesce_sim.sweeps.specification import Precision

_MOST_TRACEBACKS = 5
_MOST_ROWS = 200


def diagnostics(
    result: SweepResult,
    metrics: Sequence[Metric],
    bases: Mapping[str, Mapping[str, Any]],
    origins: Mapping[str, Mapping[str, Any]],
) -> list[Block]:
    """Whether all is there, what failed, what is less precise than asked for, and what is odd.

    `metrics` are those that are told of, `bases` the scenarios by name, `origins` where they
    were written.
    """
    undefined = {each.label: int(result.runs[each.name].isna().sum()) for each in metrics}
    return [
        *_completeness(result),
        *_failures(result),
        *_precision_checks(result),
        *_warm_up_checks(result),
        *undefined_checks(undefined, len(result.runs)),
        *observed_checks(each.as_dict() for each in result.observed),
        *scenario_checks(bases, origins),
    ]


def _completeness(result: SweepResult) -> list[Check]:
    missing = unfinished(result)
    if missing:
        return [Check(False, f"{missing} It is under way, or was interrupted: started again, it goes on.")]
    return [Check(True, f"The sweep is complete: {plural(len(result.rows), 'run')}.")]


def _failures(result: SweepResult) -> list[Block]:
    failures = result.failures
    if not len(failures):
        return [Check(True, "No run failed.")]
    told = [
        (at, str(error), str(traceback), int(replication), int(seed))
        for at, (error, traceback, replication, seed) in zip(
            point_labels(failures, result.factors),
            failures[["error", "traceback", "replication", "seed"]].itertuples(index=False),
            strict=True,
        )
    ]
    rows = [
        [Cell(at), number_cell(replication, str(replication)), Cell(str(seed)), Cell(error)]
        for at, error, _, replication, seed in told[:_MOST_ROWS]
    ]
    columns = [
        Column("Design point", numeric=False),
        Column("Replication"),
        Column("Seed", numeric=False),
        Column("Error", numeric=False),
    ]
    note = "" if len(told) <= _MOST_ROWS else f"The first {_MOST_ROWS} of {len(told):,}."
    distinct = {error: (at, traceback) for at, error, traceback, _, _ in reversed(told)}
    return [
        Check(False, f"{plural(len(told), 'run')} failed; all figures leave them out."),
        Table("Failed runs", columns, rows, note),
        *(
            Source(f"Traceback of: {error} ({at})", traceback)
            for error, (at, traceback) in list(reversed(distinct.items()))[:_MOST_TRACEBACKS]
        ),
    ]


def _precision_checks(result: SweepResult) -> list[Block]:
    rule = result.specification.replications
    if not isinstance(rule, Precision):
        return []
    metric = METRICS[rule.metric]
    short = result.points[result.points["point"].isin(result.imprecise)]
    if not len(short):
        reached = f"Every design point reached ± {rule.half_width:g} in {metric.axis}."
        return [Check(True, reached)] if result.complete else []
    labels = point_labels(short, result.factors)
    half_widths = (short[f"{metric.name}_high"] - short[metric.name]).tolist()
    rows = [
        [Cell(at), number_cell(n, number(n, 0)), number_cell(half_width)]
        for at, n, half_width in zip(labels, short["replications"].tolist(), half_widths, strict=True)
    ][:_MOST_ROWS]
    columns = [Column("Design point", numeric=False), Column("n"), Column(f"Half-width of {metric.axis}")]
    told = (
        f"{plural(len(short), 'design point')} did not reach ± {rule.half_width:g} in {metric.axis} "
        f"within {rule.cap:,} replications."
    )
    return [Check(False, told), Table("Points that are less precise than asked for", columns, rows)]


def _warm_up_checks(result: SweepResult) -> list[Check]:
    if result.specification.steady_state is None:
        return []
    if not result.too_short:
        return [Check(True, "The end of the warm-up was found in every run.")]
    return [
        Check(
            False,
            f"In {result.too_short:,} of {plural(len(result.runs), 'run')} MSER-5 found no end of the "
            "warm-up in the first half: they are too short for steady state.",
        )
    ]
