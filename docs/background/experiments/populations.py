"""Two populations in one market, and what each does to the other: plays, tables and draws.

From the root of a clone::

    python docs/background/experiments/populations.py play    # into results/experiments/; six minutes
    python docs/background/experiments/populations.py table   # its means, as Markdown
    python docs/background/experiments/populations.py draw    # the figure, beside the page
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import pandas as pd
from drawing import points
from matplotlib.axes import Axes

import coalesce_sim
from coalesce_sim.experiments.replication import Wanted
from coalesce_sim.experiments.runs import metrics_of
from coalesce_sim.numbers import with_half_width
from coalesce_sim.report.look import BLUE, GREY, NOTE_PT, VERMILLION, mean_shown, our_style, page, save
from coalesce_sim.statistics.intervals import estimate

HERE: Final = Path(__file__).parent
Floats = np.ndarray[Any, np.dtype[np.float64]]
PLAYED: Final = Path("results/experiments/populations.csv")
REPLICATIONS: Final = 20
GROUPS: Final = ("students", "firm")
OTHER: Final = {"students": "firm", "firm": "students"}

BUDGETS: Final = (0, 10, 20, 40, 80, 160, 320)
"""USD a day; without one the students pay 470 in these six hours."""

POOLS: Final = (5, 10, 20, 30, 60)
"""Numbers of contractors."""

NO_BUDGET: Final = "clients.groups.students.budget_usd_per_day=null"
NO_QUEUES: Final = tuple(
    f"contractors.types.{kind}.slots=unlimited" for kind in ("edge", "open_weights", "frontier", "specialist")
)
ROADS: Final[Mapping[str, Sequence[str]]] = {
    "as it comes": (),
    "prices do not rise with load": ("cost_model.external.pricing.slope=0",),
    "contractors have no queues": NO_QUEUES,  # and so no load that prices could rise with
}
AS_THE_FIRM: Final = {
    "hardware": "{profile: rtx_4090}",
    "success": "0.5",
    "value_usd": "{uniform: {low: 1, high: 9}}",
}
LEARNERS: Final = ("greedy", "optimistic_greedy", "thompson", "topsis")
UNDER_A_BUDGET: Final = ("greedy", "optimistic_greedy", "adaptive_threshold", "cheapest", "topsis")


def of_group(group: str, **fields: str) -> list[str]:
    """What is set for a group."""
    return [f"clients.groups.{group}.{field}={value}" for field, value in fields.items()]


def each_its_own(**kinds: str) -> list[str]:
    """A policy for each group, which learns of its own tasks alone; `greedy` where none is named."""
    return [
        change
        for group in GROUPS
        for change in of_group(group, policy=f"{{kind: {kinds.get(group, 'greedy')}}}")
    ]


def hiring(changes: Sequence[str]) -> dict[str, list[str]]:
    """The same market with both hiring, and with either staying at home."""
    stay = {f"{group} alone": {OTHER[group]: "always_local"} for group in GROUPS}
    return {"both": [*each_its_own(), *changes]} | {
        name: [*each_its_own(**home), *changes] for name, home in stay.items()
    }


def variants() -> dict[tuple[str, str, str], Sequence[str]]:
    """All that is played: what is set, by part of the study, level and who hires."""
    found: dict[tuple[str, str, str], Sequence[str]] = {}
    for usd in BUDGETS:
        budget = of_group("students", budget_usd_per_day=str(usd))
        found["budget", str(usd), "both"] = [*each_its_own(), *budget]
    for count in POOLS:
        for who, changes in hiring([NO_BUDGET, f"contractors.count={count}"]).items():
            found["pool", str(count), who] = changes
    for road, set_so in ROADS.items():
        for who, changes in hiring([NO_BUDGET, *set_so]).items():
            found["road", road, who] = changes
    alike = [*each_its_own(), NO_BUDGET, *of_group("students", **AS_THE_FIRM)]
    found["difference", "none", "both"] = alike
    for field in AS_THE_FIRM:
        others = {name: value for name, value in AS_THE_FIRM.items() if name != field}
        changes = [*each_its_own(), NO_BUDGET, *of_group("students", **others)]
        found["difference", field, "both"] = changes
    found["difference", "budget_usd_per_day", "both"] = [
        *each_its_own(),
        *of_group("students", **AS_THE_FIRM),
    ]
    for kind in LEARNERS:
        found["shared", kind, "one policy"] = [f"policy={{kind: {kind}}}", NO_BUDGET]
        found["shared", kind, "each its own"] = [*each_its_own(students=kind, firm=kind), NO_BUDGET]
    for kind in UNDER_A_BUDGET:
        found["under a budget", kind, "both"] = each_its_own(students=kind)
    return found


METRICS: Final = (
    "tasks",
    "all_local_usd",
    "realised_usd",
    "cost_reduction",
    "cash_saving",
    "delay_saving",
    "loss_saving",
    "outsourcing_rate",
    "paid_to_contractors_usd",
)


def played_at(changes: Sequence[str]) -> list[Mapping[str, float]]:
    """The metrics of all replications."""
    scenario = coalesce_sim.load("two_populations", changes)
    items = [(scenario, scenario.seed, replication) for replication in range(REPLICATIONS)]
    return list(metrics_of(items, jobs=1, emit=lambda *_: None, wanted=Wanted(), core="compiled"))


@click.group()
def cli() -> None:
    """Two populations."""


@cli.command()
def play() -> None:
    """Play all variants."""
    rows: list[dict[str, Any]] = []
    for (part, level, who), changes in variants().items():
        for replication, metrics in enumerate(played_at(changes)):
            for group in GROUPS:
                place = {"part": part, "level": level, "who": who, "replication": replication, "group": group}
                rows.append(place | {name: metrics[f"{name}[{group}]"] for name in METRICS})
        click.echo(f"{part}: {level}, {who}")
    PLAYED.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(PLAYED, index=False)


def played() -> pd.DataFrame:
    """What was played, with what a task of each group saves in USD."""
    runs = pd.read_csv(PLAYED, dtype={"level": str})
    runs["usd_a_task"] = (runs["all_local_usd"] - runs["realised_usd"]) / runs["tasks"]
    return runs


def values(
    runs: pd.DataFrame, part: str, level: str, group: str, metric: str = "cost_reduction", who: str = "both"
) -> Floats:
    """A metric of a group, one entry a replication."""
    mine = runs[(runs["part"] == part) & (runs["level"] == level) & (runs["who"] == who)]
    of = mine[mine["group"] == group].sort_values("replication")
    found: Floats = of[metric].to_numpy()
    assert len(found) == REPLICATIONS, (part, level, group, who)
    return found


def done_by_the_other(
    runs: pd.DataFrame, part: str, level: str, group: str, metric: str = "cost_reduction"
) -> Floats:
    """What the other group's hiring changes in a metric of this one, one entry a replication."""
    without = values(runs, part, level, group, metric, f"{group} alone")
    return values(runs, part, level, group, metric) - without


