"""The report of a sweep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from coalesce_sim.metrics import (
    COST_REDUCTION,
    COST_REDUCTION_AS_LOGGED,
    COST_REDUCTION_NET,
    METRICS,
    SAVINGS,
    Metric,
)
from coalesce_sim.numbers import duration, level_text, number, with_half_width
from coalesce_sim.report.best import contending, ranking_of
from coalesce_sim.report.costs import saved
from coalesce_sim.report.fields import label_of
from coalesce_sim.report.html.answer import sentences
from coalesce_sim.report.html.charts import (
    MOST_FIGURES,
    Axis,
    Chart,
    Quantity,
    axis_of,
    counted,
    figures_of,
    first_axes,
    is_numeric,
    point_labels,
)
from coalesce_sim.report.html.closing import ending, told_metrics
from coalesce_sim.report.html.page import Cell, Column, Drawing, Facts, Page, Section, Table, number_cell
from coalesce_sim.report.html.sensitivity import sensitivity_section, study_told
from coalesce_sim.report.html.sweep_checks import diagnostics
from coalesce_sim.report.progress import left_out, unfinished
from coalesce_sim.rounding import exceeds
from coalesce_sim.statistics.intervals import Estimate
from coalesce_sim.statistics.ranking import Ranking
from coalesce_sim.sweeps.factors import Factor
from coalesce_sim.sweeps.results import SweepResult
from coalesce_sim.sweeps.specification import Precision, Specification

if TYPE_CHECKING:
    import pandas as pd

MAIN = (
    "cost_reduction",
    COST_REDUCTION_NET,
    *SAVINGS,
    COST_REDUCTION_AS_LOGGED,
    "realised_usd",
    "success_rate",
    "outsourcing_rate",
    "late_rate",
    "turnaround_p95_s",
)
"""Metrics that are shown where none are asked for."""

MOST_ROWS = 2_000
_MOST_DRAWN = 2_000
_MOST_LEVELS = 12

_DESIGNS = {
    "latin_hypercube": "Latin hypercube of {:,} points",
    "sobol": "Sobol sequence of {:,} points",
    "saltelli": "Saltelli's design for Sobol indices, {:,} samples",
    "morris": "Morris's design for screening, {:,} trajectories",
}


def sweep_page(
    result: SweepResult, metrics: Sequence[str], title: str | None, sensitivity: Mapping[str, Any] | None
) -> Page:
    """Put the report of a sweep together; `metrics` are those to show, the first being the one that ranks."""
    shown = [METRICS[name] for name in metrics or _usual(result, sensitivity)]
    bases = _bases(result)
    every = [METRICS[name] for name in told_metrics(result.metrics, result.facts)]
    if len(result.runs):
        answer, told = _told(result, shown, every)
    else:
        answer, told = ["No run has ended well: there is no answer."], []
    if sensitivity:
        answer, told = study_told(sensitivity), [sensitivity_section(sensitivity), *told]
    answer = [*filter(None, [unfinished(result), left_out(result)]), *answer]
    sections = [
        Section("asked", "What was asked", [Facts(_asked(result))]),
        *told,
        *ending(diagnostics(result, every, bases, _origins(result)), bases, _origin(result), every),
    ]
    return Page(
        title=title or result.facts["title"] or result.specification.name,
        overline=f"Sweep of {_base_name(result)}",
        answer=answer,
        figures=_figures(result),
        sections=sections,
    )


def _told(
    result: SweepResult, shown: Sequence[Metric], every: Sequence[Metric]
) -> tuple[list[str], list[Section]]:
    """The answer, and the curves and tables that it rests on."""
    points = result.points
    estimates = {each.name: _estimates(result, each.name) for each in shown}
    labels = point_labels(points, result.factors)
    values = _by_point(result.runs, points["point"], shown[0].name)
    ranking = ranking_of(shown[0], np.where(contending(points)[:, None], values, math.nan))
    common = result.specification.common_random_numbers
    answer = sentences(shown[0], labels, ranking, common_random_numbers=common)
    if ranking.order and shown[0].name == COST_REDUCTION and set(SAVINGS) <= set(result.metrics):
        told = _saved_at(result, ranking.order[0])
        answer.insert(1, f"There it saves {told} (95 % intervals, each by itself).")
    return answer, [
        Section("curves", "Curves", [Drawing(_chart(result, shown, estimates, ranking))]),
        Section(
            "results",
            "Results",
            [_points_table(result, shown, estimates, ranking), _span_table(result, every, labels)],
        ),
    ]


def _saved_at(result: SweepResult, row: int) -> str:
    """Cash, delay and losses before their sum, at a design point."""
    names = (*SAVINGS, COST_REDUCTION)
    return saved({name: _estimates_of(_estimates(result, name).iloc[[row]])[0] for name in names})


def _estimates(result: SweepResult, metric: str) -> pd.DataFrame:
    """One row a design point: mean, low, high and n of a metric."""
    columns = {"mean": metric, "low": f"{metric}_low", "high": f"{metric}_high"}
    frame = result.points[[]].assign(**{name: result.points[column] for name, column in columns.items()})
    counts = result.runs[metric].notna().groupby(result.runs["point"]).sum()
    return frame.assign(n=counts.reindex(result.points["point"], fill_value=0).to_numpy())


def _usual(result: SweepResult, sensitivity: Mapping[str, Any] | None) -> list[str]:
    """The metric that was studied or that replications went by, if any, and the main ones that there are."""
    rule = result.specification.replications
    first = [str(sensitivity["metric"])] if sensitivity else []
    first += [rule.metric] if isinstance(rule, Precision) else []
    names = dict.fromkeys([*first, *MAIN])
    told = [name for name in names if name in result.metrics and result.runs[name].notna().any()]
    return told or list(result.metrics[:1])


def _by_point(
    runs: pd.DataFrame, points: pd.Series[Any], metric: str
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(points, replications) of a metric, NaN where a point was not played so often."""
    values = np.full((len(points), int(runs["replication"].max()) + 1), math.nan)
    row = np.searchsorted(points.to_numpy(), runs["point"].to_numpy())
    values[row, runs["replication"].to_numpy()] = runs[metric].to_numpy(dtype=float)
    return values


