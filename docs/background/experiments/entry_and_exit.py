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
from coalesce_sim.report.look import BLUE, GREY, VERMILLION, mean_shown, our_style, page, save
from coalesce_sim.statistics.intervals import Estimate, estimate

HERE: Final = Path(__file__).parent
FOLDER: Final = Path("results/experiments")
REPLICATIONS: Final = 10
HOUR_S: Final = 3600.0

RATINGS: Final[Mapping[str, str]] = {
    "no ratings": "reputation=null",
    "Beta": "reputation={model: {kind: beta, forgetting: 0.999}, start: cold}",
    "sliding window of 50": "reputation={model: {kind: sliding_window, window_ratings: 50}, start: cold}",
    "EWMA": "reputation={model: {kind: ewma, alpha: 0.05}, start: cold}",
    "EigenTrust": "reputation={model: {kind: eigentrust, recompute_every: 100}, start: cold}",
}
POLICIES: Final[Mapping[str, str]] = {
    "topsis": "policy={kind: topsis, epsilon: 0.1}",
    "greedy": "policy={kind: greedy}",
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
    """Play all ratings with both policies."""
    sellers, runs = [], []
    for rating, reputation in RATINGS.items():
        for policy, deciding in POLICIES.items():
            scenario = coalesce_sim.load("entry_and_exit", [reputation, deciding])
            told, metrics = sellers_of(scenario)
            sellers.append(told.assign(rating=rating, policy=policy))
            runs += [
                {"rating": rating, "policy": policy, "replication": k} | m for k, m in enumerate(metrics)
            ]
            click.echo(f"{rating}, {policy}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    pd.concat(sellers).to_csv(FOLDER / "entry_and_exit_sellers.csv", index=False)
    pd.DataFrame(runs).to_csv(FOLDER / "entry_and_exit.csv", index=False)


def end_s() -> float:
    """When the last tasks arrive."""
    return coalesce_sim.load("entry_and_exit").clock.horizon_s


def figures_of(sellers: pd.DataFrame) -> dict[str, float]:
    """Of one replication: whom the market kept.

    Quality is the true success relative to the mean of all of the replication.
    """
    until_s = sellers["left_s"].fillna(np.inf)
    quality = sellers["success"] - sellers["success"].mean()
    stays = until_s > end_s()
    old = sellers["entered_s"] < end_s() - 12 * HOUR_S  # had time to fail
    good, bad = old & (quality > 0), old & (quality <= 0)
    return {
        "left": float((~stays).sum()),
        "there at the end": float(stays.sum()),
        "kept, of good sellers (%)": 100 * float(stays[good].mean()),
        "kept, of bad sellers (%)": 100 * float(stays[bad].mean()),
        "good work of those kept (points above the mean)": 100 * float(quality[old & stays].mean()),
        "kept, of the first (%)": 100 * float(stays[sellers["entered_s"] == 0].mean()),
        "kept, of entrants (%)": 100 * float(stays[old & (sellers["entered_s"] > 0)].mean()),
    }


def told() -> dict[tuple[str, str], dict[str, Estimate]]:
    """All figures with 95 % intervals, by rating and policy."""
    sellers, runs = (pd.read_csv(FOLDER / f"entry_and_exit{part}.csv") for part in ("_sellers", ""))
    found = {}
    for (rating, policy), mine in sellers.groupby(["rating", "policy"], sort=False):
        rows = [figures_of(each) for _, each in mine.groupby("replication")]
        estimates = {name: estimate([row[name] for row in rows]) for name in rows[0]}
        of_runs = runs[(runs["rating"] == rating) & (runs["policy"] == policy)]
        for name in ("cost_reduction", "contractor_margin", "contractors_in_the_red"):
            estimates[name] = estimate(of_runs[name].tolist())
        found[str(rating), str(policy)] = estimates
    return found


@cli.command()
def table() -> None:
    """Means with 95 % intervals."""
    rows = told()
    names = list(next(iter(rows.values())))
    print(f"| ratings, policy | {' | '.join(names)} |")
    print("|---|" + "---:|" * len(names))
    for (rating, policy), estimates in rows.items():
        print(f"| {rating}, {policy} | {' | '.join(with_half_width(estimates[name]) for name in names)} |")


def kept(axes: Axes, policy: str, rows: Mapping[tuple[str, str], Mapping[str, Estimate]]) -> None:
    """How many of the good and of the bad were kept, a row a rating."""
    sides = (("good", BLUE, "o", -0.12), ("bad", VERMILLION, "s", 0.12))
    for place, rating in enumerate(RATINGS):
        for side, colour, marker, aside in sides:
            each = rows[rating, policy][f"kept, of {side} sellers (%)"]
            axes.errorbar(
                each.mean or 0.0,
                place + aside,
                xerr=each.half_width,
                color=colour,
                marker=marker,
                linestyle="",
            )
    axes.set_yticks(range(len(RATINGS)), list(RATINGS))
    axes.set_ylim(len(RATINGS) - 0.5, -0.5)
    axes.set_xlabel("Sellers kept (%)")
    axes.set_title(policy, color=GREY, loc="left")


@cli.command()
@click.argument("title")
def draw(title: str) -> None:
    """Draw the figure beside the page, under a TITLE that says the finding."""
    rows = told()
    with our_style():
        figure = page(title, f"two days; {mean_shown(REPLICATIONS, 'bars')}", 3.2)
        for axes, policy in zip(figure.subplots(1, 2, sharey=True, sharex=True), POLICIES, strict=True):
            kept(axes, policy, rows)
        for side, colour, marker in (("better than the mean", BLUE, "o"), ("worse", VERMILLION, "s")):
            figure.axes[0].plot([], [], color=colour, marker=marker, linestyle="", label=side)
        figure.legend(loc="outside lower center", ncols=2)
        save(figure, HERE / "entry_and_exit.png")


if __name__ == "__main__":
    cli()
