"""The report of a comparison of policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coalesce_sim.metrics import (
    COST_REDUCTION,
    COST_REDUCTION_AS_LOGGED,
    COST_REDUCTION_NET,
    SAVINGS,
    Metric,
    is_share,
)
from coalesce_sim.numbers import NOTHING, number, with_half_width
from coalesce_sim.report.html.changes import changes_sections
from coalesce_sim.report.html.charts import Axis, Chart, Quantity, axis_of, columns_of, figures_of, first_axes
from coalesce_sim.report.html.closing import (
    ending,
    observed_checks,
    scenario_checks,
    told_metrics,
    undefined_checks,
)
from coalesce_sim.report.html.costs import cost_sections
from coalesce_sim.report.html.page import (
    Cell,
    Column,
    Drawing,
    Facts,
    Page,
    Passage,
    Section,
    Table,
    number_cell,
    share_cell,
)
from coalesce_sim.report.html.routing import routing_sections
from coalesce_sim.report.html.settlement import settlement_sections
from coalesce_sim.report.opening import Opened
from coalesce_sim.statistics.intervals import Estimate
from coalesce_sim.statistics.shares import share_interval

if TYPE_CHECKING:
    import pandas as pd

_MAIN = (
    *SAVINGS,
    "cost_reduction",
    COST_REDUCTION_NET,
    COST_REDUCTION_AS_LOGGED,
    "realised_usd",
    "success_rate",
    "outsourcing_rate",
    "late_rate",
    "regret_oracle_usd_per_task",
)

_COURSE = (
    Quantity("saved_usd", "Saved so far", "USD"),
    Quantity("spent_usd", "Cost so far", "USD"),
    Quantity("cost_reduction", "Cost reduction here", "%"),
    Quantity("cost_usd", "Cost a task", "USD"),
    Quantity("exploration_rate", "Explored", "%"),
)
"""Columns of learning.parquet that are drawn."""


def comparison_page(opened: Opened, metrics: Sequence[str], title: str | None) -> Page:
    """Put the report of a comparison together; `metrics` are those to show."""
    facts, runs = opened.facts, opened.runs
    assert runs is not None
    assert opened.learning is not None
    of_groups = [name for name in opened.metrics if name.startswith(f"{COST_REDUCTION}[")]
    main = [name for name in _MAIN if name in opened.metrics]
    names = metrics or [name for name in (*main, *of_groups) if runs[name].notna().any()]
    shown = [opened.metric(name) for name in names]
    first = next((each for each in shown if not metrics and each.name == COST_REDUCTION), shown[0])
    told = {
        label: {name: Estimate.of_dict(value) for name, value in each["metrics"].items()}
        for label, each in facts["policies"].items()
    }
    origin = facts["provenance"]
    scenarios = {opened.name: origin["scenario"]}
    known = told_metrics(opened.metrics, origin["scenario"])
    undefined = {opened.metric(name).label: int(runs[name].isna().sum()) for name in known}
    curves = [Drawing(_policies_chart(told, sorted(shown, key=lambda each: each != first)))]
    if len(opened.learning):
        curves.append(Drawing(_learning_chart(opened.learning)))
    checks = [
        *undefined_checks(undefined, len(runs)),
        *observed_checks(facts.get("observed", ())),
        *scenario_checks(scenarios, {opened.name: origin.get("origins", {})}),
    ]
    sections = [
        Section("asked", "What was asked", [Facts(_asked(facts, origin))]),
        Section("curves", "Curves", curves),
        Section("results", "Results", [_policies_table(facts, told, shown, first), *_differences(facts)]),
        *changes_sections(facts),
        *cost_sections(told),
        *settlement_sections(told),
        *routing_sections(opened),
        *ending(checks, scenarios, origin, map(opened.metric, known)),
    ]
    return Page(
        title=title or f"{opened.title}: policies compared",
        overline=f"Comparison of policies on {opened.name}",
        answer=facts["findings"],
        figures={
            "Policies": f"{len(told):,}",
            "Replications": f"{facts['replications']:,}",
            "Seed": str(facts["seed"]),
        },
        sections=sections,
    )


def _asked(facts: Mapping[str, Any], origin: Mapping[str, Any]) -> dict[str, str]:
    policies = facts["policies"]
    entries = {
        "Scenario": facts["scenario"],
        "Policies": ", ".join(label for label, each in policies.items() if not each["yardstick"]),
        "Yardsticks": ", ".join(label for label, each in policies.items() if each["yardstick"]),
        "Yardsticks not played, unless listed": ", ".join(facts.get("yardsticks_left_out", ())),
        "Replications": f"{facts['replications']:,}, each on the same random numbers for every policy",
        "Seed": str(facts["seed"]),
    }
    if origin["overrides"]:
        entries["Fixed changes"] = "\n".join(origin["overrides"])
    return {name: text for name, text in entries.items() if text}


def _policies_chart(told: Mapping[str, Mapping[str, Estimate]], shown: Sequence[Metric]) -> Chart:
    labels = tuple(told)
    return Chart(
        name="policies",
        quantities=[Quantity(each.name, each.label, each.unit) for each in shown],
        axes=[Axis("policy", labels, None)],
        codes=[list(range(len(labels)))],
        figures=[columns_of([told[label][each.name] for label in labels]) for each in shown],
        x=0,
        by=None,
        start=[0],
        describes="Means over the replications; bars are 95 % intervals (t), each policy by itself.",
    )


def _learning_chart(learning: pd.DataFrame) -> Chart:
    tasks, task_codes = axis_of("Number of the task", learning["last_task"])
    policies, policy_codes = axis_of("policy", learning["policy"])
    figures = []
    for each in _COURSE:
        mean, half = learning[each.name], learning[f"{each.name}_half_width"]
        low, high = share_interval(mean, half) if is_share(each.name) else (mean - half, mean + half)
        frame = learning[[]].assign(mean=mean, low=low, high=high, n=learning["replications"])
        figures.append(figures_of(frame))
    width = (learning["last_task"] - learning["first_task"]).tolist()[0] + 1
    bins = "" if width == 1 else f" Each point stands for {width} tasks and is drawn at the last of them."
    x, by = first_axes([tasks, policies])
    return Chart(
        name="learning",
        quantities=_COURSE,
        axes=[tasks, policies],
        codes=[task_codes, policy_codes],
        figures=figures,
        x=x,
        by=by,
        start=[0, 0],
        describes=f"Means over the replications; bands are 95 % intervals.{bins}",
    )


def _policies_table(
    facts: Mapping[str, Any],
    told: Mapping[str, Mapping[str, Estimate]],
    shown: Sequence[Metric],
    first: Metric,
) -> Table:
    """A row a policy, the best by the metric `first` on top."""

    def mean(label: str) -> float:
        value = told[label][first.name].mean
        return np.inf if value is None else value if first.better == "lower" else -value

    rows = []
    for label in sorted(told, key=mean):
        yardstick = "yardstick" if facts["policies"][label]["yardstick"] else "policy"
        values = [told[label][each.name] for each in shown]
        rows.append(
            [
                Cell(label),
                Cell(yardstick),
                *(number_cell(each.mean, with_half_width(each)) for each in values),
            ]
        )
    columns = [
        Column("Policy", numeric=False),
        Column("Kind", numeric=False),
        *(Column(each.axis, help=each.definition) for each in shown),
    ]
    order = (2 + shown.index(first), "ascending" if first.better == "lower" else "descending")
    return Table("Policies", columns, rows, "Means ± half of the 95 % interval.", order)


def _differences(facts: Mapping[str, Any]) -> list[Table | Passage]:
    """Every pair with its interval, as tested by `compare`."""
    if not facts["differences"]:
        return []
    rows = []
    for each in facts["differences"]:
        ends = each["ci_holm"]
        interval = NOTHING if ends is None else f"{number(ends[0], 1)} to {number(ends[1], 1)}"
        p, removed = each["p_holm"], each["variance_removed"]
        rows.append(
            [
                Cell(each["first"]),
                Cell(each["second"]),
                number_cell(each["mean"], number(each["mean"], 1)),
                Cell(interval, None if ends is None else ends[0]),
                number_cell(p, None if p is None else f"{p:.2g}"),
                Cell("shown" if each["shown"] else "not shown"),
                share_cell(removed),
            ]
        )
    columns = [
        Column("First", numeric=False),
        Column("Second", numeric=False),
        Column("First saves more, points"),
        Column("Interval (Holm)"),
        Column("p (Holm)"),
        Column("Difference", numeric=False),
        Column("Variance removed by pairing (%)"),
    ]
    note = (
        "Differences in cost reduction, paired by replication. Intervals are widened to the level at which "
        "Holm's procedure tests them: the chance of even one false difference is 5 %."
    )
    return [Table("Differences between policies", columns, rows, note)]
