"""How many agents should share a box before hiring pays? Plays, tables and draws.

From the root of a clone::

    python docs/background/experiments/boxes.py play    # into results/experiments/; six minutes
    python docs/background/experiments/boxes.py table   # its means, as Markdown
    python docs/background/experiments/boxes.py draw    # the figure, beside the page
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
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
from coalesce_sim.report.look import (
    BLUE,
    COLOURS,
    GREY,
    VERMILLION,
    mean_shown,
    our_style,
    page,
    save,
)
from coalesce_sim.statistics.intervals import Estimate, estimate

HERE: Final = Path(__file__).parent
FOLDER: Final = Path("results/experiments")
AGENTS: Final = (2, 4, 6, 8, 9, 10, 11, 12)
SELLING: Final = (2, 4, 6, 8)
"""Agents on the box whose idle slots are sold."""

SOLD_REPLICATIONS: Final = 20
LOAD_OF_ONE: Final = 0.09
"""What an agent's tasks are of what the box can do: a mean one takes 43 s in one of two slots."""

ONE_CARD: Final = (2, 3, 4, 5, 6)
FOUR_CARDS: Final = (16, 20, 21, 22, 23, 24)
"""Agents on boxes of other sizes."""

LINES: Final[Mapping[str, Sequence[str]]] = {
    "greedy, 0.5 good at home": ("clients.success=0.5",),
    "greedy, 0.8 good at home": ("clients.success=0.8",),
    "greedy, 0.9 good at home": (),
    "greedy, 0.95 good at home": ("clients.success=0.95",),
    "greedy, 0.9, delay ten times as dear": ("cost_model.late_usd_per_min=0.6",),
    "topsis, 0.9 good at home": ("policy={kind: topsis, epsilon: 0.1}",),
    "cheapest, 0.9 good at home": ("policy={kind: cheapest}",),
    "greedy, 0.9, one card": ("boxes.lab.slots=1",),
    "greedy, 0.9, four cards": ("boxes.lab.slots=4",),
}
OTHER_SIZES: Final = {"greedy, 0.9, one card": ONE_CARD, "greedy, 0.9, four cards": FOUR_CARDS}
PARTS: Final = ("cash", "delay", "losses")


def replications(agents: int) -> int:
    """More where few agents bring few tasks: at least 120 agents in all."""
    return max(20, math.ceil(120 / agents))


def agents_of(line: str) -> Sequence[int]:
    """The numbers of agents that a line is played with."""
    return OTHER_SIZES.get(line, AGENTS)


def metrics_at(scenario: coalesce_sim.Scenario, count: int) -> list[Mapping[str, float]]:
    """The metrics of so many replications."""
    items = [(scenario, scenario.seed, replication) for replication in range(count)]
    return list(metrics_of(items, jobs=1, emit=lambda *_: None, wanted=Wanted(), core="simpy"))


SELLS: Final[Mapping[str, Mapping[str, Any] | None]] = {
    "nothing": None,
    "whatever it is asked for": {},
    "what can begin at once": {"queue_limit": 0},
}
"""What a contractor on the box sells."""

SELLERS: Final = {"edge": 2, "open_weights": 5, "frontier": 3, "specialist": 2}


def beside_others(agents: int, sold: Mapping[str, Any] | None) -> coalesce_sim.Scenario:
    """Agents of the lab who never hire, ten clients with a card each who do, and sellers of all types.

    One more contractor works on the lab's box, as good as the lab is and at the prices of open weights.
    """
    plain = coalesce_sim.load("shared_box").resolved()
    facts = {kind: dict(each) for kind, each in plain["contractors"]["types"].items()}
    for each in facts.values():
        del each["share"]
    listed = [
        facts[kind] | {"name": f"{kind}_{number}", "type": kind}
        for kind, count in SELLERS.items()
        for number in range(count)
    ]
    own = {name: value for name, value in facts["open_weights"].items() if name not in ("slots", "hardware")}
    if sold is not None:
        on_the_box = {"name": "lab", "type": "open_weights", "box": "lab", "success": 0.9, "reliability": 0.9}
        listed.append(own | on_the_box | sold)
    hardware = plain["boxes"]["lab"]["hardware"]
    lab = {"count": agents, "box": "lab", "success": 0.9, "policy": {"kind": "always_local"}}
    others = {"count": 10, "slots": 1, "hardware": hardware, "success": 0.5}
    return coalesce_sim.load(
        plain | {"contractors": listed, "clients": {"groups": {"lab": lab, "others": others}}}
    )