def row(name: str, *cells: Floats) -> None:
    """A line of a table: means with 95 % intervals."""
    print(f"| {name} | {' | '.join(with_half_width(estimate(each.tolist())) for each in cells)} |")


def budgets(runs: pd.DataFrame) -> None:
    """What a budget lets through and brings."""
    print("\nStudents: outsourced, paid, saved, saved a USD paid; the firm: saved, against students at home")
    at_home = values(runs, "budget", "0", "firm")
    for level in (*map(str, BUDGETS[1:]), "none"):
        place = ("pool", "30") if level == "none" else ("budget", level)
        paid = values(runs, *place, "students", "paid_to_contractors_usd")
        saved_usd = values(runs, *place, "students", "usd_a_task") * values(runs, *place, "students", "tasks")
        firm = values(runs, *place, "firm")
        students = [values(runs, *place, "students", name) for name in ("outsourcing_rate", "cost_reduction")]
        row(level, students[0], paid, students[1], saved_usd / paid, firm, firm - at_home)


def crowding(runs: pd.DataFrame) -> None:
    """What each does to the other, by the number of contractors and by what they share."""
    for part, levels in (("pool", tuple(map(str, POOLS))), ("road", tuple(ROADS))):
        print(f"\n{part}: alone, both; the other does, in cash, delay, losses; in USD a task; as it comes")
        for level in levels:
            for group in GROUPS:
                done = done_by_the_other(runs, part, level, group)
                row(
                    f"{level}, {group}",
                    values(runs, part, level, group, who=f"{group} alone"),
                    values(runs, part, level, group),
                    done,
                    *(
                        done_by_the_other(runs, part, level, group, f"{name}_saving")
                        for name in ("cash", "delay", "loss")
                    ),
                    done_by_the_other(runs, part, level, group, "usd_a_task"),
                    done - done_by_the_other(runs, "road", "as it comes", group),
                )
    print("\nWhat both together save in USD; what the students' joining the firm adds, and the firm's")
    for level in map(str, POOLS):
        both, firm, students = (
            sum(
                values(runs, "pool", level, group, "usd_a_task", who)
                * values(runs, "pool", level, group, "tasks", who)
                for group in GROUPS
            )
            for who in ("both", "firm alone", "students alone")
        )
        row(level, both, both - firm, both - students)


