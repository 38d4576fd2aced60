"""Does a market keep its good sellers, under which ratings and which policies? Plays, tables and draws.

From the root of a clone::

    python docs/background/experiments/entry_and_exit.py play    # into results/experiments/; ten minutes
    python docs/background/experiments/entry_and_exit.py table   # its means, as Markdown
    python docs/background/experiments/entry_and_exit.py draw    # the figure, beside the page
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Final

import click
import numpy as np
import pandas as pd
from drawing import legend_below, points
from matplotlib.axes import Axes

import coalesce_sim
from coalesce_sim.numbers import with_half_width
from coalesce_sim.report.look import BLUE, VERMILLION, our_style, page, save
from coalesce_sim.statistics.intervals import Estimate, estimate

HERE: Final = Path(__file__).parent
FOLDER: Final = Path("results/experiments")
REPLICATIONS: Final = {"topsis": 8, "greedy": 5, "ucb1": 5}
POLICIES: Final[Mapping[str, str]] = {
    "greedy": "policy={kind: greedy}",
    "ucb1": "policy={kind: ucb1}",
    "topsis": "policy={kind: topsis, epsilon: 0.1}",
}
HOUR_S: Final = 3600.0
GOOD: Final = "kept of the better sellers, %"
BAD: Final = "kept of the worse sellers, %"
APART: Final = "kept of the better less of the worse, points"
OF_RUNS: Final = ("cost_reduction", "contractor_margin", "revenue_hhi", "outsourcing_rate", "late_rate")

RATINGS: Final[Mapping[str, str]] = {
    "no ratings": "reputation=null",
    "Beta": "reputation={model: {kind: beta, forgetting: 0.999}, start: cold}",
    "EWMA": "reputation={model: {kind: ewma, alpha: 0.05}, start: cold}",
    "EigenTrust": "reputation={model: {kind: eigentrust, recompute_every: 100}, start: cold}",
}


@click.group()
def cli() -> None:
    """Entry and exit of sellers."""


def sellers_of(
    scenario: coalesce_sim.Scenario, replications: int
) -> tuple[pd.DataFrame, list[Mapping[str, float]]]:
    """What became of each seller in all replications, with its true success, and the metrics."""
    result = coalesce_sim.run(scenario, replications=replications, jobs=1)
    sellers = result.sellers
    success = []
    for replication in range(replications):
        told = coalesce_sim.stage(scenario, replication=replication).facts()["contractors"]
        success += [(replication, each["name"], each["success"]) for each in told]
    true = pd.DataFrame(success, columns=["replication", "contractor", "success"])
    return sellers.merge(true, on=["replication", "contractor"]), list(result.replications)


@cli.command()
def play() -> None:
    """Play all ratings with all policies."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    sellers, runs = [], []
    for policy, setting in POLICIES.items():
        for rating, reputation in RATINGS.items():
            scenario = coalesce_sim.load("entry_and_exit", [reputation, setting])
            told, metrics = sellers_of(scenario, REPLICATIONS[policy])
            place = {"policy": policy, "rating": rating}
            sellers.append(told.assign(**place))
            runs += [place | {"replication": k} | each for k, each in enumerate(metrics)]
            pd.concat(sellers).to_csv(FOLDER / "entry_and_exit_sellers.csv", index=False)
            pd.DataFrame(runs).to_csv(FOLDER / "entry_and_exit.csv", index=False)
            click.echo(f"{policy}, {rating}")


def end_s() -> float:
    """When the last tasks arrive."""
    return coalesce_sim.load("entry_and_exit").clock.horizon_s


