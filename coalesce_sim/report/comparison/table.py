"""A comparison on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coalesce_sim.experiments.comparison import COST_REDUCTION, Comparison
from coalesce_sim.numbers import number, plural, with_half_width
from coalesce_sim.report.comparison.findings import asked_for, findings
from coalesce_sim.report.costs import SAVED_IN
from coalesce_sim.report.results_folder import Written
from coalesce_sim.statistics.intervals import Estimate

_SAVINGS = {
    **{name: f"{group}\nsaved, %" for name, group in SAVED_IN.items()},
    "cost_reduction": "cost\nreduction, %",
}
_REGRETS = {
    "regret_oracle_usd_per_task": "USD a task\nover oracle",
    "regret_best_fixed_usd_per_task": "USD a task\nover best_fixed",
    "outsourcing_rate": "outsourced,\n%",
    "exploration_rate": "explored,\n%",
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
_LEAST_LABEL = 12

_NOTES = (
    "Cost reduction: 1 − realised cost / that of the same tasks all-local; what is saved of cash, delay and "
    "losses adds up to it. [ ], ±: 95 % t intervals.",
    "Differences: points, paired by replication; intervals and verdicts are Holm's, to a family-wise 5 %.",
)
_MATRIX_NOTE = "By how much the row saves more than the column; (in brackets): no difference shown."


def print_comparison(console: Console, written: Written[Comparison]) -> None:
    """Print the tables, what they say, and where the files are."""
    comparison = written.result
    console.print(Text(f"{comparison.scenario.name}: {comparison.scenario.title}", "bold"), soft_wrap=True)
    tasks = sum(one["tasks"] for each in comparison.played for one in each.metrics)
    console.print(
        f"{len(comparison.field)} policies on the same "
        f"{plural(len(comparison.played), 'replication')}, seed {comparison.seed}; "
        f"{plural(int(tasks), 'task')} in {number(written.wall_s)} s"
    )
    for columns in (_SAVINGS, _REGRETS, _SERVICE):
        console.print(_metrics_table(console, comparison, columns))
    if 2 <= len(asked_for(comparison)) <= _MOST_IN_A_MATRIX:
        console.print(_differences_table(console, comparison))
        console.print(Text(f"{_MATRIX_NOTE}\n", "dim"))
    for sentence in findings(comparison):
        console.print(Text(sentence))
    for note in _NOTES:
        console.print(Text(note, "dim"))
    console.print(Text(f"\nWritten to {written.listing}"), soft_wrap=True)


def _differences_table(console: Console, comparison: Comparison) -> Table:
    """By how many points of cost reduction each policy saves more than those below it."""
    ranked = asked_for(comparison)
    gap = " " if len(ranked) <= _MOST_IN_A_LINE else "\n"
    pairs = {(pair.first, pair.second): pair for pair in comparison.differences}

    def cell(first: str, second: str) -> Text:
        if (first, second) not in pairs:
            return Text("")
        pair = pairs[first, second]
        half_width = pair.contrast.half_width_holm
        spread = "" if half_width is None else f"{gap}± {number(half_width, 1)}"
        text = f"{number(pair.contrast.difference.mean, 1)}{spread}"
        return Text(text) if pair.shown else Text(f"({text})", "dim")

    header = ["saves more than", *(str(rank) for rank in range(2, len(ranked) + 1))]
    rows = [
        [Text(f"{rank} {label}"), *(cell(label, other) for other in ranked[1:])]
        for rank, label in enumerate(ranked, 1)
    ]
    return _table(console, header, rows)


def _metrics_table(console: Console, comparison: Comparison, columns: Mapping[str, str]) -> Table:
    """A row a policy, the best first; columns of which any policy has a figure, or saves anything."""
    estimates = comparison.estimates
    known = [
        name
        for name in columns
        if any(name in each and each[name].n for each in estimates.values())
        and (name not in SAVED_IN or any(each[name].mean for each in estimates.values()))
    ]
    unasked = {contender.label for contender in comparison.field if contender.yardstick}
    rows = []
    for policy in comparison.ranked:
        style = "dim" if policy in unasked else ""
        figures = [_figure(name, estimates[policy][name]) for name in known]
        rows.append([Text(policy, style), *(Text(figure, style) for figure in figures)])
    return _table(console, ["\npolicy", *(columns[name] for name in known)], rows)


def _figure(metric: str, value: Estimate) -> str:
    """A mean with its interval; as many decimals as the metric deserves."""
    mean = number(value.mean, 1)
    if metric == COST_REDUCTION:
        return (
            mean if value.ci95 is None else f"{mean} [{number(value.ci95[0], 1)}, {number(value.ci95[1], 1)}]"
        )
    if metric.endswith(("_usd_per_task", "_s")):
        return with_half_width(value)
    decimals = 2 if metric == "revenue_hhi" or abs(value.mean or 100.0) < 1 else 1
    if not value.half_width:
        return number(value.mean, decimals)
    return f"{number(value.mean, decimals)} ± {number(value.half_width, decimals)}"


def _table(console: Console, header: Sequence[str], rows: Sequence[Sequence[Text]]) -> Table:
    """All columns but the first are aligned right; where room is short, the first gives way before them."""
    figures = 0
    for index, name in enumerate(header[1:], 1):
        lines = [*name.split("\n"), *(line for row in rows for line in row[index].plain.split("\n"))]
        figures += max(map(len, lines)) + 2
    room = max(_LEAST_LABEL, console.width - figures - 2)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column(header[0], overflow="fold", max_width=room)
    for name in header[1:]:
        # In a narrow terminal figures go on in the next line: nothing is cut off.
        table.add_column(name, justify="right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
