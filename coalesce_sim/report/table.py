"""What a run came to, for people."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coalesce_sim.experiments.runs import RunResult
from coalesce_sim.experiments.statistics import Estimate, estimate
from coalesce_sim.report.numbers import NOTHING, number, plural, with_half_width
from coalesce_sim.report.recording import Recorded

_ROWS = {
    "tasks": "tasks",
    "outsourcing_rate": "outsourced, % of tasks",
    "exploration_rate": "explored, % of tasks",
    "cost_reduction": "cost reduction %, honest¹",
    "cost_reduction_published": "cost reduction %, published²",
    "time_reduction": "time reduction %, honest¹",
    "time_savings_published": "time savings %, published²",
}
_NOTES = (
    "¹ 1 − realised cost (time) / that of the same tasks all-local, on the same random numbers.",
    "² The paper's own definition: what outsourced tasks gained, losses counted as 0, over what the tasks "
    "that stayed local came to. It cannot be negative.",
)
_NONE = Estimate(None, None, None, 0)


def print_recorded(console: Console, recorded: Recorded) -> None:
    """Print the results of a run, how long it took and where its files are."""
    result, wall_s = recorded.result, recorded.wall_s
    tasks = sum(each["tasks"] for each in result.replications)
    console.print(Text(f"{result.scenario.name}: {result.scenario.title}", "bold"), soft_wrap=True)
    runs = plural(len(result.replications), "replication")
    pace = f"{plural(int(tasks), 'task')} in {number(wall_s)} s ({number(tasks / wall_s, 0)} tasks/s)"
    console.print(f"{runs}, seed {result.seed}; {pace}")
    console.print(results_table(result))
    if result.scenario.cost_model.realised.basis == "physical":
        console.print(operator_table(result))
    for note in _NOTES:
        console.print(Text(note, "dim"))
    files = ", ".join(path.name for path in recorded.outputs)
    console.print(Text(f"\nWritten to {recorded.outputs[0].parent}: {files}"), soft_wrap=True)


def results_table(result: RunResult) -> Table:
    """The main figures over the replications, each with the published one where the scenario has it."""
    published = result.scenario.published
    table = _table("mean", "sd", "95 % CI")
    if published:
        table.add_column("published", justify="right", overflow="fold")
    others = {name: name.replace("_", " ") for name in published if name not in _ROWS}
    for name, label in (_ROWS | others).items():
        ours, decimals = result.estimates.get(name, _NONE), 0 if name == "tasks" else 1
        interval = NOTHING if ours.ci95 is None else " to ".join(number(end, decimals) for end in ours.ci95)
        row = [label, number(ours.mean, decimals), number(ours.sd, decimals), interval]
        if name in published:
            theirs = published[name]
            spread = "" if theirs.sd is None else f" ± {number(theirs.sd, decimals)}"
            runs = "" if theirs.n is None else f" (n = {theirs.n})"
            row.append(f"{number(theirs.mean, decimals)}{spread}{runs}")
        table.add_row(*map(Text, row))
    return table


def operator_table(result: RunResult) -> Table:
    """What an operator wants to know, with outsourcing and without; ± is half of the 95 % interval."""

    def ours(name: str) -> Estimate:
        return result.estimates.get(name, _NONE)

    zero = Estimate(0.0, None, None, len(result.replications))
    rows = {
        "outsourced, % of tasks": (ours("outsourcing_rate"), zero),
        "realised cost, USD": (ours("realised_usd"), ours("all_local_usd")),
        "of which paid to contractors, USD": (ours("paid_to_contractors_usd"), zero),
        "of which lateness, USD": (ours("lateness_usd"), ours("all_local_lateness_usd")),
        "turnaround p50, s": (ours("turnaround_p50_s"), ours("all_local_turnaround_p50_s")),
        "turnaround p95, s": (ours("turnaround_p95_s"), ours("all_local_turnaround_p95_s")),
        "turnaround p99, s": (ours("turnaround_p99_s"), ours("all_local_turnaround_p99_s")),
        "missed the target, % of tasks": (ours("late_rate"), ours("all_local_late_rate")),
        "missed the target, tasks": (_late(result, "late_rate"), _late(result, "all_local_late_rate")),
    }
    table = _table("as played", "all-local")
    for label, pair in rows.items():
        table.add_row(Text(label), *(Text(with_half_width(value)) for value in pair))
    return table


def _late(result: RunResult, rate: str) -> Estimate:
    """Late tasks, from their rate in percent."""
    return estimate([each[rate] * each["tasks"] / 100 for each in result.replications if rate in each])


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in ("", *columns):
        # In a narrow terminal figures go on in the next line: nothing is cut off.
        table.add_column(name, justify="right" if name else "left", overflow="fold")
    return table
