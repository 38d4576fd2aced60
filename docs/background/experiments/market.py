"""What `market.md` shows of the profile's assumptions: some varied one at a time, and where savings turn.

From the root of a clone::

    python docs/background/experiments/market.py play    # into results/experiments/market.csv; five minutes
    python docs/background/experiments/market.py table   # its means and turning points, as Markdown
    python docs/background/experiments/market.py draw    # the figure, beside the page
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import coalesce_sim
from coalesce_sim.experiments.replication import Wanted
from coalesce_sim.experiments.runs import metrics_of
from coalesce_sim.numbers import number, with_half_width
from coalesce_sim.report.look import (
    BLUE,
    COLOURS,
    GREY,
    NOTE_PT,
    VERMILLION,
    mean_shown,
    our_style,
    page,
    save,
)
from coalesce_sim.statistics.intervals import Estimate, estimate

HERE: Final = Path(__file__).parent
LIGHT_BLUE: Final = COLOURS[5]
PLAYED: Final = Path("results/experiments/market.csv")
VARIANTS: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "market": ("market", ()),
    "market_viable": ("market_viable", ()),
    "market, greedy": ("market", ("policy={kind: greedy}",)),
}
METRICS: Final = ("cost_reduction", "cash_saving", "delay_saving", "loss_saving", "contractors_in_the_red")
REPLICATIONS: Final = 20
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Fact:
    """One assumption: its levels, in order; `usual` is the profile's. In its `setting` `{0}` stands for a
    fifth of the level, `{1}` for nine fifths, `{2}` for the level."""

    name: str
    unit: str
    levels: Sequence[float]
    usual: float
    setting: str

    def at(self, level: float) -> str:
        """What is set for a level."""
        return self.setting.format(0.2 * level, 1.8 * level, level)


FACTS: Final = (
    Fact(
        "value at stake",
        "USD a task",
        (0.05, 0.1, 0.2, 0.35, 0.5, 1, 2, 5, 10),
        5,
        "workload.attributes.value_usd={{uniform: {{low: {0}, high: {1}}}}}",
    ),
    Fact(
        "price of delay",
        "USD/min",
        (0, 0.006, 0.02, 0.06, 0.2, 0.6, 1.158, 2, 5),
        0.06,
        "cost_model.late_usd_per_min={2}",
    ),
    Fact(
        "own success",
        "share of good work at home",
        (0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.96),
        0.5,
        "clients.success={2}",
    ),
    Fact(
        "bad work found",
        "share, by tests",
        (0, 0.25, 0.5, 0.7, 0.85, 0.95, 1),
        0.85,
        "contracts.verification.automated.sensitivity={2}",
    ),
    Fact(
        "price of a check by hand",
        "USD",
        (0, 0.3, 0.6, 1.2, 2.4, 4.8, 9.6),
        1.2,
        "contracts.verification.manual.usd={2}",
    ),
)


def played_at(variant: str, change: str) -> list[Mapping[str, float]]:
    """The metrics of all replications."""
    profile, changes = VARIANTS[variant]
    scenario = coalesce_sim.load(profile, [*changes, change])
    items = [(scenario, scenario.seed, replication) for replication in range(REPLICATIONS)]
    return list(metrics_of(items, jobs=1, emit=lambda *_: None, wanted=Wanted(), core="compiled"))


@click.group()
def cli() -> None:
    """Assumptions of the market."""


@cli.command()
def play() -> None:
    """Play every fact at every level, in all variants."""
    rows: list[dict[str, Any]] = []
    for variant in VARIANTS:
        for fact in FACTS:
            for level in fact.levels:
                for replication, metrics in enumerate(played_at(variant, fact.at(level))):
                    row = {"variant": variant, "fact": fact.name, "level": level, "replication": replication}
                    rows.append(row | {name: metrics[name] for name in METRICS})
                click.echo(f"{variant}: {fact.name} {level:g}")
    PLAYED.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(PLAYED, index=False)


def saved(runs: pd.DataFrame, variant: str, fact: Fact, metric: str = "cost_reduction") -> Floats:
    """A metric as (levels, replications)."""
    mine = runs[(runs["variant"] == variant) & (runs["fact"] == fact.name)]
    values: Floats = mine.pivot(index="level", columns="replication", values=metric).to_numpy()
    return values


def turns(values: Floats, levels: Sequence[float]) -> list[float]:
    """Where the mean over replications goes through 0, between levels by a straight line."""
    means = values.mean(axis=1)
    found = []
    for (low, high), (one, other) in zip(pairwise(levels), pairwise(means), strict=True):
        if one * other < 0:
            found.append(float(low + (high - low) * one / (one - other)))
    return found


def turning(values: Floats, levels: Sequence[float]) -> tuple[float, float, float] | None:
    """The turning point with a 95 % bootstrap interval over replications; None where there is none, or where
    more than one resample in forty has none."""
    at = turns(values, levels)
    if len(at) != 1:
        return None
    rng = np.random.default_rng(1)
    drawn = [turns(values[:, rng.integers(0, values.shape[1], values.shape[1])], levels) for _ in range(2000)]
    there = [each[0] for each in drawn if each]
    if len(there) < 0.975 * len(drawn):
        return None
    low, high = np.percentile(there, [2.5, 97.5]).tolist()
    return at[0], low, high


@cli.command()
def table() -> None:
    """Means with 95 % intervals at every level, and turning points."""
    runs = pd.read_csv(PLAYED)
    for fact in FACTS:
        print(f"\n| {fact.name}, {fact.unit} | {' | '.join(f'{each:g}' for each in fact.levels)} |")
        print("|---|" + "---:|" * len(fact.levels))
        for variant in VARIANTS:
            for metric in METRICS:
                cells = [
                    with_half_width(estimate(row)) for row in saved(runs, variant, fact, metric).tolist()
                ]
                print(f"| {variant}, {metric} | {' | '.join(cells)} |")
            print(f"turns: {turning(saved(runs, variant, fact), fact.levels)}")


LOOK: Final = dict(zip(VARIANTS, ((BLUE, "o"), (LIGHT_BLUE, "s"), (VERMILLION, "^")), strict=True))
LABELS: Final = dict(
    zip(VARIANTS, ("market, TOPSIS as it comes", "market_viable, the same", "market, greedy"), strict=True)
)
LEAST: Final = -105
"""Where the axis ends: a saving below is drawn as an arrow."""


def by_range(runs: pd.DataFrame) -> list[Fact]:
    """The facts, first the one that moves the market's saving most."""
    means = {fact.name: saved(runs, "market", fact).mean(axis=1) for fact in FACTS}
    return sorted(FACTS, key=lambda fact: -float(np.ptp(means[fact.name])))


