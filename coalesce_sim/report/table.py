"""What a run came to, for people."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from coalesce_sim.experiments.runs import RunResult
from coalesce_sim.market.contracts.states import FINAL_STATES
from coalesce_sim.metrics import COST_REDUCTION_AS_LOGGED, COST_REDUCTION_NET, SPLIT
from coalesce_sim.numbers import NOTHING, number, percent, plural, with_half_width
from coalesce_sim.report.costs import NONE, SAVED_IN, Told, cost_lines
from coalesce_sim.report.groups import print_groups
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.report.results_folder import Written
from coalesce_sim.report.routing import print_routing, print_who
from coalesce_sim.report.sellers import comings_and_goings, print_sellers
from coalesce_sim.report.settlement import print_settlement
from coalesce_sim.report.uncertainty import uncertainty_lines
from coalesce_sim.scenario.security import INCIDENT_KINDS
from coalesce_sim.statistics.intervals import Estimate, estimate

_ROWS = {
    "tasks": "tasks",
    "outsourcing_rate": "outsourced, % of tasks",
    "exploration_rate": "explored, % of tasks",
    **{name: f"{group} saved, %¹" for name, group in SAVED_IN.items()},
    "cost_reduction": "cost reduction %, honest¹",
    COST_REDUCTION_NET: "cost reduction %, net of settlement",
    COST_REDUCTION_AS_LOGGED: "cost reduction %, against the log†",
    "cost_reduction_published": "cost reduction %, published²",
    "time_reduction": "time reduction %, honest¹",
    "time_savings_published": "time savings %, published²",
}
_WHERE_ASKED = (COST_REDUCTION_NET, COST_REDUCTION_AS_LOGGED)
"""Rows of markets that settle their contracts, or that have a log."""

_PAPERS = ("cost_reduction_published", "time_savings_published")
_HONEST = (
    "¹ 1 − realised cost (time) / that of the same tasks all-local, on the same random numbers. What is "
    "saved of cash, delay and losses adds up to the cost reduction; below 0, more is paid or lost."
)
_AGAINST_LOG = (
    "† 1 − realised cost / that of the same tasks as their log says: bills or, at home without one, what the "
    "hardware costs for so long, lateness and losses counted as here."
)
_AS_PUBLISHED = (
    "² The paper's own definition: what outsourced tasks gained, losses counted as 0, over what the tasks "
    "that stayed local came to. It cannot be negative."
)
_WHERE_WORK_MAY_BE_BAD = (
    "ended well, % of tasks",
    "attempts per task",
    "contractors at work, % of slots",
    "clients' own slots at work, %",
    "concentration of revenue (HHI), 0 to 1",
)
"""Lines of the operator's table that other markets do without."""


def print_run(console: Console, written: Written[RunResult]) -> None:
    """Print the results of a run, how long it took and where its files are."""
    result, wall_s = written.result, written.wall_s
    tasks = sum(each["tasks"] for each in result.replications)
    console.print(Text(f"{result.scenario.name}: {result.scenario.title}", "bold"), soft_wrap=True)
    runs = plural(len(result.replications), "replication")
    pace = f"{plural(int(tasks), 'task')} in {number(wall_s)} s ({number(tasks / wall_s, 0)} tasks/s"
    pace += ", compiled core)" if result.core.core == "compiled" else ")"
    console.print(f"{runs}, seed {result.seed}; {pace}")
    print_who(console, result.routed)
    _print_results(console, result)
    _print_for_operators(console, result)
    print_settlement(console, result.estimates)
    print_groups(console, result.scenario.clients, result.estimates)
    print_routing(console, result.routed)
    print_sellers(console, result.books())
    if turnover := comings_and_goings(result.estimates):
        print_wrapped(console, f"{turnover}.")
    for line in experience(result):
        print_wrapped(console, line)
    for line in uncertainty_lines(result.twins.figures, {n: result.estimates[n].split for n in SPLIT}):
        print_wrapped(console, line)
    notes = [_HONEST, *[_AS_PUBLISHED] * _of_the_paper(result)]
    for note in [*notes, *[_AGAINST_LOG] * (COST_REDUCTION_AS_LOGGED in result.estimates)]:
        print_wrapped(console, note, "dim")
    if result.core.because is not None:
        print_wrapped(console, f"Played by SimPy: {result.core.because}.", "dim")
    if result.scenario.see_also:
        console.print(Text(f"\nSee also: {result.scenario.see_also}"), soft_wrap=True)
    console.print(Text(f"\nWritten to {written.listing}"), soft_wrap=True)


def _print_results(console: Console, result: RunResult) -> None:
    """The main figures over the replications, each with the published one where the scenario has it."""
    published = result.scenario.published
    rows = []
    others = {name: name.replace("_", " ") for name in published if name not in _ROWS}
    left_out = () if _of_the_paper(result) else _PAPERS
    for name, label in (_ROWS | others).items():
        ours, decimals = result.estimates.get(name, NONE), 0 if name == "tasks" else 1
        if name in left_out or (name in SAVED_IN and not (ours.mean or ours.sd)):
            continue
        if name in _WHERE_ASKED and name not in result.estimates:
            continue
        interval = NOTHING if ours.ci95 is None else " to ".join(number(end, decimals) for end in ours.ci95)
        row = [label, number(ours.mean, decimals), number(ours.sd, decimals), interval]
        printed = ""
        if name in published:
            theirs = published[name]
            spread = "" if theirs.sd is None else f" ± {number(theirs.sd, decimals)}"
            runs = "" if theirs.n is None else f" (n = {theirs.n})"
            printed = f"{number(theirs.mean, decimals)}{spread}{runs}"
        rows.append([*row, printed] if published else row)
    _print_rows(console, ["mean", "sd", "95 % CI", *(["published"] if published else [])], rows)