def sold_at(agents: int, sold: Mapping[str, Any] | None) -> list[dict[str, float]]:
    """By replication what the box earns, what that does to its agents, and how busy it is."""
    result = coalesce_sim.run(
        beside_others(agents, sold), replications=SOLD_REPLICATIONS, jobs=1, core="simpy"
    )
    lab = result.sellers[result.sellers["contractor"] == "lab"].set_index("replication")
    return [
        {
            "jobs": float(lab["jobs"].get(replication, 0.0)),
            "earned": float(lab["profit_usd"].get(replication, 0.0)),
            "delay": metrics["delay_usd[lab]"],
            "late": metrics["late_rate[lab]"],
            "others save": metrics["cost_reduction[others]"],
        }
        for replication, metrics in enumerate(result.replications)
    ]


@click.group()
def cli() -> None:
    """Agents that share a box."""


@cli.command()
def play() -> None:
    """Play every line at every number of agents."""
    rows: list[dict[str, Any]] = []
    for line, changes in LINES.items():
        for agents in agents_of(line):
            scenario = coalesce_sim.load("shared_box", [f"clients.count={agents}", *changes])
            for replication, metrics in enumerate(metrics_at(scenario, replications(agents))):
                saved = {part: metrics[f"all_local_{part}_usd"] - metrics[f"{part}_usd"] for part in PARTS}
                row = {name: usd / metrics["tasks"] for name, usd in saved.items()}
                home = {part: metrics[f"all_local_{part}_usd"] / metrics["tasks"] for part in PARTS}
                rows.append(
                    {"line": line, "agents": agents, "replication": replication}
                    | row
                    | {"in all": sum(row.values()), "at home": sum(home.values()), "waits": home["delay"]}
                    | {"hired": metrics["outsourcing_rate"], "busy": metrics["home_utilisation"]}
                )
            click.echo(f"{line}: {agents} agents")
    FOLDER.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(FOLDER / "boxes.csv", index=False)
    sold: list[dict[str, Any]] = []
    for name, terms in SELLS.items():
        for agents in SELLING:
            told = sold_at(agents, terms)
            sold += [
                {"sells": name, "agents": agents, "replication": k} | each for k, each in enumerate(told)
            ]
            click.echo(f"sells {name}: {agents} agents")
    pd.DataFrame(sold).to_csv(FOLDER / "boxes_sold.csv", index=False)


Floats = np.ndarray[Any, np.dtype[np.float64]]


def at_agents(runs: pd.DataFrame, line: str, metric: str = "in all") -> list[Floats]:
    """A metric of a line, by number of agents; each one entry a replication."""
    mine = runs[runs["line"] == line]
    return [mine.loc[mine["agents"] == agents, metric].to_numpy() for agents in agents_of(line)]


def turns(means: Sequence[float], agents: Sequence[int]) -> list[float]:
    """With how many agents a saving goes through 0, between the numbers played by a straight line."""
    steps = zip(pairwise(agents), pairwise(means), strict=True)
    return [
        low + (high - low) * one / (one - other) for (low, high), (one, other) in steps if one * other < 0
    ]


def turning(values: Sequence[Floats], agents: Sequence[int]) -> tuple[float, float, float] | None:
    """The number of agents from which hiring pays, with a 95 % bootstrap interval over replications; None
    where the saving turns never or more than once, or does in more than one resample in forty."""
    at = turns([float(each.mean()) for each in values], agents)
    if len(at) != 1:
        return None
    rng = np.random.default_rng(1)
    drawn = [
        turns([float(rng.choice(each, len(each)).mean()) for each in values], agents) for _ in range(2000)
    ]
    there = [each[0] for each in drawn if len(each) == 1]
    if len(there) < 0.975 * len(drawn):
        return None
    low, high = np.percentile(there, [2.5, 97.5]).tolist()
    return at[0], low, high


def of_sold(sold: pd.DataFrame, name: str, metric: str) -> list[Estimate]:
    """A metric of what the box sells by number of agents, `net` being what it earns less the delay of its own
    agents' tasks that this causes, paired by replication; USD an hour, or as it stands."""
    hours = coalesce_sim.load("shared_box").clock.days * 24
    found = []
    for agents in SELLING:
        here = sold[sold["agents"] == agents].set_index(["sells", "replication"])
        mine, without = here.loc[name], here.loc["nothing"]
        caused = (mine["delay"] - without["delay"]) / hours
        told = {
            "earned": mine["earned"] / hours,
            "caused": caused,
            "net": mine["earned"] / hours - caused,
            "jobs": mine["jobs"] / hours,
            "late": mine["late"],
            "others": mine["others save"] - without["others save"],
        }
        found.append(estimate(told[metric].tolist()))
    return found


