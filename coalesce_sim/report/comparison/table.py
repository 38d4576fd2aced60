"""A comparison on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from coalesce_sim.experiments.changes import Change
from coalesce_sim.experiments.comparison import Comparison
from coalesce_sim.experiments.contenders import MOST_CONTRACTORS
from coalesce_sim.metrics import COST_REDUCTION, COST_REDUCTION_AS_LOGGED, COST_REDUCTION_NET, of_group
from coalesce_sim.numbers import column, number, plural, with_half_width, with_interval
from coalesce_sim.report.changes import heading, made_up
from coalesce_sim.report.comparison.findings import asked_for, findings
from coalesce_sim.report.comparison.routing import print_routing
from coalesce_sim.report.costs import SAVED_IN
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.report.results_folder import Written
from coalesce_sim.statistics.intervals import Estimate

_SAVINGS = {
    **{name: f"{group}\nsaved, %" for name, group in SAVED_IN.items()},
    "cost_reduction": "cost\nreduction, %",
    COST_REDUCTION_NET: "net of\nsettlement, %",
    COST_REDUCTION_AS_LOGGED: "against\nthe log, %",
}
_REGRETS = {
    "regret_oracle_usd_per_task": "USD a task\nover oracle",
    "regret_best_fixed_usd_per_task": "USD a task\nover best_fixed",
    "outsourcing_rate": "outsourced,\n%",
    "exploration_rate": "explored,\n%",
    "moved_rate": "moved,\n%",
}
_SERVICE = {
    "success_rate": "success,\n%",
    "turnaround_p50_s": "turnaround\np50, s",
    "turnaround_p95_s": "turnaround\np95, s",
    "late_rate": "missed\ntarget, %",
    "revenue_hhi": "HHI of\nrevenue",
    "contractor_utilisation": "utilised,\n%",
}
_MOST_IN_A_LINE = 6
"""Policies up to which a difference and its half-width fit side by side."""

_MOST_IN_A_MATRIX = 9

_NOTES = (
    "Cost reduction: 1 − realised cost / that of the same tasks all-local; what is saved of cash, delay and "
    "losses adds up to it. [ ], ±: 95 % t intervals.",
    "Differences: points, paired by replication; intervals and verdicts are Holm's, to a family-wise 5 %.",
)
_LOG_NOTE = (
    "Against the log: 1 − realised cost / that of the same tasks as their log says, lateness and losses "
    "counted as here; moved: gone to somebody else than the log says."
)
_CHANGE_NOTE = (
    "Before and after: the later halves of the time to the change and from it. Lost against the pace before; "
    "made up once as much is saved as at that pace, for good, before the next change. [ ]: 95 %, resampled."
)
_MATRIX_NOTE = "By how much the row saves more than the column; (in brackets): no difference shown."


def print_comparison(console: Console, written: Written[Comparison]) -> None:
    """Print the tables, what they say, and where the files are."""
    comparison = written.result
    console.print(Text(f"{comparison.scenario.name}: {comparison.scenario.title}", "bold"), soft_wrap=True)
    tasks = sum(one["tasks"] for each in comparison.played for one in each.metrics)
    by = " (compiled core, where it covers the policy)" if comparison.core.core == "compiled" else ""
    console.print(
        f"{len(comparison.field)} policies on the same "
        f"{plural(len(comparison.played), 'replication')}, seed {comparison.seed}; "
        f"{plural(int(tasks), 'task')} in {number(written.wall_s)} s{by}"
    )
    for columns in (_SAVINGS, _REGRETS, _SERVICE):
        _print_metrics(console, comparison, columns)
    groups = comparison.scenario.clients.groups or ()
    _print_metrics(
        console, comparison, {of_group(COST_REDUCTION, name): f"{name}:\nsaved, %" for name in groups}
    )
    print_routing(console, comparison)
    if 2 <= len(asked_for(comparison)) <= _MOST_IN_A_MATRIX:
        _print_differences(console, comparison)
        print_wrapped(console, _MATRIX_NOTE, "dim")
        console.print()
    for sentence in findings(comparison):
        print_wrapped(console, sentence)
    for change in comparison.changes:
        _print_change(console, comparison, change)
    if comparison.left_out:
        print_wrapped(console, _left_out(comparison.left_out), "dim")
    logged = COST_REDUCTION_AS_LOGGED in comparison.estimates[comparison.labels[0]]
    for note in (*_NOTES, _LOG_NOTE) if logged else _NOTES:
        print_wrapped(console, note, "dim")
    console.print(Text(f"\nWritten to {written.listing}"), soft_wrap=True)


def _left_out(yardsticks: Sequence[str]) -> str:
    names = ", ".join(yardsticks)
    return f"Not played unless listed, with more than {MOST_CONTRACTORS:,} contractors: {names}."


def _print_differences(console: Console, comparison: Comparison) -> None:
    """By how many points of cost reduction each policy saves more than those below it."""
    ranked = asked_for(comparison)
    gap = " " if len(ranked) <= _MOST_IN_A_LINE else "\n"
    pairs = {(pair.first, pair.second): pair for pair in comparison.differences}

    def cell(first: str, second: str) -> str:
        if (first, second) not in pairs:
            return ""
        pair = pairs[first, second]
        half_width = pair.contrast.half_width_holm
        spread = "" if half_width is None else f"{gap}± {number(half_width, 1)}"
        text = f"{number(pair.contrast.difference.mean, 1)}{spread}"
        return text if pair.shown else f"({text})"

    policies = Column(
        "saves more than", [f"{rank} {label}" for rank, label in enumerate(ranked, 1)], figures=False
    )
    others = [
        Column(str(rank), [cell(label, other) for label in ranked])
        for rank, other in enumerate(ranked[1:], 2)
    ]
    print_columns(console, [policies], others)


def _print_change(console: Console, comparison: Comparison, change: Change) -> None:
    """What a change came to for each policy, the best first."""
    told = dict(zip(comparison.labels, change.policies, strict=True))
    ranked = [told[label] for label in comparison.ranked]
    console.print()
    console.print(Text(heading(change.at_s, change.task), "bold"))
    columns = [
        Column("saved a task\nbefore, USD", [with_half_width(each.before_usd) for each in ranked]),
        Column("saved a task\nafter, USD", [with_half_width(each.after_usd) for each in ranked]),
        Column("lost at\nmost, USD", column([each.lost_usd for each in ranked])),
        Column("made up\nafter, tasks", [made_up(each.as_dict()) for each in ranked]),
    ]
    print_columns(console, [Column("\npolicy", comparison.ranked, figures=False)], columns)
    print_wrapped(console, _CHANGE_NOTE, "dim")


def _print_metrics(console: Console, comparison: Comparison, columns: Mapping[str, str]) -> None:
    """A row a policy, the best first, yardsticks dim; columns of which any has a figure or saves."""
    estimates, ranked = comparison.estimates, comparison.ranked
    known = [
        name
        for name in columns
        if any(name in each and each[name].n for each in estimates.values())
        and (name not in SAVED_IN or any(each[name].mean for each in estimates.values()))
    ]
    unasked = {contender.label for contender in comparison.field if contender.yardstick}
    if not known:
        return
    figures = [
        Column(columns[name], [_figure(name, estimates[policy][name]) for policy in ranked]) for name in known
    ]
    styles = ["dim" if policy in unasked else "" for policy in ranked]
    print_columns(console, [Column("\npolicy", ranked, figures=False)], figures, styles)


def _figure(metric: str, value: Estimate) -> str:
    """A mean with its interval; as many decimals as the metric deserves."""
    mean = number(value.mean, 1)
    if metric.partition("[")[0] in (COST_REDUCTION, COST_REDUCTION_NET, COST_REDUCTION_AS_LOGGED):
        return (
            mean if value.ci95 is None else f"{mean} [{number(value.ci95[0], 1)}, {number(value.ci95[1], 1)}]"
        )
    if metric.endswith(("_usd_per_task", "_s")):
        return with_half_width(value)
    decimals = 2 if metric == "revenue_hhi" or abs(value.mean or 100.0) < 1 else 1
    return with_interval(value, decimals)