def _asked(result: SweepResult) -> dict[str, str]:
    specification, design = result.specification, result.specification.design
    entries = {"Base scenario": _base_name(result)}
    if specification.set:
        entries["Fixed changes"] = "\n".join(f"{name} = {value}" for name, value in specification.set.items())
    entries["Factors"] = "\n".join(map(_factor_told, specification.dimensions))
    if isinstance(design, str):
        entries["Design"] = "every combination of the levels (grid)"
    else:
        ((kind, count),) = design.model_dump().items()
        entries["Design"] = _DESIGNS[kind].format(count)
    entries["Replications"] = _replications_told(result)
    entries["Random numbers"] = (
        "common: replication r meets the same luck at every design point"
        if specification.common_random_numbers
        else "of its own at every design point"
    )
    if specification.steady_state:
        entries["Steady state"] = f"the warm-up of {specification.steady_state} is cut off (MSER-5)"
    entries["Seed"] = str(result.facts["seed"])
    return entries


def _factor_told(factor: Factor) -> str:
    names = " with ".join(factor.columns)
    if factor.levels is None:
        assert factor.range_ is not None
        ((kind, (low, high)),) = factor.range_.model_dump().items()
        return f"{names}: {level_text(low)} to {level_text(high)} ({kind.replace('_', ' ')})"
    levels = [" with ".join(level_text(each.cell) for each in level) for level in factor.levels]
    if len(levels) > _MOST_LEVELS:
        return f"{names}: {len(levels)} levels, {levels[0]} to {levels[-1]}"
    return f"{names}: {', '.join(levels)}"


def _replications_told(result: SweepResult) -> str:
    rule = result.specification.replications
    if not isinstance(rule, Precision):
        stated = result.facts["asked"]["sweep"]["replications"]
        return f"{stated:,} at each design point"
    metric = METRICS[rule.metric]
    return (
        f"at each design point until the 95 % interval of {metric.axis} is ± {rule.half_width:g} or narrower "
        f"and stays so for {rule.look_ahead} more; at least {rule.minimum}, at most {rule.cap:,}"
    )


def _figures(result: SweepResult) -> dict[str, str]:
    points = result.points
    # Wall times are those of single sessions; a sweep may have been resumed, on other machines too.
    played_s = float(pc.sum(result.rows["wall_s"], min_count=0).as_py())
    return {
        "Design points": f"{len(points):,}",
        "Runs": f"{len(result.runs):,}",
        "Replications a point": counted(points["replications"].tolist()),
        "Failed runs": f"{len(result.failures):,}",
        "Time played by all workers": duration(played_s),
    }