@cli.command()
def table() -> None:
    """Means with 95 % intervals at every number of agents, and where hiring begins to pay."""
    runs, sold = (pd.read_csv(FOLDER / f"boxes{part}.csv") for part in ("", "_sold"))
    for line in LINES:
        print(f"| | {' | '.join(map(str, agents_of(line)))} |")
        for metric in ("at home", "waits", "in all", *PARTS, "hired", "busy"):
            cells = [with_half_width(estimate(each.tolist())) for each in at_agents(runs, line, metric)]
            print(f"| {line}: {metric} | {' | '.join(cells)} |")
        print(f"pays from: {turning(at_agents(runs, line), agents_of(line))}")
    print(f"| | {' | '.join(map(str, SELLING))} |")
    for name in SELLS:
        for metric in ("jobs", "earned", "caused", "net", "late", "others"):
            cells = [with_half_width(each) for each in of_sold(sold, name, metric)]
            print(f"| sells {name}: {metric} | {' | '.join(cells)} |")


GREEDY: Final = {
    "greedy, 0.5 good at home": ("0.5", COLOURS[2], "^"),
    "greedy, 0.8 good at home": ("0.8", COLOURS[5], "s"),
    "greedy, 0.9 good at home": ("0.9", BLUE, "o"),
    "greedy, 0.9, delay ten times as dear": ("0.9, delay ten times as dear", COLOURS[4], "v"),
    "greedy, 0.95 good at home": ("0.95", VERMILLION, "D"),
}
HIGHEST_USD: Final = 2.2
"""Where the axis of savings ends."""


def zero(axes: Axes, title: str, label: str, ticks: Sequence[int] = (2, 4, 6, 8, 10, 12)) -> None:
    """What the panels have in common."""
    axes.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    axes.set_title(title)
    axes.set_ylabel(label)
    axes.set_xlabel("Agents on the box of two cards")
    axes.set_xticks(ticks, list(map(str, ticks)))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18))


def by_success(axes: Axes, runs: pd.DataFrame) -> None:
    """What greedy saves in all, by how good work at home is."""
    for line, (label, colour, marker) in GREEDY.items():
        values = [estimate(each.tolist()) for each in at_agents(runs, line)]
        points(axes, AGENTS, values, color=colour, marker=marker, label=label)
    axes.set_ylim(-0.6, HIGHEST_USD)
    zero(axes, "In all, by good work at home", "Saved by hiring (USD a task)")


def by_part(axes: Axes, runs: pd.DataFrame) -> None:
    """What it is made of, where nine tasks in ten are done well at home."""
    looks = ((COLOURS[2], "^"), (VERMILLION, "D"), (COLOURS[3], "s"))
    for part, (colour, marker) in zip(PARTS, looks, strict=True):
        values = [estimate(each.tolist()) for each in at_agents(runs, "greedy, 0.9 good at home", part)]
        points(axes, AGENTS, values, color=colour, marker=marker, label=part)
    zero(axes, "Of what, at 0.9", "Saved by hiring (USD a task)")


def by_sale(axes: Axes, sold: pd.DataFrame) -> None:
    """What selling on the box earns and what it costs its own agents."""
    one, other = "whatever it is asked for", "what can begin at once"
    shown = (
        (one, "earned", COLOURS[2], "^", "-"),
        (one, "caused", VERMILLION, "D", "-"),
        (one, "net", BLUE, "o", "-"),
        (other, "net", BLUE, "s", "--"),
    )
    labels = {"earned": "earned", "caused": "own agents later", "net": "left"}
    for name, metric, colour, marker, style in shown:
        label = labels[metric] if name == one else "left, if sold only when idle"
        values = of_sold(sold, name, metric)
        points(axes, SELLING, values, color=colour, marker=marker, linestyle=style, label=label)
    zero(axes, "If the box also sells", "USD an hour", SELLING)


@cli.command()
def draw() -> None:
    """Draw the figure beside the page."""
    runs, sold = (pd.read_csv(FOLDER / f"boxes{part}.csv") for part in ("", "_sold"))
    title = (
        "Where work at home is good, hiring pays from about eleven agents, when the box is all but full; "
        "selling what comes stops paying at half a load"
    )
    note = f"an agent is {LOAD_OF_ONE} of a load; {mean_shown(20, 'bars')}; 30 with four agents, 60 with two"
    with our_style():
        figure = page(title, note, 3.5)
        first, second, third = figure.subplots(1, 3)
        by_success(first, runs)
        by_part(second, runs)
        by_sale(third, sold)
        save(figure, HERE / "boxes.png")


if __name__ == "__main__":
    cli()
