"""Who got the work, for people: sentences and a table, the rows with most tasks first."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from coalesce_sim.experiments.routing import Routing
from coalesce_sim.numbers import NOTHING, column, number, plural, with_interval
from coalesce_sim.report.layout import Column, print_columns, print_wrapped
from coalesce_sim.statistics.intervals import Estimate

MOST_ROWS = 12
"""As many rows fit a screen beside the rest."""

NOTE = (
    "A task counts where it went last; paid are all contracts, those before it too. "
    "Cost: prices, fees, delay and losses. ±, [ ]: 95 % intervals."
)

_MOST_TYPES, _MOST_PARTS, _LEAST_SHARE = 3, 3, 5.0


def sentences(routing: Routing) -> list[str]:
    """What became of the tasks of each of the most frequent types: to whom, at what cost, how well; and how
    many other types there are."""
    told, shares = [], routing.estimates["share"]
    kinds = list(dict.fromkeys(routing.types))
    for kind in kinds[:_MOST_TYPES]:
        rows = [row for row, other in enumerate(routing.types) if other == kind and shares[row].mean]
        named = [row for row in rows[:_MOST_PARTS] if (shares[row].mean or 0.0) >= _LEAST_SHARE] or rows[:1]
        parts = [_part(routing, row) for row in named]
        if others := rows[len(named) :]:
            whom = _where(routing, others[0]) if len(others) == 1 else f"to {len(others):,} others"
            parts.append(f"{_rate(sum(shares[row].mean or 0.0 for row in others))} {whom}")
        told.append(f"{kind}: {', '.join(parts)}.")
    if more := len(kinds[_MOST_TYPES:]):
        told.append(f"{plural(more, 'more type')} of task {'is' if more == 1 else 'are'} not told here.")
    return told


def headline(routing: Routing) -> str:
    """Where all tasks together went, the largest shares first."""
    told = routing.over_types()
    shares = told.estimates["share"]
    rows = [row for row in range(len(told)) if (shares[row].mean or 0.0) >= _LEAST_SHARE][:_MOST_PARTS]
    if not rows:
        return "The work went to many, a little to each"
    verbs = ["stay" if told.contractors[row] is None else "go" for row in rows]
    places = [
        f"{_rate(shares[row].mean)}{'' if place else ' of tasks'}"
        f"{'' if verb in verbs[:place] else f' {verb}'} {_where(told, row)}"
        for place, (row, verb) in enumerate(zip(rows, verbs, strict=True))
    ]
    return f"{', '.join(places[:-1])} and {places[-1]}" if len(places) > 1 else places[0]


def print_who(console: Console, routing: Routing) -> None:
    """Print to whom the work went, a sentence for each of the largest types."""
    for sentence in sentences(routing):
        print_wrapped(console, sentence)


def print_routing(console: Console, routing: Routing) -> None:
    """Print to whom the work went, at most `MOST_ROWS` rows, and what the others come to."""
    if not len(routing):
        return
    console.print(Text("Who got the work", "bold"))
    shown = routing.most(MOST_ROWS)
    _print_rows(console, routing, shown)
    if others := others_told(routing, shown):
        print_wrapped(console, others)
    print_wrapped(console, NOTE, "dim")


def _print_rows(console: Console, routing: Routing, rows: Sequence[int]) -> None:
    """The rows below the names of their types; columns in which every row says the same are left out."""
    told = routing.estimates
    columns = {"tasks,\n% of type": [share(told["share"][row]) for row in rows]}
    if any(told["paid_usd"][row].mean for row in rows):
        paid = column([told["paid_usd"][row].mean for row in rows])
        at_home = [routing.contractors[row] is None for row in rows]
        columns["paid,\nUSD"] = [NOTHING if own else usd for own, usd in zip(at_home, paid, strict=True)]
    columns["cost a\ntask, USD"] = [number(told["usd_per_task"][row].mean) for row in rows]
    columns["turn-\naround, s"] = [number(told["turnaround_s"][row].mean) for row in rows]
    if any(told["late_rate"][row].mean for row in rows):
        columns["late,\n%"] = [number(told["late_rate"][row].mean, 1) for row in rows]
    if any(told["success_rate"][row].mean not in (None, 100.0) for row in rows):
        columns["good,\n%"] = [number(told["success_rate"][row].mean, 1) for row in rows]
    lines: list[int | str] = []
    for row, before in zip(rows, [None, *rows], strict=False):
        if before is None or routing.types[row] != routing.types[before]:
            lines.append(routing.types[row])
        lines.append(row)
    place = {row: index for index, row in enumerate(rows)}
    workers = [line if isinstance(line, str) else f"  {routing.labels[line]}" for line in lines]
    figures = [
        Column(name, ["" if isinstance(line, str) else cells[place[line]] for line in lines])
        for name, cells in columns.items()
    ]
    print_columns(console, [Column("type of task,\nwent to", workers, figures=False)], figures)


def others_told(routing: Routing, shown: Sequence[int]) -> str:
    """What the rows that are not shown come to together; empty where all are."""
    rows = sorted(set(range(len(routing))) - set(shown))
    if not rows:
        return ""
    told = {name: each[0] for name, each in routing.together(rows, "others").estimates.items()}
    paid = f"paid {number(told['paid_usd'].mean)} USD"
    cost = f", {number(told['usd_per_task'].mean)} USD a task" if told["tasks"].mean else ""
    return f"and {plural(len(rows), 'other')}: {share(told['share'])} % of all tasks, {paid}{cost}."


def share(value: Estimate) -> str:
    """A share in percent with its interval, without the sign."""
    return with_interval(value, 1)


def _part(routing: Routing, row: int) -> str:
    """``62 % to open_weights (0.013 USD a task, 83 % good)``."""
    told = {name: each[row] for name, each in routing.estimates.items()}
    about = [f"{number(told['usd_per_task'].mean)} USD a task"]
    if told["late_rate"].mean:
        about.append(f"{_rate(told['late_rate'].mean)} late")
    if told["success_rate"].mean != 100:
        about.append(f"{_rate(told['success_rate'].mean)} good")
    return f"{_rate(told['share'].mean)} {_where(routing, row)} ({', '.join(about)})"


def _where(routing: Routing, row: int) -> str:
    return "at home" if routing.contractors[row] is None else f"to {routing.contractors[row]}"


def _rate(percent: float | None) -> str:
    if percent is not None and 0 < percent < 1:
        return "under 1 %"
    return "over 99 %" if percent is not None and 99 < percent < 100 else f"{number(percent, 0)} %"