def _chart(
    result: SweepResult, shown: Sequence[Metric], estimates: Mapping[str, pd.DataFrame], ranking: Ranking
) -> Chart:
    grid, points = result.specification.design == "grid", result.points
    best = ranking.order[0] if ranking.order else 0
    kept = list(range(len(points))) if grid else _kept(len(points), best)
    axes, codes = _axes(result.specification, points.iloc[kept], grid)
    drawn = shown[: max(1, MOST_FIGURES // len(kept))]
    x, by = first_axes(axes)
    runs = counted(points["replications"].tolist())
    shape = "bands" if axes[x].scale != "category" and grid else "bars"
    left = "" if len(kept) == len(points) else f" {len(kept):,} of the {len(points):,} points are drawn."
    return Chart(
        name="curves",
        quantities=[Quantity(each.name, each.label, each.unit) for each in drawn],
        axes=axes,
        codes=codes,
        figures=[figures_of(estimates[each.name].iloc[kept]) for each in drawn],
        x=x,
        by=by if grid else None,
        start=[code[kept.index(best)] for code in codes],
        describes=f"Means over {runs} replications; {shape} are 95 % intervals (t).{left}",
        grid=grid,
        turns=True,
    )


def _kept(points: int, best: int) -> list[int]:
    """Some points of a sampled design, evenly taken, and the best: a cloud of more says no more."""
    return sorted({best, *range(0, points, math.ceil(points / _MOST_DRAWN))})


def _axes(
    specification: Specification, points: pd.DataFrame, grid: bool
) -> tuple[list[Axis], list[list[int]]]:
    """One axis a factor that varies; fields that move together in a grid are one."""
    groups = (
        [factor.columns for factor in specification.dimensions]
        if grid
        else [(column,) for column in specification.columns]
    )
    pairs = [axis_of(first, points[first], rest) for first, *rest in groups]
    varied = [pair for pair in pairs if len(pair[0].levels) > 1] or pairs[:1]
    return [axis for axis, _ in varied], [codes for _, codes in varied]


def _points_table(
    result: SweepResult, shown: Sequence[Metric], estimates: Mapping[str, pd.DataFrame], ranking: Ranking
) -> Table:
    points = result.points
    told = set(ranking.order)
    order = [*ranking.order, *(point for point in range(len(points)) if point not in told)]
    tables = {name: _estimates_of(frame) for name, frame in estimates.items()}
    levels = {name: points[name].tolist() for name in result.factors}
    numeric = {name: is_numeric(values) for name, values in levels.items()}
    runs, rows = points["replications"].tolist(), []
    for point in order[:MOST_ROWS]:
        row = [
            Cell(level_text(values[point]), float(values[point]) if numeric[name] else None)
            for name, values in levels.items()
        ]
        values = [tables[each.name][point] for each in shown]
        row += [number_cell(each.mean, with_half_width(each)) for each in values]
        rows.append([*row, number_cell(runs[point], number(runs[point], 0))])
    columns = [
        *(Column(label_of(name), numeric=numeric[name], help=name) for name in result.factors),
        *(Column(each.axis, help=each.definition) for each in shown),
        Column("n", help="Replications"),
    ]
    note = "Means ± half of the 95 % interval of each point by itself."
    if not contending(points).all():
        note += " Yardsticks, of which the answer does not tell, come last."
    if len(order) > MOST_ROWS:
        note += f" The first {MOST_ROWS:,} of {len(order):,} points by rank; points.csv has all."
    first = (len(result.factors), "ascending" if shown[0].better == "lower" else "descending")
    caption = f"Design points, the best first ({len(points):,})"
    return Table(caption, columns, rows, note, first)


def _span_table(result: SweepResult, metrics: Sequence[Metric], labels: Sequence[str]) -> Table:
    """Every metric's lowest and highest mean, and where."""
    rows = []
    for metric in metrics:
        means = result.points[metric.name].to_numpy(dtype=float)
        if np.isnan(means).all():
            continue
        row = [Cell(metric.axis)]
        ends = int(np.nanargmin(means)), int(np.nanargmax(means))
        alike = not exceeds(means[ends[1]], means[ends[0]])
        for place in ends:
            row += [number_cell(means[place]), Cell("every point alike" if alike else labels[place])]
        rows.append(row)
    columns = [
        Column("Metric", numeric=False),
        Column("Lowest mean"),
        Column("at", numeric=False),
        Column("Highest mean"),
        Column("at", numeric=False),
    ]
    return Table("Every metric: from where to where its means go", columns, rows)


def _estimates_of(frame: pd.DataFrame) -> list[Estimate]:
    def told(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return [
        Estimate(told(mean), None, (low, high) if math.isfinite(low) else None, int(n))
        for mean, low, high, n in frame[["mean", "low", "high", "n"]].itertuples(index=False)
    ]


def _base_name(result: SweepResult) -> str:
    """What the scenario is called: the bundled name or path, or all of them where scenarios vary."""
    match result.specification.base:
        case str(name) | {"name": str(name)}:
            return name
        case None:
            return ", ".join(result.facts["asked"]["sweep"]["base"])
        case _:
            return "a scenario of its own"


def _bases(result: SweepResult) -> dict[str, dict[str, Any]]:
    """By name: the base scenarios in full, as they were played."""
    return _by_name(result, result.facts["asked"]["sweep"]["base"])


def _origins(result: SweepResult) -> dict[str, dict[str, Any]]:
    """By name: where the base scenarios were written; of sweeps of earlier versions nothing is known."""
    return _by_name(result, result.facts["provenance"].get("origins", {}))


def _by_name(result: SweepResult, bases: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name if len(bases) > 1 else _base_name(result): each for name, each in bases.items()}


def _origin(result: SweepResult) -> dict[str, Any]:
    """How the sweep was first begun, and what it has come to."""
    return {"digest": result.digest, "seed": result.facts["seed"], **result.facts["provenance"]}
