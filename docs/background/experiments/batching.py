"""How far a constant speed misleads where a machine serves all its requests at once: plays, tables and draws.

From the root of a clone::

    python docs/background/experiments/batching.py play    # into results/experiments/; five minutes
    python docs/background/experiments/batching.py table   # its means, as Markdown
    python docs/background/experiments/batching.py draw    # the figure, beside the page
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
import pandas as pd
from matplotlib.axes import Axes

import coalesce_sim
from coalesce_sim.experiments.replication import Wanted
from coalesce_sim.experiments.runs import metrics_of
from coalesce_sim.numbers import with_half_width
from coalesce_sim.report.look import BLUE, COLOURS, VERMILLION, mean_shown, our_style, page, save
from coalesce_sim.statistics.intervals import Estimate, estimate

HERE: Final = Path(__file__).parent
PLAYED: Final = Path("results/experiments/batching.csv")
REPLICATIONS: Final = 6
REQUESTS: Final = 1500
RATES: Final = (0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 12, 16)
"""Requests a second; at 512 at once the machine can write for about twenty."""

CURVE: Final = "as measured"
BATCHES: Final = (8, 64, 512)


def models() -> dict[str, Sequence[str]]:
    """The machine as it is measured, and with slots whose speed is that of one batch, whoever is there."""
    machine = "profile: h100_sxm, prefill_tokens_per_s: 20000, serves: Llama 3.1 8B Instruct"
    return {CURVE: ()} | {
        f"constant, batch of {batch}": (
            "contractors[0].batch_curve=null",
            f"contractors[0].slots={batch}",
            f"contractors[0].hardware={{{machine}, batch: {batch}}}",
        )
        for batch in BATCHES
    }


@click.group()
def cli() -> None:
    """Batching against a constant speed."""


def played_at(changes: Sequence[str], rate: float) -> list[Mapping[str, float]]:
    """The metrics of all replications."""
    gap = f"{{exponential: {{mean: {1 / rate}}}}}"
    settings = [f"workload.arrivals={{kind: renewal, gap_s: {gap}, limit: {REQUESTS}}}", "clock.days=30"]
    scenario = coalesce_sim.load("batching", [*settings, *changes])
    items = [(scenario, scenario.seed, replication) for replication in range(REPLICATIONS)]
    return list(metrics_of(items, jobs=2, emit=lambda *_: None, wanted=Wanted(), core="simpy"))


@cli.command()
def play() -> None:
    """Play every machine at every rate."""
    rows: list[dict[str, Any]] = []
    for model, changes in models().items():
        for rate in RATES:
            for replication, metrics in enumerate(played_at(changes, rate)):
                rows.append(
                    {
                        "model": model,
                        "rate": rate,
                        "replication": replication,
                        "turnaround_s": metrics["turnaround_p50_s"],
                        "usd_per_1000": 1000 * metrics["contractor_work_usd"] / metrics["tasks"],
                    }
                )
            click.echo(f"{model}: {rate:g} a second")
    PLAYED.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(PLAYED, index=False)


def at_rates(runs: pd.DataFrame, model: str, metric: str) -> list[Estimate]:
    """Means with 95 % intervals, one a rate."""
    mine = runs[runs["model"] == model].groupby("rate")[metric]
    return [estimate(values.tolist()) for _, values in mine]


METRICS: Final = {
    "turnaround_s": "Median time to the answer (s)",
    "usd_per_1000": "What the machine costs (USD for 1,000 requests)",
}


@cli.command()
def table() -> None:
    """Means with 95 % intervals at every rate."""
    runs = pd.read_csv(PLAYED)
    for metric, label in METRICS.items():
        print(f"\n| {label} at … a second | {' | '.join(f'{rate:g}' for rate in RATES)} |")
        print("|---|" + "---:|" * len(RATES))
        for model in models():
            cells = [with_half_width(each) for each in at_rates(runs, model, metric)]
            print(f"| {model} | {' | '.join(cells)} |")


LOOK: Final = ((BLUE, "o"), (COLOURS[5], "s"), (COLOURS[3], "^"), (VERMILLION, "D"))


def lines(axes: Axes, runs: pd.DataFrame, metric: str) -> None:
    """A line a model."""
    for model, (colour, marker) in zip(models(), LOOK, strict=True):
        estimates = at_rates(runs, model, metric)
        means = [each.mean or 0.0 for each in estimates]
        halves = [each.half_width or 0.0 for each in estimates]
        axes.errorbar(RATES, means, yerr=halves, color=colour, marker=marker, label=model)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("Requests a second")
    axes.set_ylabel(METRICS[metric])


@cli.command()
def draw() -> None:
    """Draw the figure beside the page."""
    runs = pd.read_csv(PLAYED)
    title = (
        "A constant speed is right at one load only: taken from a batch of 64 it makes a lone request twice "
        "as slow as it is, and thirty times too cheap"
    )
    with our_style():
        figure = page(title, f"Llama 3.1 8B on one H100; {mean_shown(REPLICATIONS, 'bars')}", 3.6)
        one, other = figure.subplots(1, 2)
        lines(one, runs, "turnaround_s")
        lines(other, runs, "usd_per_1000")
        handles, labels = one.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        save(figure, HERE / "batching.png")


if __name__ == "__main__":
    cli()
