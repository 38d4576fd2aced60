"""Who notices when quality drifts? Plays, tables and draws.

From the root of a clone::

    python docs/background/experiments/drift.py play    # into results/experiments/drift; some minutes
    python docs/background/experiments/drift.py table   # what the change cost each policy, as Markdown
    python docs/background/experiments/drift.py draw    # the figure, beside the page
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import click
import pandas as pd
from matplotlib.axes import Axes

from coalesce_sim.numbers import number
from coalesce_sim.report.look import BAND, BLUE, COLOURS, GREY, VERMILLION, mean_shown, our_style, page, save

HERE: Final = Path(__file__).parent
PLAYED: Final = Path("results/experiments/drift")
REPLICATIONS: Final = 40

KIN: Final = {
    "greedy": ("greedy", "windowed_greedy"),
    "UCB": ("ucb1", "discounted_ucb", "sliding_window_ucb"),
    "Thompson": ("thompson", "discounted_thompson"),
    "TOPSIS": ("topsis",),
}
POLICIES: Final = tuple(policy for kin in KIN.values() for policy in kin)


@click.group()
def cli() -> None:
    """Drifting quality."""


@cli.command()
def play() -> None:
    """Play all policies."""
    options = ["--policies", ",".join(POLICIES), "--replications", str(REPLICATIONS), "--core", "compiled"]
    command = ["compare", "drift", *options, "--jobs", "2", "--out", str(PLAYED)]
    subprocess.run([sys.executable, "-m", "coalesce_sim", *command], check=True)


def told() -> dict[str, Any]:
    """What the comparison came to."""
    found: dict[str, Any] = json.loads((PLAYED / "comparison.json").read_text("utf-8"))
    return found


def spread(value: dict[str, Any]) -> str:
    """A mean with half of its interval."""
    low, high = value["ci95"]
    return f"{number(value['mean'])} ± {number((high - low) / 2)}"


def made_up(after: dict[str, Any]) -> str:
    """After how many tasks the loss is made up, with its interval."""
    low, high = ("never" if each is None else f"{each:,.0f}" for each in after["made_up_after_tasks_ci95"])
    tasks = after["made_up_after_tasks"]
    return f"{'not' if tasks is None else f'{tasks:,}'} [{low}, {high}]"


@cli.command()
def table() -> None:
    """A row a policy."""
    found = told()
    after = found["changes"][0]["policies"]
    heads = ("saved, %", "a task before, USD", "a task after, USD", "lost at most, USD", "made up after")
    print(f"| policy | {' | '.join(heads)} |")
    print("|---|---:|---:|---:|---:|---:|")
    for policy in (*POLICIES, "random", "oracle"):
        saved, each = found["policies"][policy]["metrics"]["cost_reduction"], after[policy]
        paces = [spread(each[f"{when}_usd_per_task"]) for when in ("before", "after")]
        lost = number(each["lost_usd"], 0)
        print(f"| `{policy}` | {spread(saved)} | {' | '.join(paces)} | {lost} | {made_up(each)} |")
    for pair in found["differences"]:
        mean, shown = number(pair["mean"], 1), "shown" if pair["shown"] else "not shown"
        print(f"{pair['first']} more than {pair['second']}: {mean} points, {shown}")


LOOK: Final = ((BLUE, "-"), (VERMILLION, "--"), (COLOURS[3], "-."))


def curves(axes: Axes, learning: pd.DataFrame, kin: str, change: float) -> None:
    """What each policy of a kin saves as the run goes on."""
    for policy, (colour, style) in zip(KIN[kin], LOOK, strict=False):
        mine = learning[learning["policy"] == policy]
        at = (mine["first_task"] + mine["last_task"]) / 2
        mean, half = mine["cost_reduction"], mine["cost_reduction_half_width"]
        axes.fill_between(at, mean - half, mean + half, color=colour, alpha=BAND, linewidth=0)
        axes.plot(at, mean, color=colour, linestyle=style, label=policy)
    axes.axvline(change, color=GREY, linewidth=0.8, linestyle=":")
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.set_title(kin, color=GREY, loc="left")
    axes.set_xlabel("Number of the task")
    axes.legend(loc="lower left")


@cli.command()
@click.argument("title")
def draw(title: str) -> None:
    """Draw the figure beside the page, under a TITLE that says the finding."""
    found, learning = told(), pd.read_parquet(PLAYED / "learning.parquet")
    with our_style():
        below = f"scenario drift, change at 3 h (dotted); {mean_shown(REPLICATIONS, 'band')}"
        figure = page(title, below, 4.6)
        grid = figure.subplots(2, 2, sharex=True, sharey=True)
        for axes, kin in zip(grid.flat, KIN, strict=True):
            curves(axes, learning, kin, found["changes"][0]["task"])
        for axes in grid[:, 0]:
            axes.set_ylabel("Cost reduction (%)")
        for axes in grid[0]:
            axes.set_xlabel("")
        save(figure, HERE / "drift.png")


if __name__ == "__main__":
    cli()
