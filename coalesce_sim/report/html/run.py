"""The report of a run: one scenario, played many times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coalesce_sim.metrics import COST_REDUCTION_AS_LOGGED, COST_REDUCTION_NET, Metric
from coalesce_sim.numbers import NOTHING, duration, number, percent, plural
from coalesce_sim.report.costs import NONE, saved
from coalesce_sim.report.curves import curve_of, time_unit
from coalesce_sim.report.html.charts import Chart, Quantity, axis_of, rounded
from coalesce_sim.report.html.closing import (
    ending,
    observed_checks,
    scenario_checks,
    told_metrics,
    undefined_checks,
)
from coalesce_sim.report.html.costs import cost_sections
from coalesce_sim.report.html.groups import groups_sections
from coalesce_sim.report.html.page import (
    Cell,
    Column,
    Drawing,
    Facts,
    Page,
    Section,
    Table,
    number_cell,
)
from coalesce_sim.report.html.routing import routing_sections, who
from coalesce_sim.report.html.sellers import sellers_sections
from coalesce_sim.report.html.settlement import settlement_sections
from coalesce_sim.report.opening import Opened
from coalesce_sim.report.over_time import column_of
from coalesce_sim.report.uncertainty import lines_in
from coalesce_sim.statistics.intervals import Estimate

_OVER_TIME = (
    "cumulative_cost_reduction",
    "outsourcing_rate",
    "cumulative_savings_usd",
    "contractor_utilisation",
    "home_utilisation",
    "contractor_queue",
    "home_queue",
    "mean_price_usd",
    "demand",
)
"""Columns of timeline.parquet that are drawn."""

_HAPPENING = ("tasks", "home_busy", "contractor_busy")

_MOST_INTERVALS = 500


def run_page(opened: Opened, metrics: Sequence[str], title: str | None) -> Page:
    """Put the report of a run together; `metrics` are those to show, all of them by default."""
    facts, origin = opened.facts, opened.facts["provenance"]
    scenarios = {opened.name: origin["scenario"]}
    names = told_metrics(opened.metrics, origin["scenario"])
    shown = [opened.metric(name) for name in metrics or names]
    estimates = {name: Estimate.of_dict(each) for name, each in facts["metrics"].items()}
    undefined = {opened.metric(name).label: facts["replications"] - estimates[name].n for name in names}
    assert opened.timeline is not None
    interval_s = 60.0 * origin["scenario"]["clock"]["timeline_min"]
    checks = [
        *undefined_checks(undefined, facts["replications"]),
        *observed_checks(facts.get("observed", ())),
        *scenario_checks(scenarios, {opened.name: origin.get("origins", {})}),
    ]
    sections = [
        Section("asked", "What was asked", [Facts(_asked(facts, origin))]),
        *cost_sections({"As played": estimates}),
        *settlement_sections({"In a replication": estimates}),
        *groups_sections(origin["scenario"]["clients"].get("groups") or (), estimates),
        *routing_sections(opened),
        *sellers_sections(facts.get("sellers", ())),
        Section("curves", "Curves", [Drawing(_timeline_chart(opened.timeline, interval_s))]),
        Section("results", "Results", [_metrics_table(shown, estimates, facts["published"])]),
        *ending(checks, scenarios, origin, map(opened.metric, names)),
    ]
    tasks = estimates["tasks"]
    return Page(
        title=title or opened.title,
        overline=f"Run of {opened.name}",
        answer=[*_answer(opened.name, estimates, facts["published"]), *who(opened), *lines_in(facts)],
        figures={
            "Replications": f"{facts['replications']:,}",
            "Tasks a replication": number(tasks.mean, 0),
            "Seed": str(facts["seed"]),
            "Wall time": duration(origin["wall_s"]),
        },
        sections=sections,
    )


def _answer(name: str, estimates: Mapping[str, Estimate], published: Mapping[str, Any]) -> list[str]:
    """What the scenario saves, and whether that is shown; what the paper reports of it."""
    whole = estimates["cost_reduction"]
    value = f"{saved(estimates)} (95 % intervals, {plural(whole.n, 'replication')})"
    if whole.mean is None:
        told = f"{name}: nothing costs anything at home, so there is nothing to save."
    elif whole.ci95 is None:
        told = f"{name} saves against all-local: {saved(estimates)}, in one replication: no interval."
    elif whole.ci95[0] > 0:
        told = f"{name} saves against all-local: {value}."
    elif whole.ci95[1] < 0:
        told = f"{name} costs more than all-local. It saves: {value}."
    else:
        told = f"No saving of {name} against all-local is shown: {value}."
    net = estimates.get(COST_REDUCTION_NET, NONE)
    if net.mean is not None:
        told += f" Net of what settlement costs clients: {percent(net)}."
    against_log = estimates.get(COST_REDUCTION_AS_LOGGED, NONE)
    if against_log.mean is not None:
        told += f" Against what the log says: {percent(against_log)}."
    theirs = published.get("cost_reduction_published")
    if theirs is None:
        return [told]
    definition = "by its own definition, which leaves losses out"
    return [told, f"The paper reports {number(theirs['mean'], 1)} %, {definition}."]


def _asked(facts: Mapping[str, Any], origin: Mapping[str, Any]) -> dict[str, str]:
    entries = {
        "Scenario": str(facts["scenario"]),
        "Replications": f"{facts['replications']:,}",
        "Seed": str(facts["seed"]),
    }
    if origin["overrides"]:
        entries["Fixed changes"] = "\n".join(origin["overrides"])
    return entries


def _metrics_table(
    shown: Sequence[Metric], estimates: Mapping[str, Estimate], published: Mapping[str, Any]
) -> Table:
    rows = []
    for each in shown:
        value = estimates[each.name]
        if not value.n:
            continue
        interval = NOTHING if value.ci95 is None else " to ".join(map(number, value.ci95))
        row = [
            Cell(each.axis),
            number_cell(value.mean),
            number_cell(value.sd),
            Cell(interval, None if value.ci95 is None else value.ci95[0]),
            number_cell(value.n, number(value.n, 0)),
        ]
        if published:
            row.append(_published_cell(published.get(each.name)))
        rows.append(row)
    columns = [
        Column("Metric", numeric=False),
        *map(Column, ("Mean", "Standard deviation", "95 % interval (t)", "n")),
    ]
    if published:
        columns.append(Column("Published"))
    return Table("Metrics over the replications", columns, rows)


def _published_cell(theirs: Mapping[str, Any] | None) -> Cell:
    if theirs is None:
        return Cell(NOTHING)
    spread = "" if theirs["sd"] is None else f" ± {number(theirs['sd'], 1)} (sd)"
    runs = "" if theirs["n"] is None else f", n = {theirs['n']}"
    return Cell(f"{number(theirs['mean'], 1)}{spread}{runs}", theirs["mean"])


def _timeline_chart(timeline: pd.DataFrame, interval_s: float) -> Chart:
    """The mean over the replications of what the timeline tells, at the end of each interval, up to the last
    in which anything happens."""
    until_s = _happens_until_s(timeline)
    quiet = (timeline["start_s"] > until_s).any()
    timeline = timeline[timeline["start_s"] <= until_s]
    columns = [column_of(name) for name in _OVER_TIME if timeline[name].notna().any()]
    starts_s = np.unique(timeline["start_s"].to_numpy(dtype=np.float64))
    every = math.ceil(len(starts_s) / _MOST_INTERVALS)
    shown = slice((len(starts_s) - 1) % every, None, every)  # the last one stays
    ends_s = (starts_s + interval_s)[shown]
    scale_s, unit = time_unit(float(ends_s[-1]))
    axis, codes = axis_of(f"Time since the start ({unit})", pd.Series(ends_s / scale_s))
    runs = int(timeline["replication"].nunique())
    return Chart(
        name="timeline",
        quantities=[Quantity(each.name, each.label, each.unit) for each in columns],
        axes=[axis],
        codes=[codes],
        figures=[_over_time(timeline, each, shown) for each in columns],
        x=0,
        by=None,
        start=[0],
        describes=(
            f"Means over {plural(runs, 'replication')}; bands are 95 % intervals at each time by itself. "
            "Each point stands at the end of the interval that it tells of; prices and demand are those at "
            "its beginning."
            + ("" if every == 1 else f" Every {every}th interval is drawn.")
            + (" After that no task comes, and nobody works." if quiet else "")
        ),
    )


def _happens_until_s(timeline: pd.DataFrame) -> float:
    """When the last interval begins in which a task comes or anybody works; infinite where earlier versions
    do not say."""
    if not set(_HAPPENING) <= set(timeline.columns):
        return math.inf
    happens = (timeline[list(_HAPPENING)] > 0).any(axis=1)
    return float(timeline.loc[happens, "start_s"].max()) if happens.any() else math.inf


def _over_time(timeline: pd.DataFrame, column: Metric, shown: slice) -> dict[str, list[float | None]]:
    """A column's means with their intervals, at the intervals shown."""
    values = timeline.pivot(index="replication", columns="start_s", values=column.name).iloc[:, shown]
    curve = curve_of(np.arange(values.shape[1], dtype=np.float64), values.to_numpy(float), share=column.share)
    ends = {"mean": curve.mean, "low": curve.low, "high": curve.high, "n": values.notna().sum().to_numpy()}
    return {name: rounded(each.tolist()) for name, each in ends.items()}
