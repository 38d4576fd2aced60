"""The report of a run: one scenario, played many times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scipy.special import stdtrit

from coalesce_sim.metrics import Metric
from coalesce_sim.numbers import NOTHING, duration, number, percent, plural
from coalesce_sim.report.drawing import time_unit
from coalesce_sim.report.html.charts import Chart, Quantity, axis_of, figures_of
from coalesce_sim.report.html.closing import (
    glossary_section,
    provenance_section,
    scenario_checks,
    scenario_section,
    undefined_checks,
)
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
from coalesce_sim.report.html.routing import routing_sections
from coalesce_sim.report.opening import Opened
from coalesce_sim.statistics.intervals import Estimate

if TYPE_CHECKING:
    import pandas as pd

_OVER_TIME = (
    Quantity("cumulative_cost_reduction", "Cost reduction so far", "%"),
    Quantity("outsourcing_rate", "Outsourced", "%"),
    Quantity("cumulative_savings_usd", "Saved so far", "USD"),
    Quantity("contractor_utilisation", "Contractors at work", "%"),
    Quantity("home_utilisation", "Clients' own slots at work", "%"),
    Quantity("contractor_queue", "Tasks waiting at contractors", ""),
    Quantity("home_queue", "Tasks waiting at home", ""),
    Quantity("mean_price_usd", "Mean price of contractors", "USD"),
    Quantity("demand", "Market demand", ""),
)
"""Columns of timeline.parquet that are drawn."""

_MOST_INTERVALS = 500


def run_page(opened: Opened, metrics: Sequence[str], title: str | None) -> Page:
    """Put the report of a run together; `metrics` are those to show, all of them by default."""
    facts, origin = opened.facts, opened.facts["provenance"]
    shown = [opened.metric(name) for name in metrics or opened.metrics]
    estimates = {
        name: Estimate(each["mean"], each["sd"], tuple(each["ci95"]) if each["ci95"] else None, each["n"])
        for name, each in facts["metrics"].items()
    }
    undefined = {
        opened.metric(name).label: facts["replications"] - each.n for name, each in estimates.items()
    }
    assert opened.timeline is not None
    scenarios = {opened.name: origin["scenario"]}
    checks = [*undefined_checks(undefined, facts["replications"]), *scenario_checks(scenarios)]
    sections = [
        Section("asked", "What was asked", [Facts(_asked(facts, origin))]),
        *routing_sections(opened),
        Section("curves", "Curves", [Drawing(_timeline_chart(opened.timeline))]),
        Section("results", "Results", [_metrics_table(shown, estimates, facts["published"])]),
        Section("diagnostics", "Diagnostics", checks),
        scenario_section(scenarios),
        provenance_section(origin),
        glossary_section(opened.metric(name) for name in opened.metrics),
    ]
    tasks = estimates["tasks"]
    return Page(
        title=title or opened.title,
        overline=f"Run of {opened.name}",
        answer=_answer(opened.name, estimates["cost_reduction"], facts["published"]),
        figures={
            "Replications": f"{facts['replications']:,}",
            "Tasks a replication": number(tasks.mean, 0),
            "Seed": str(facts["seed"]),
            "Wall time": duration(origin["wall_s"]),
        },
        sections=sections,
    )


def _answer(name: str, saved: Estimate, published: Mapping[str, Any]) -> list[str]:
    """What the scenario saves, and whether that is shown; what the paper reports of it."""
    value = f"{percent(saved)} (95 % interval, {plural(saved.n, 'replication')})"
    if saved.mean is None:
        told = f"{name}: nothing costs anything at home, so there is nothing to save."
    elif saved.ci95 is None:
        told = f"{name} comes to a cost reduction of {percent(saved)} in one replication: no interval."
    elif saved.ci95[0] > 0:
        told = f"{name} saves {value} against all-local."
    elif saved.ci95[1] < 0:
        told = f"{name} costs more than all-local: its cost reduction is {value}."
    else:
        told = f"No saving is shown: the cost reduction of {name} is {value}."
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


def _timeline_chart(timeline: pd.DataFrame) -> Chart:
    """The mean over the replications of what the timeline tells, interval by interval."""
    groups = timeline.groupby("start_s", sort=True)
    starts_s = groups.size().index.to_series()
    scale_s, unit = time_unit(max(starts_s.tolist()))
    every = math.ceil(len(starts_s) / _MOST_INTERVALS)
    drawn = [each for each in _OVER_TIME if timeline[each.name].notna().any()]
    axis, codes = axis_of(f"Time since the start ({unit})", (starts_s / scale_s).iloc[::every])
    thinned = "" if every == 1 else f" Every {every}th interval is drawn."
    runs = plural(int(timeline["replication"].nunique()), "replication")
    return Chart(
        name="timeline",
        quantities=drawn,
        axes=[axis],
        codes=[codes],
        figures=[figures_of(_with_intervals(groups[each.name]).iloc[::every]) for each in drawn],
        x=0,
        by=None,
        start=[0],
        describes=f"Means over {runs}; bands are 95 % intervals (t) at each time by itself.{thinned}",
    )


def _with_intervals(values: Any) -> pd.DataFrame:
    """The mean of each group with its 95 % t interval; NaN are left out."""
    table: pd.DataFrame = values.agg(["mean", "std", "count"])
    n = table["count"]
    half = stdtrit((n - 1).clip(lower=1), 0.975) * table["std"] / n.clip(lower=1) ** 0.5
    return table.assign(low=table["mean"] - half, high=table["mean"] + half, n=n)