def differences(runs: pd.DataFrame) -> None:
    """What sets the students apart, one thing at a time."""
    print("\nStudents: saved, in USD a task, against none; the firm: saved, against none")
    for level in ("none", *AS_THE_FIRM, "budget_usd_per_day"):
        cells = []
        for group, metric in (
            ("students", "cost_reduction"),
            ("students", "usd_a_task"),
            ("firm", "cost_reduction"),
        ):
            mine, plain = (values(runs, "difference", each, group, metric) for each in (level, "none"))
            cells += [mine, mine - plain]
        row(level, *cells)


def learning(runs: pd.DataFrame) -> None:
    """One policy for all, or one for each group; policies that have a budget to spend."""
    print("\nShared, own, own − shared; outsourced, shared and own")
    for kind in LEARNERS:
        for group in GROUPS:
            of = [
                values(runs, "shared", kind, group, metric, who)
                for metric in ("cost_reduction", "outsourcing_rate")
                for who in ("one policy", "each its own")
            ]
            row(f"{kind}, {group}", of[0], of[1], of[1] - of[0], of[2], of[3])
    print("\nUnder a budget of 40: students save, against greedy, outsourced")
    greedy = values(runs, "under a budget", "greedy", "students")
    for kind in UNDER_A_BUDGET:
        mine = values(runs, "under a budget", kind, "students")
        row(kind, mine, mine - greedy, values(runs, "under a budget", kind, "students", "outsourcing_rate"))


@cli.command()
def table() -> None:
    """Means with 95 % intervals of all parts."""
    runs = played()
    for part in (budgets, crowding, differences, learning):
        part(runs)


LOOK: Final = {"students": (VERMILLION, "o"), "firm": (BLUE, "s")}


def by_budget(axes: Axes, runs: pd.DataFrame) -> None:
    """What both save as the students' budget grows."""
    places = range(len(BUDGETS) + 1)
    for group, (colour, marker) in LOOK.items():
        cells = [values(runs, "budget", str(usd), group) for usd in BUDGETS]
        cells.append(values(runs, "pool", "30", group))
        points(axes, places, [estimate(each.tolist()) for each in cells], color=colour, marker=marker)
    axes.set_xticks(places, [*map(str, BUDGETS), "none"], fontsize=NOTE_PT - 1)
    axes.set_xlabel("The students' budget (USD a day)")
    axes.set_ylabel("Cost saved (% of the group's all-local)")
    axes.set_title("If the students have a budget")


def by_pool(axes: Axes, runs: pd.DataFrame) -> None:
    """What each saves with the other hiring too, and with the other at home."""
    for group, (colour, marker) in LOOK.items():
        for who, style, words in (("both", "-", "both hire"), (f"{group} alone", "--", "hire alone")):
            cells = [estimate(values(runs, "pool", str(count), group, who=who).tolist()) for count in POOLS]
            points(
                axes, POOLS, cells, color=colour, marker=marker, linestyle=style, label=f"{group}, {words}"
            )
    axes.set_xscale("log")
    axes.set_xticks(POOLS, list(map(str, POOLS)))
    axes.minorticks_off()
    axes.set_xlabel("Contractors in the market")
    axes.set_ylabel("Cost saved (% of the group's all-local)")
    axes.set_title("Hiring alone, and both")


def by_road(axes: Axes, runs: pd.DataFrame) -> None:
    """By which road one does it to the other."""
    for shift, (group, (colour, marker)) in zip((-0.12, 0.12), LOOK.items(), strict=True):
        cells = [estimate(done_by_the_other(runs, "road", road, group).tolist()) for road in ROADS]
        places = [place + shift for place in range(len(ROADS))]
        points(axes, places, cells, along="x", color=colour, marker=marker)
    axes.set_yticks(range(len(ROADS)), [textwrap.fill(road, 16) for road in ROADS])
    axes.set_ylim(len(ROADS) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.axvline(0, color=GREY, linewidth=0.8, zorder=1)
    axes.set_xlabel("Change in cost saved (points)")
    axes.set_title("What the other's hiring does")


@cli.command()
def draw() -> None:
    """Draw the figure beside the page."""
    runs = played()
    title = (
        "Each population takes some 8 cents a task from the other, by queues; where contractors are few, "
        "half a dollar, which is most of what the poor save"
    )
    with our_style():
        figure = page(title, mean_shown(REPLICATIONS, "bars"), 2.9)
        first, second, third = figure.subplots(1, 3)
        by_budget(first, runs)
        by_pool(second, runs)
        by_road(third, runs)
        handles, labels = second.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        save(figure, HERE / "populations.png")


if __name__ == "__main__":
    cli()
