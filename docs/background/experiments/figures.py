"""The figures of these pages, drawn from what `played.py` played.

From the root of a clone: ``python docs/background/experiments/figures.py``, or with the names of some.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
import matching
import numpy as np
import pandas as pd
from drawing import legend_below, of_each, points, span
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from played import (
    COMPARISONS,
    LEARNERS,
    NO_RULE,
    PLAYED,
    RANGE,
    RISK,
    RISKS,
    TOPSIS,
    incidents,
    over_tasks,
    own_agents,
    own_agents_over_tasks,
    saved,
    topsis_at,
)
from splitting import draw_splitting

from coalesce_sim import open_results
from coalesce_sim.experiments.contenders import YARDSTICKS
from coalesce_sim.metrics import SAVINGS
from coalesce_sim.report.costs import SAVED_IN
from coalesce_sim.report.fields import capital
from coalesce_sim.report.look import (
    BAND,
    BLUE,
    COLOURS,
    GREY,
    VERMILLION,
    label_ends,
    looks,
    mean_shown,
    name_axis,
    our_style,
    page,
    save,
    value_axis,
)
from coalesce_sim.statistics.intervals import estimate

HERE: Final = Path(__file__).parent
_, _, GREEN, PINK, ORANGE, SKY = COLOURS
IN_ALL: Final = "Cost saved in all (% of all-local)"
ROW_IN: Final = 0.2


def draw_skill_threshold() -> Figure:
    """Page 2: what is outsourced and saved at each θ_skill, in two markets."""
    figure = page(
        "At θ_skill = 0.9 both markets are shut; up to 0.7 it makes little difference to the learning one, "
        "which saves losses, not cash",
        "ε = 0.1, seed 1, the same random numbers at every θ; bars: 95 % interval",
        2.9,
    )
    panels = figure.subplots(1, 2, sharey=True)
    lines = ["outsourcing_rate", *SAVINGS, "cost_reduction"]
    labels = ["tasks outsourced", *(f"saved in {group}" for group in SAVED_IN.values()), "saved in all"]
    for axes, (name, market) in zip(
        panels, {"threshold": "Published", "threshold_market": "Learning"}.items(), strict=True
    ):
        runs = open_results(PLAYED / name).runs
        thresholds = runs["skills.threshold"].unique()
        for metric, label, colour, marker in zip(
            lines, labels, (GREY, VERMILLION, ORANGE, GREEN, BLUE), "Ds^vo", strict=True
        ):
            values = of_each(runs, metric, "skills.threshold")
            points(axes, thresholds, values, color=colour, marker=marker, label=label)
        axes.set_title(f"{market} market, {mean_shown(values[0].n, 'bars').partition(';')[0]}")
        axes.set_xlabel("Skill threshold θ_skill")
        axes.set_xticks(thresholds)
    value_axis(panels[0], "Tasks, or cost of all-local (%)", along="y")
    panels[1].axhline(0, color=GREY, linewidth=0.8, zorder=1)
    legend_below(figure, panels[0])
    return figure


def draw_epsilon() -> Figure:
    """Page 3: savings by ε, for three sizes of the pool, and without the confidence rule."""
    chance = saved("epsilon_no_rule", "random")
    figure = page(
        "No best ε is shown: savings rise with it, without the confidence rule up to those of random choice; "
        "they are losses avoided, while cash is lost at every ε",
        "experiments_epsilon, 500 tasks from a cold ledger, seed 1, the same random numbers at every ε; "
        f"{mean_shown(chance.n, 'bars')}",
        2.9,
    )
    panels = figure.subplots(1, 2)

    def curve(axes: Axes, name: str, more: str = "", shift: float = 0.0, **look: Any) -> None:
        values = [saved(name, policy) for policy in topsis_at(RANGE, more)]
        points(axes, np.array(RANGE) + shift, values, **look)

    for n, colour, marker, shift in (
        (10, VERMILLION, "s", -0.002),
        (30, BLUE, "o", 0.0),
        (100, GREEN, "^", 0.002),
    ):
        curve(panels[0], f"epsilon_{n}", shift=shift, color=colour, marker=marker, label=f"{n} contractors")
    curve(panels[1], "epsilon_30", color=BLUE, marker="o", label="as published")
    without = "without the confidence rule"
    curve(panels[1], "epsilon_no_rule", NO_RULE, color=ORANGE, marker="D", label=without)
    panels[1].axhline(chance.mean, color=GREY, linestyle=":", label="random choice")
    panels[1].axhspan(*chance.ci95, color=GREY, alpha=BAND, linewidth=0)
    for axes, title in zip(panels, ("TOPSIS as published", "30 contractors"), strict=True):
        axes.set_title(title)
        axes.set_xlabel("Exploration rate ε")
        axes.set_ylim(bottom=0)
        value_axis(axes, IN_ALL, along="y")
        axes.legend(loc="lower right")
    return figure


def draw_cold_start() -> Figure:
    """Page 4: what each policy has saved by each of the first 100 tasks."""
    figure = page(
        "No policy falls behind staying at home in its first 100 tasks; TOPSIS sits out the first ten",
        "first 100 tasks from a cold ledger, seed 1; band: 95 % interval",
        3.1,
    )
    panels = figure.subplots(1, 2)
    for axes, (name, market) in zip(
        panels, {"cold_market": "Learning market", "cold_records": "Recorded tasks"}.items(), strict=True
    ):
        table = pd.read_parquet(PLAYED / name / "learning.parquet")
        table = table[table["policy"] != "oracle"]  # saves so much that the others could not be told apart
        policies = table["policy"].drop_duplicates().tolist()
        ends = []
        found = looks(policies, YARDSTICKS)
        for policy, (colour, _, style) in zip(policies, found, strict=True):
            rows = table[table["policy"] == policy]
            task = [0, *rows["last_task"]]
            mean, width = (np.array([0.0, *rows[x]]) for x in ("saved_usd", "saved_usd_half_width"))
            axes.plot(task, mean, color=colour, linestyle=style)
            axes.fill_between(task, mean - width, mean + width, color=colour, alpha=0.08, linewidth=0)
            ends.append(mean[-1])
        axes.set_xlim(0, 100)
        axes.set_title(f"{market}, mean of {COMPARISONS[name].replications} replications")
        axes.set_xlabel("Number of the task")
        value_axis(axes, "Saved so far against all-local (USD)", along="y")
        label_ends(axes, "policy", policies, ends, [colour for colour, *_ in found])
    return figure


def draw_real_agents() -> Figure:
    """What policies save on the records in cash, in losses and in all, over 240 and over 2,000 tasks."""
    learners = sorted(LEARNERS, key=lambda policy: -(saved("records_240", policy).mean or 0.0))
    order = ["oracle", "best_fixed", *learners, "random", *TOPSIS]
    by_rule = {"cheapest", "greedy", "optimistic_greedy"}
    names = [
        f"{each} (yardstick)" if each in YARDSTICKS else f"{each} *" if each in by_rule else each
        for each in order
    ]
    cash, losses, in_all = (
        [saved("records_240", each, metric).mean or 0.0 for each in by_rule]
        for metric in ("cash_saving", "loss_saving", "cost_reduction")
    )
    figure = page(
        "With Qwen3-Coder-Next at home greedy rules without random exploration (*) save "
        f"{span(cash)} % in cash, {span(losses)} % in losses, in all {span(in_all)} % on 240 tasks",
        "a task costs 3.46 USD at home; replayed records of real agents, cold ledger, seed 1; "
        f"{mean_shown(COMPARISONS['records_240'].replications, 'bars')}",
        0.8 + ROW_IN * len(order),
    )
    panels = figure.subplots(1, 3, sharey=True)
    metrics = {"cash_saving": "cash", "loss_saving": "losses", "cost_reduction": "in all"}
    for axes, (metric, group) in zip(panels, metrics.items(), strict=True):
        for name, label, colour, marker, shift in (
            ("records_240", "240 tasks", BLUE, "o", -0.14),
            ("records_2000", "2,000 tasks", VERMILLION, "s", 0.14),
        ):
            values = [saved(name, policy, metric) for policy in order]
            places = np.arange(len(order)) + shift
            points(axes, places, values, along="x", color=colour, marker=marker, label=label)
        name_axis(axes, names)
        value_axis(axes, f"Saved {group if group == 'in all' else f'in {group}'} (%)", along="x")
    panels[-1].axvline(15, color=GREY, linestyle="--", linewidth=0.8, label="15 %, open question 1")
    legend_below(figure, panels[-1])
    return figure


def draw_own_agents() -> Figure:
    """What greedy saves by who works at home, and by the cost of unresolved work."""
    runs = own_agents().runs
    at_five = runs[runs["contracts.rework_usd"] == 5]
    by_agent = at_five.groupby("records.own_agent")
    means = by_agent[["cash_saving", "loss_saving", "cost_reduction"]].mean()
    means = means.sort_values("cost_reduction", ascending=False)
    home_usd = by_agent["all_local_usd"].mean() / at_five["tasks"].mean()
    cash, losses, in_all = (span(means[column].tolist()) for column in means)
    figure = page(
        f"What hiring saves depends on who works at home: {cash} % in cash, {losses} % in losses, "
        f"in all {in_all} %",
        "greedy, 240 recorded tasks, cold ledger, seed 1; mean of 20 replications; thick bars: 95 % interval "
        "over these; thin bars: over tasks too, 12 bootstrap samples × 4 runs",
        0.8 + 0.155 * len(means),
    )
    left, right = figure.subplots(1, 2, width_ratios=[1.35, 1])
    wide = over_tasks(own_agents_over_tasks(), "records.own_agent")
    for row, agent in enumerate(means.index):
        colour = VERMILLION if agent == MARKED else BLUE
        over_runs = estimate(by_agent.get_group(agent)["cost_reduction"].tolist())
        left.plot(over_runs.ci95, [row, row], linewidth=4, alpha=0.45, solid_capstyle="butt", color=colour)
        left.plot(wide[agent].ci95, [row, row], linewidth=1, color=colour)
    rows = range(len(means))
    left.plot(means["cash_saving"], rows, "s", color=ORANGE, label="in cash", markersize=2.5)
    left.plot(means["loss_saving"], rows, "^", color=GREEN, label="in losses", markersize=2.5)
    left.plot(means["cost_reduction"], rows, "o", color=BLUE, label="in all")
    left.plot(means["cost_reduction"][MARKED], means.index.get_loc(MARKED), "o", color=VERMILLION)
    name_axis(left, [f"{agent}  {home_usd[agent]:.2f}" for agent in means.index])
    left.axvline(15, color=GREY, linestyle="--", linewidth=0.8, label="15 %")
    left.set_title("Unresolved work costs 5 USD")
    left.set_ylabel("Agent at home, and what a task costs there (USD)")
    value_axis(left, "Saved (% of all-local)", along="x")
    legend_below(figure, left)

    by_cost = runs.groupby(["contracts.rework_usd", "records.own_agent"])["cost_reduction"].mean().unstack()
    median, last = by_cost.median(axis=1), by_cost.iloc[-1]
    right.plot(by_cost, color=BLUE, alpha=0.4, linewidth=0.6)
    right.plot(by_cost[MARKED], color=VERMILLION, marker="s")
    right.plot(median, color="black", linestyle="--", marker="D")
    right.set_xscale("log")
    right.xaxis.set_major_locator(FixedLocator(by_cost.index))
    right.xaxis.set_minor_locator(NullLocator())
    right.xaxis.set_major_formatter("{x:g}")
    right.set_title("By the cost of unresolved work")
    right.set_xlabel("Cost of unresolved work (USD a task)")
    value_axis(right, IN_ALL, along="y")
    named = [last.idxmax(), MARKED, "MiniMax-M3", last.idxmin()]
    label_ends(
        right,
        "",
        [*named, "median of 30"],
        [*last[named], median.iloc[-1]],
        [VERMILLION if agent == MARKED else BLUE for agent in named] + ["black"],
    )
    return figure


MARKED: Final = "Qwen3-Coder-Next"
"""The agent of the page on recorded agents."""


def draw_incidents() -> Figure:
    """What each overhead of security gains at three risks, with TOPSIS and hiring at random."""
    runs = incidents().runs
    figure = page(
        "The paper's overheads cost nothing that shows, and are worth what they avert",
        "market_day, 0.04 days, seed 1; each averts half of what it can, by assumption; against none; "
        f"{mean_shown(runs['replication'].nunique(), 'bars')}",
        2.9,
    )
    panels = figure.subplots(1, 2, sharey=True)
    overheads = {"encryption": BLUE, "enclave": VERMILLION, "audit": GREEN, "all": "black"}
    for axes, policy in zip(panels, ("topsis", "random"), strict=True):
        for shift, ((overhead, colour), marker) in enumerate(zip(overheads.items(), "os^D", strict=True)):
            gains = []
            for risk in RISKS:
                here = runs[(runs["policy"] == policy) & (runs[RISK] == risk)]
                by = here.pivot(index="replication", columns="contracts.security", values="cost_reduction")
                gains.append(estimate((by[overhead] - by["none"]).tolist()))
            places = np.arange(len(RISKS)) + 0.13 * (shift - 1.5)
            points(axes, places, gains, color=colour, marker=marker, linestyle="none", label=overhead)
        axes.axhline(0, color=GREY, linewidth=0.8, zorder=1)
        axes.set_xticks(range(len(RISKS)), [f"{risk:g}" for risk in RISKS])
        axes.set_xlabel("Probability of an incident on a contract")
        axes.set_title({"topsis": "TOPSIS", "random": "Hiring at random"}[policy])
    value_axis(panels[0], "Cost reduction gained, in all (points)", along="y")
    legend_below(figure, panels[0])
    return figure


def draw_skill_matching() -> Figure:
    """What each part of eq. 12 saves where truth is known, and on recorded agents."""
    built = pd.read_csv(PLAYED / "parts_built.csv")
    few = open_results(PLAYED / "parts_recorded_few").runs
    markets = {f"Truth: {truth}": built[built["truth"] == truth] for truth in matching.TRUTHS}
    markets["Recorded agents"] = few.assign(parts=few["skills"])
    words = {"hybrid": "all three", "ontology": "skills", "embedding": "texts", "performance": "record"}
    names = [" + ".join(words.get(part, part) for part in label.split(" + ")) for label in matching.WEIGHTS]
    figure = page(
        "On recorded agents all three together save no more than the record alone; texts alone save least",
        "five best by eq. 12, one of them hired at random, cold ledger; truth: what good work follows; "
        "bars: 95 % interval",
        0.75 + 1.3 * ROW_IN * len(names),
    )
    panels = figure.subplots(1, 4, sharey=True)
    for axes, (title, runs) in zip(panels, markets.items(), strict=True):
        values = [
            estimate(runs.loc[runs["parts"] == label, "cost_reduction"].tolist())
            for label in matching.WEIGHTS
        ]
        recorded = title == "Recorded agents"
        colour, marker = (VERMILLION, "s") if recorded else (BLUE, "o")
        points(axes, range(len(names)), values, along="x", color=colour, marker=marker)
        axes.set_title(f"{title}, n = {values[0].n}")
        axes.set_xlim(left=0)
        name_axis(axes, names)
        value_axis(axes, "Saved in all (%)", along="x")
    return figure


def draw_topsis_and_kin() -> Figure:
    """What policies save that hire whomever they put first, by how they come to their order."""
    rows = {
        f"TOPSIS, {weighting.replace('critic', 'CRITIC')}, {scale.replace('_', '-')}": name
        for (weighting, scale), name in matching.TOPSIS_VARIANTS.items()
    }
    rows |= {"weighted sum": "weighted_sum", "VIKOR": "vikor", "least cost": "always_outsource"}
    rows |= {"random": "random"}
    markets = {
        "kin_records": "recorded agents",
        "kin_market": "market profile",
        "kin_published": "published market",
    }
    figure = page(
        "No synthesis of four criteria is shown to save more than the least expected cost",
        "all hire whomever they put first, whatever home costs; seed 1; bars: 95 % interval",
        0.75 + ROW_IN * len(rows),
    )
    panels = figure.subplots(1, 3, sharey=True)
    for axes, (name, title) in zip(panels, markets.items(), strict=True):
        values = [saved(name, policy) for policy in rows.values()]
        for row, (value, policy) in enumerate(zip(values, rows.values(), strict=True)):
            colour, marker = (VERMILLION, "s") if policy == "always_outsource" else (BLUE, "o")
            points(axes, [row], [value], along="x", color=colour, marker=marker)
        least_cost = saved(name, "always_outsource").mean
        axes.axvline(least_cost, color=VERMILLION, linestyle=":", linewidth=0.8)
        axes.set_title(f"{capital(title)}, n = {values[0].n}")
        name_axis(axes, list(rows))
        value_axis(axes, "Saved in all (%)", along="x")
    return figure


FIGURES: Final[Mapping[str, Callable[[], Figure]]] = {
    "02_skill_threshold": draw_skill_threshold,
    "03_epsilon": draw_epsilon,
    "04_cold_start": draw_cold_start,
    "real_agents": draw_real_agents,
    "own_agents": draw_own_agents,
    "splitting": lambda: draw_splitting(pd.read_csv(PLAYED / "splitting.csv")),
    "incidents": draw_incidents,
    "skill_matching": draw_skill_matching,
    "topsis_and_kin": draw_topsis_and_kin,
}


@click.command()
@click.argument("names", nargs=-1)
def draw(names: Sequence[str]) -> None:
    """Draw the figures beside the pages."""
    for name in names or FIGURES:
        with our_style():
            save(FIGURES[name](), HERE / f"{name}.png")


if __name__ == "__main__":
    draw()
