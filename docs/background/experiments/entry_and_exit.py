"""Does a market keep its good sellers, and under which ratings? Plays, tables and draws.

From the root of a clone::

    python docs/background/experiments/entry_and_exit.py play    # into results/experiments/; half an hour
    python docs/background/experiments/entry_and_exit.py table   # its means, as Markdown
    python docs/background/experiments/entry_and_exit.py draw    # the figure, beside the page
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import coalesce_sim
from coalesce_sim.numbers import with_half_width
from coalesce_sim.report.look import BLUE, VERMILLION, mean_shown, our_style, page, save
from coalesce_sim.statistics.intervals import Estimate, estimate

HERE: Final = Path(__file__).parent
FOLDER: Final = Path("results/experiments")
REPLICATIONS: Final = 8
HOUR_S: Final = 3600.0
GOOD: Final = "kept of the better sellers, %"
BAD: Final = "kept of the worse sellers, %"

RATINGS: Final[Mapping[str, str]] = {
    "no ratings": "reputation=null",
    "Beta": "reputation={model: {kind: beta, forgetting: 0.999}, start: cold}",
    "EWMA": "reputation={model: {kind: ewma, alpha: 0.05}, start: cold}",
    "EigenTrust": "reputation={model: {kind: eigentrust, recompute_every: 100}, start: cold}",
}


@click.group()
def cli() -> None:
    """Entry and exit of sellers."""


def sellers_of(scenario: coalesce_sim.Scenario) -> tuple[pd.DataFrame, list[Mapping[str, float]]]:
    """What became of each seller in all replications, with its true success, and the metrics."""
    result = coalesce_sim.run(scenario, replications=REPLICATIONS, jobs=2)
    sellers = result.sellers
    success = []
    for replication in range(REPLICATIONS):
        told = coalesce_sim.stage(scenario, replication=replication).facts()["contractors"]
        success += [(replication, each["name"], each["success"]) for each in told]
    true = pd.DataFrame(success, columns=["replication", "contractor", "success"])
    return sellers.merge(true, on=["replication", "contractor"]), list(result.replications)


@cli.command()
def play() -> None:
    """Play all ratings."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    sellers, runs = [], []
    for rating, reputation in RATINGS.items():
        told, metrics = sellers_of(coalesce_sim.load("entry_and_exit", [reputation]))
        sellers.append(told.assign(rating=rating))
        runs += [{"rating": rating, "replication": k} | each for k, each in enumerate(metrics)]
        pd.concat(sellers).to_csv(FOLDER / "entry_and_exit_sellers.csv", index=False)
        pd.DataFrame(runs).to_csv(FOLDER / "entry_and_exit.csv", index=False)
        click.echo(rating)


def end_s() -> float:
    """When the last tasks arrive."""
    return coalesce_sim.load("entry_and_exit").clock.horizon_s


def figures_of(sellers: pd.DataFrame) -> dict[str, float]:
    """Of one replication: whom the market kept, of those who entered twelve hours before the end or earlier
    and so had time to fail. Good are those whose true success is above the mean of all of the replication."""
    stays = sellers["left_s"].fillna(np.inf) > end_s()
    quality = sellers["success"] - sellers["success"].mean()
    old = sellers["entered_s"] < end_s() - 12 * HOUR_S
    return {
        "sellers that left": float((~stays).sum()),
        "there at the end": float(stays.sum()),
        GOOD: 100 * float(stays[old & (quality > 0)].mean()),
        BAD: 100 * float(stays[old & (quality <= 0)].mean()),
        "success of those kept, points above the mean": 100 * float(quality[old & stays].mean()),
        "kept of the first, %": 100 * float(stays[sellers["entered_s"] == 0].mean()),
        "kept of entrants, %": 100 * float(stays[old & (sellers["entered_s"] > 0)].mean()),
    }


def told() -> dict[str, dict[str, Estimate]]:
    """All figures with 95 % intervals, by rating."""
    sellers, runs = (pd.read_csv(FOLDER / f"entry_and_exit{part}.csv") for part in ("_sellers", ""))
    found = {}
    for rating, mine in sellers.groupby("rating", sort=False):
        rows = [figures_of(each) for _, each in mine.groupby("replication")]
        estimates = {name: estimate([row[name] for row in rows]) for name in rows[0]}
        of_runs = runs[runs["rating"] == rating]
        for name in ("cost_reduction", "contractor_margin", "revenue_hhi"):
            estimates[name] = estimate(of_runs[name].tolist())
        found[str(rating)] = estimates
    return found


@cli.command()
def table() -> None:
    """Means with 95 % intervals."""
    rows = told()
    print(f"| | {' | '.join(rows)} |")
    print("|---|" + "---:|" * len(rows))
    for name in next(iter(rows.values())):
        print(f"| {name} | {' | '.join(with_half_width(each[name]) for each in rows.values())} |")


SIDES: Final = (
    (GOOD, "better than the mean", BLUE, "o", -0.1),
    (BAD, "worse", VERMILLION, "s", 0.1),
)


def kept(axes: Axes, rows: Mapping[str, Mapping[str, Estimate]]) -> None:
    """How many of the good and of the bad were kept, a row a rating."""
    for name, label, colour, marker, aside in SIDES:
        means = [each[name].mean or 0.0 for each in rows.values()]
        halves = [each[name].half_width or 0.0 for each in rows.values()]
        places = np.arange(len(rows)) + aside
        look = {"color": colour, "marker": marker, "linestyle": "", "label": label}
        axes.errorbar(means, places, xerr=halves, **look)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel("Sellers kept, of those who entered 12 h before the end or earlier (%)")


@cli.command()
@click.argument("title")
def draw(title: str) -> None:
    """Draw the figure beside the page, under a TITLE that says the finding."""
    rows = told()
    with our_style():
        figure = page(title, f"two days, topsis; {mean_shown(REPLICATIONS, 'bars')}", 2.6)
        axes = figure.add_subplot()
        kept(axes, rows)
        axes.legend(loc="upper right")
        save(figure, HERE / "entry_and_exit.png")


if __name__ == "__main__":
    cli()