def _print_for_operators(console: Console, result: RunResult) -> None:
    """What it cost, by parts that add up, with outsourcing and without, and as logged where there is a log;
    ± is half of the 95 % interval.

    Where what is used is charged, what else an operator wants to know; where work may be bad, that too, and
    then only lines that say something.
    """

    def ours(name: str) -> Estimate:
        return result.estimates.get(name, NONE)

    zero = Estimate(0.0, None, None, len(result.replications))
    learning, retries = result.scenario.learning, ours("attempts_per_task").mean != 1
    logged = "as_logged_usd" in result.estimates

    def three(name: str) -> Told:
        return ours(name), ours(f"all_local_{name}"), ours(f"as_logged_{name}")

    late = tuple(_late(result, f"{of}late_rate") for of in ("", "all_local_", "as_logged_"))
    rows: dict[str, tuple[Estimate, ...]] = {
        "outsourced, % of tasks": (ours("outsourcing_rate"), zero, ours("as_logged_outsourcing_rate")),
        "done in steps, % of those that may be": (ours("split_rate"), NONE),
        "ended well, % of tasks": three("success_rate"),
        "attempts per task": (ours("attempts_per_task"), NONE) if retries else (zero, zero),
        "turnaround p50, s": three("turnaround_p50_s"),
        "turnaround p95, s": three("turnaround_p95_s"),
        "turnaround p99, s": three("turnaround_p99_s"),
        "missed the target, % of tasks": three("late_rate"),
        "missed the target, tasks": late,
        "contractors at work, % of slots": (ours("contractor_utilisation"), zero),
        "clients' own slots at work, %": (ours("home_utilisation"), NONE),
        "concentration of revenue (HHI), 0 to 1": (ours("revenue_hhi"), NONE),
    }
    physical = result.scenario.cost_model.realised.basis == "physical"
    told: list[tuple[str, tuple[Estimate, ...]]] = [*cost_lines(result.estimates)]
    for label, each in rows.items() if physical else ():
        known, says_something = any(one.n for one in each if one is not zero), any(e.mean for e in each)
        if says_something if learning else known and label not in _WHERE_WORK_MAY_BE_BAD:
            told.append((label, each))
    heads = ["as played", "all-local", "as logged"][: 3 if logged else 2]
    cells = [[*map(with_half_width, (*each, NONE)[: len(heads)])] for _, each in told]
    _print_rows(console, heads, [[label, *row] for (label, _), row in zip(told, cells, strict=True)])


def experience(result: RunResult) -> list[str]:
    """What came of contracts, and how good estimates and discovery were; where markets learn."""

    def ours(name: str) -> Estimate:
        return result.estimates.get(name, NONE)

    lines = []
    if ours("contracts").mean:
        ends = [f"{percent(ours(f'contracts_{state}_rate'))} {state}" for state in FINAL_STATES]
        ends = [end for end in ends if end[:5] != "0.0 %"]
        found_bad = ours("contracts_found_bad_rate")
        bad = f"; {percent(found_bad)} found bad by verification" if found_bad.mean else ""
        outages = ours("contracts_outage_rate")
        bad += f"; {percent(outages)} lost to outages" if outages.mean else ""
        lines.append(
            f"Contracts: {with_half_width(ours('contracts'))} a replication, {', '.join(ends)}{bad}."
        )
    if ours("leak_usd").mean is not None:
        incidents = ", ".join(f"{percent(ours(f'contracts_{kind}_rate'))} {kind}" for kind in INCIDENT_KINDS)
        lines.append(f"Incidents: {incidents}; leaks cost {with_half_width(ours('leak_usd'))} USD.")
    if ours("direct_harm_usd").mean is not None:
        share, harm = percent(ours("manipulated_rate")), with_half_width(ours("direct_harm_usd"))
        lines.append(
            f"Cheating: {share} of contracts manipulated, which cost their clients {harm} USD at once."
        )
    if ours("not_allowed_rate").mean is not None:
        lines.append(f"Compliance: {percent(ours('not_allowed_rate'))} of all offers ruled out.")
    if ours("search_usd").mean:
        each, cost = with_half_width(ours("messages_per_query")), with_half_width(ours("search_usd"))
        lines.append(f"Searches: {each} messages a query, which cost {cost} USD in all.")
    if ours("estimation_error").mean is not None:
        first, last = percent(ours("estimation_error_first")), percent(ours("estimation_error_last"))
        lines.append(f"Estimated charges are off by {first} in the first 50, by {last} in the last ones.")
    if ours("discovery_age_s").mean is not None:
        unanswered = ours("unanswered_queries")
        lost = f"; {percent(unanswered)} of queries were not answered" if unanswered.mean else ""
        lines.append(f"Discovery tells what is {with_half_width(ours('discovery_age_s'))} s old{lost}.")
    return lines


def _of_the_paper(result: RunResult) -> bool:
    """Whether the paper's own metrics are told; markets that learn have none."""
    return result.scenario.paper_metrics and not result.scenario.learning


def _late(result: RunResult, rate: str) -> Estimate:
    """Late tasks, from their rate in percent."""
    late = [each.get(rate, math.nan) * each["tasks"] / 100 for each in result.replications]
    rates, tasks = result.twins.of(rate), result.twins.of("tasks")
    return estimate(late, twins={source: rates[source] * tasks[source] / 100 for source in rates})


def _print_rows(console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A label a row, and its figures below the headings."""
    labels, *figures = zip(*rows, strict=True)
    columns = [Column(heading, cells) for heading, cells in zip(headings, figures, strict=True)]
    print_columns(console, [Column("", labels, figures=False)], columns)