def bars(axes: Axes, runs: pd.DataFrame, facts: Sequence[Fact]) -> None:
    """A line a fact and variant over all its levels, with an interval at each; the end levels named."""
    for place, fact in enumerate(facts):
        for line, (variant, (colour, marker)) in enumerate(LOOK.items()):
            height = place + 0.26 * (line - 1)
            levels = [estimate(row) for row in saved(runs, variant, fact).tolist()]
            means = [each.mean or 0.0 for each in levels]
            axes.plot([max(LEAST, min(means)), max(means)], [height] * 2, color=colour, linewidth=1.0)
            for mean, each in zip(means, levels, strict=True):
                if mean < LEAST:
                    axes.plot(LEAST + 2, height, "<", color=colour, markersize=4)
                    axes.text(LEAST + 5, height - 0.14, number(mean, 0), **beside(colour))
                else:
                    axes.errorbar(mean, height, xerr=each.half_width, color=colour, linewidth=0.8)
                    axes.plot(mean, height, marker, color=colour)
            named(axes, fact, levels, height, colour)


def named(axes: Axes, fact: Fact, at: Sequence[Estimate], height: float, colour: str) -> None:
    """The levels at which the least and the most is saved, beside these ends."""
    means = [each.mean or 0.0 for each in at]
    for end, side, way in ((int(np.argmin(means)), "right", -1), (int(np.argmax(means)), "left", 1)):
        if means[end] > LEAST:
            aside = means[end] + way * ((at[end].half_width or 0.0) + 1.5)
            axes.text(aside, height, f"{fact.levels[end]:g}", **beside(colour), ha=side)


def beside(colour: str) -> dict[str, Any]:
    """How small words stand in the figure."""
    return {"fontsize": NOTE_PT - 1, "color": colour, "va": "center"}


def turned(axes: Axes, runs: pd.DataFrame, facts: Sequence[Fact]) -> None:
    """Beside each fact, at which level the saving goes through 0."""
    for place, fact in enumerate(facts):
        for line, (variant, (colour, _)) in enumerate(LOOK.items()):
            found = turning(saved(runs, variant, fact), fact.levels)
            text = "–" if found is None else "{:.2f} [{:.2f}, {:.2f}]".format(*found)
            axes.text(
                1.02,
                place + 0.26 * (line - 1),
                text,
                **beside(colour),
                transform=axes.get_yaxis_transform(),
            )
    axes.text(1.02, -0.75, "turns at", **beside(GREY), transform=axes.get_yaxis_transform())


@cli.command()
def draw() -> None:
    """Draw the figure beside the page."""
    runs = pd.read_csv(PLAYED)
    facts = by_range(runs)
    worth = turning(saved(runs, "market", FACTS[0]), FACTS[0].levels)
    good = turning(saved(runs, "market", FACTS[2]), FACTS[2].levels)
    assert worth is not None
    assert good is not None
    title = (
        f"What is saved hangs on what bad work loses: below {number(worth[0], 1)} USD a task, or above "
        f"{number(100 * good[0], 0)} % good work at home, hiring by TOPSIS costs more than it saves"
    )
    with our_style():
        figure = page(title, f"one fact varied at a time; {mean_shown(REPLICATIONS, 'whiskers')}", 4.3)
        axes = figure.add_subplot()
        bars(axes, runs, facts)
        axes.set_yticks(range(len(facts)), [f"{each.name}\n({each.unit})" for each in facts])
        axes.set_ylim(len(facts) - 0.5, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.set_xlim(LEAST, 90)
        axes.axvline(0, color=GREY, linewidth=0.8, zorder=1)
        axes.set_xlabel("Cost saved (% of all-local)")
        turned(axes, runs, facts)
        for variant, (colour, marker) in LOOK.items():
            axes.plot([], [], marker=marker, color=colour, label=LABELS[variant])
        figure.legend(loc="outside lower center", ncols=3)
        save(figure, HERE / "market.png")


if __name__ == "__main__":
    cli()