def figures_of(sellers: pd.DataFrame) -> dict[str, float]:
    """Of one replication: whom the market kept, of those who entered twelve hours before the end or earlier
    and so had time to fail. Good are those whose true success is above the mean of all of the replication."""
    stays = sellers["left_s"].fillna(np.inf) > end_s()
    quality = sellers["success"] - sellers["success"].mean()
    old = sellers["entered_s"] < end_s() - 12 * HOUR_S
    better, worse = (100 * float(stays[old & each].mean()) for each in (quality > 0, quality <= 0))
    return {
        "sellers that left": float((~stays).sum()),
        "there at the end": float(stays.sum()),
        GOOD: better,
        BAD: worse,
        APART: better - worse,
        "success of those kept, points above the mean": 100 * float(quality[old & stays].mean()),
        "kept of the first, %": 100 * float(stays[sellers["entered_s"] == 0].mean()),
        "kept of entrants, %": 100 * float(stays[old & (sellers["entered_s"] > 0)].mean()),
    }


def rows_of(policy: str) -> dict[str, pd.DataFrame]:
    """All figures of a policy by rating, a row a replication."""
    sellers, runs = (pd.read_csv(FOLDER / f"entry_and_exit{part}.csv") for part in ("_sellers", ""))
    found = {}
    for rating in RATINGS:
        here = sellers[(sellers["policy"] == policy) & (sellers["rating"] == rating)]
        rows = pd.DataFrame([figures_of(each) for _, each in here.groupby("replication")])
        of_runs = runs[(runs["policy"] == policy) & (runs["rating"] == rating)].reset_index(drop=True)
        found[rating] = rows.join(of_runs[list(OF_RUNS)])
    return found


def mean_of(values: pd.Series[float]) -> Estimate:
    """Over the replications that have the figure: of nobody kept there is no success."""
    return estimate(values.dropna().tolist())


def print_means(title: str, rows: Mapping[str, pd.DataFrame]) -> None:
    """A row a figure, a column a rating."""
    print(f"\n| {title} | {' | '.join(rows)} |")
    print("|---|" + "---:|" * len(rows))
    for name in rows["no ratings"]:
        print(f"| {name} | {' | '.join(with_half_width(mean_of(each[name])) for each in rows.values())} |")


@cli.command()
def table() -> None:
    """Means with 95 % intervals, and differences paired by replication, each interval for itself."""
    told = {policy: rows_of(policy) for policy in REPLICATIONS}
    for policy, rows in told.items():
        print_means(f"{policy}, {REPLICATIONS[policy]} replications", rows)
        for less in ("no ratings", "EigenTrust"):
            print_means(f"{policy} less {less}", {name: each - rows[less] for name, each in rows.items()})
    for policy, other in combinations(reversed(told), 2):
        both = {name: (told[policy][name] - told[other][name]).dropna(how="all") for name in RATINGS}
        print_means(f"{policy} less {other}", both)


SIDES: Final = (
    (GOOD, "better than the mean", BLUE, "o", -0.1),
    (BAD, "worse", VERMILLION, "s", 0.1),
)


def kept(axes: Axes, rows: Mapping[str, pd.DataFrame]) -> None:
    """How many of the good and of the bad were kept, a row a rating."""
    for name, label, colour, marker, aside in SIDES:
        told = [mean_of(each[name]) for each in rows.values()]
        places = np.arange(len(rows)) + aside
        points(axes, places, told, along="x", color=colour, marker=marker, label=label)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(-5, 105)


@cli.command()
@click.argument("title")
def draw(title: str) -> None:
    """Draw the figure beside the page, under a TITLE that says the finding."""
    counts = ", ".join(f"{policy} {count}" for policy, count in REPLICATIONS.items())
    note = f"two days; mean of replications ({counts}); bars: 95 % interval"
    with our_style():
        figure = page(title, note, 3.0)
        panels = figure.subplots(1, len(REPLICATIONS), sharey=True, sharex=True)
        for axes, policy in zip(panels, REPLICATIONS, strict=True):
            kept(axes, rows_of(policy))
            axes.set_title(policy)
        panels[1].set_xlabel("Sellers kept, of those who entered 12 h before the end or earlier (%)")
        legend_below(figure, panels[0])
        save(figure, HERE / "entry_and_exit.png")


if __name__ == "__main__":
    cli()
