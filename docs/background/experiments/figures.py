"""The figures of these pages, drawn from what `played.py` played.

From the root of a clone: ``python docs/background/experiments/figures.py``, or with the names of some.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
import matching
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from played import (
    COMPARISONS,
    LEARNERS,
    NO_RULE,
    PLAYED,
    RANGE,
    RISK,
    RISKS,
    TOPSIS,
    comparison,
    over_tasks,
    own_agents,
    own_agents_over_tasks,
    saved,
    security,
    topsis_at,
)
from splitting import COORDINATION_USD, SPECIALISATION, STEPS, at, break_even_usd, chosen

from coalesce_sim import open_results
from coalesce_sim.report.look import COLOURS, GREY, our_style
from coalesce_sim.statistics.intervals import estimate

HERE: Final = Path(__file__).parent
BLUE, VERMILLION, GREEN, PINK, ORANGE, SKY = COLOURS


def titled(figure: Figure, title: str, below: str) -> None:
    """A figure's finding, and what it was drawn from."""
    figure.suptitle(title, x=0.012, y=0.975, ha="left", fontsize=13.5)
    figure.text(0.012, 0.9, below, ha="left", va="center", fontsize=9.5, color=GREY)


def draw_epsilon() -> Figure:
    """Page 3: savings by ε, for three sizes of the pool, and without the confidence rule."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.4, 4.8))
    figure.subplots_adjust(left=0.07, right=0.98, top=0.74, bottom=0.12, wspace=0.2)
    figures = comparison("epsilon_30")

    def curve(axes: Axes, name: str, more: str, shift: float, **look: Any) -> None:
        points = [saved(name, policy) for policy in topsis_at(RANGE, more)]
        means, widths = zip(*points, strict=True)
        axes.errorbar(np.array(RANGE) + shift, means, widths, capsize=3.5, **look)

    for n, colour, marker, shift in (
        (10, VERMILLION, "s", -0.002),
        (30, BLUE, "o", 0.0),
        (100, GREEN, "^", 0.002),
    ):
        curve(left, f"epsilon_{n}", "", shift, color=colour, marker=marker, label=f"{n} contractors")
    curve(right, "epsilon_30", "", 0.0, color=BLUE, marker="o", label="as published")
    curve(
        right, "epsilon_no_rule", NO_RULE, 0.0, color=ORANGE, marker="D", label="without the confidence rule"
    )
    chance, width = saved("epsilon_no_rule", "random")
    right.axhline(chance, color=GREY, linestyle=":", label="random choice")
    right.axhspan(chance - width, chance + width, color=GREY, alpha=0.12, linewidth=0)
    for axes, title in ((left, "TOPSIS as published"), (right, "30 contractors")):
        axes.set_title(f"{title}, n = {figures['replications']}", loc="left", fontsize=11)
        axes.set_xlabel("ε, probability of exploring")
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, loc="lower left")
    left.set_ylabel("Honest cost reduction (%)")
    titled(
        figure,
        "No best ε is shown: savings rise with it, without the confidence rule up to those of random choice",
        "experiments_epsilon, 500 tasks from a cold ledger, seed 1, same random numbers at every ε; "
        "bars: 95 % confidence",
    )
    return figure


LOOKS: Final = {
    "topsis(epsilon=0.1)": (VERMILLION, "-"),
    "topsis(epsilon=0)": (VERMILLION, "--"),
    "greedy": (BLUE, "-"),
    "optimistic_greedy": (BLUE, "--"),
    "epsilon_greedy": (SKY, "-"),
    "ucb1": (GREEN, "-"),
    "thompson": (GREEN, "--"),
    "cheapest": ("black", "-"),
    "vickrey": (PINK, "-"),
    "random": (ORANGE, ":"),
    "best_fixed": (GREY, "-."),
    "always_local": (GREY, "-"),
}


def apart(heights: Sequence[float], least: float) -> list[float]:
    """Heights of labels in the same order, at least so far from each other, each near its own."""
    order = np.argsort(heights)
    placed = np.array(heights, dtype=float)[order]
    for _ in range(500):
        gaps = np.diff(placed)
        if (gaps >= 0.999 * least).all():
            break
        for i in np.flatnonzero(gaps < least):
            push = (least - (placed[i + 1] - placed[i])) / 2
            placed[i] -= push
            placed[i + 1] += push
    labels = np.empty_like(placed)
    labels[order] = placed
    return list(labels)


def draw_cold_start() -> Figure:
    """Page 4: what each policy has saved by each of the first 100 tasks."""
    figure, panels = plt.subplots(1, 2, figsize=(11.6, 5.2))
    figure.subplots_adjust(left=0.06, right=0.85, top=0.74, bottom=0.11, wspace=0.7)
    for axes, name, title in zip(
        panels, ("cold_market", "cold_records"), ("Learning market", "Recorded tasks"), strict=True
    ):
        table = pd.read_parquet(PLAYED / name / "learning.parquet")
        ends = {}
        for policy, (colour, style) in LOOKS.items():
            rows = table[table["policy"] == policy]
            task = [0, *rows["last_task"]]
            mean, width = (np.array([0.0, *rows[x]]) for x in ("saved_usd", "saved_usd_half_width"))
            axes.plot(task, mean, color=colour, linestyle=style, linewidth=1.8)
            axes.fill_between(task, mean - width, mean + width, color=colour, alpha=0.12, linewidth=0)
            ends[policy] = mean[-1]
        low, high = min(ends.values()), max(ends.values())
        for (policy, end), height in zip(
            ends.items(), apart([*ends.values()], (high - low) / 14), strict=True
        ):
            axes.annotate(
                policy, (100, end), (106, height), color=LOOKS[policy][0], va="center", fontsize=10,
                annotation_clip=False,
                arrowprops={"arrowstyle": "-", "color": LOOKS[policy][0], "lw": 0.8, "relpos": (0, 0.5)},
            )  # fmt: skip
        axes.set_xlim(0, 100)
        axes.set_title(f"{title}, n = {COMPARISONS[name].replications}", loc="left", fontsize=11)
        axes.set_xlabel("Number of the task")
        axes.set_ylabel("Saved so far against all-local (USD)")
    titled(
        figure,
        "No policy falls behind staying at home in its first 100 tasks; TOPSIS sits out the first ten",
        "First 100 tasks from a cold ledger, seed 1; mean, band: 95 % confidence",
    )
    return figure


def draw_real_agents() -> Figure:
    """What policies save on the records, over 240 and over 2,000 tasks."""
    order = [
        "oracle",
        "best_fixed",
        *sorted(LEARNERS, key=lambda x: -saved("records_240", x)[0]),
        "random",
        *TOPSIS,
    ]
    notes = dict.fromkeys(("oracle", "best_fixed", "random"), "yardstick") | dict.fromkeys(
        ("cheapest", "greedy", "optimistic_greedy", "ucb1", TOPSIS[0]), "no random exploration"
    )
    figure, axes = plt.subplots(figsize=(10.4, 5.5))
    figure.subplots_adjust(left=0.33, right=0.99, top=0.85, bottom=0.1)
    for name, label, colour, marker, shift in (
        ("records_240", "240 tasks", BLUE, "o", -0.12),
        ("records_2000", "2,000 tasks", VERMILLION, "s", 0.12),
    ):
        means, widths = zip(*(saved(name, policy) for policy in order), strict=True)
        axes.errorbar(
            means, np.arange(len(order)) + shift, xerr=widths, fmt=marker, color=colour, capsize=3.5, ms=6.5,
            label=f"{label}, n = {comparison(name)['replications']}",
        )  # fmt: skip
    axes.set_yticks(
        range(len(order)), [f"{each}  ({notes[each]})" if each in notes else each for each in order]
    )
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.axvline(15, color=GREY, linestyle="--", linewidth=1.2)
    axes.text(15.7, -0.55, "15 %, open question 1", fontsize=9, color=GREY, va="center")
    axes.set_xlabel("Honest cost reduction (%)")
    axes.legend(frameon=False, loc="lower right")
    low = min(saved("records_240", each)[0] for each in ("cheapest", "greedy", "optimistic_greedy"))
    high = max(saved("records_2000", each)[0] for each in ("cheapest", "greedy", "optimistic_greedy"))
    figure.suptitle(
        "With Qwen3-Coder-Next at home, greedy rules without random exploration save "
        f"{low:.0f} to {high:.0f} %",
        x=0.01, y=0.975, ha="left", fontsize=13.5,
    )  # fmt: skip
    figure.text(
        0.01, 0.905, color=GREY, fontsize=9.5, va="center",
        s="A task costs 3.46 USD at home. Replayed records of real agents, cold ledger, seed 1; "
        "bars: 95 % intervals over replications",
    )  # fmt: skip
    return figure


def draw_own_agents() -> Figure:
    """What greedy saves by who works at home, and by the cost of unresolved work."""
    runs = own_agents().runs
    at_five = runs[runs["contracts.rework_usd"] == 5]
    agents = at_five.groupby("records.own_agent")["cost_reduction"].mean().sort_values(ascending=False)
    home_usd = at_five.groupby("records.own_agent")["all_local_usd"].mean() / at_five["tasks"].mean()
    wide = over_tasks(own_agents_over_tasks(), "records.own_agent")
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.6, 7.2), width_ratios=[1.35, 1])
    figure.subplots_adjust(left=0.2, right=0.86, top=0.85, bottom=0.09, wspace=0.22)
    for row, (agent, mean) in enumerate(agents.items()):
        own = agent == "Qwen3-Coder-Next"
        look: dict[str, Any] = {"color": VERMILLION if own else BLUE}
        bold = {"fontweight": "bold", **look} if own else {"color": "black"}
        over_runs = estimate(at_five.loc[at_five["records.own_agent"] == agent, "cost_reduction"].tolist())
        left.plot(over_runs.ci95, [row, row], linewidth=4.5, alpha=0.45, solid_capstyle="butt", **look)
        left.plot(wide[str(agent)].ci95, [row, row], linewidth=1.4, **look)
        left.plot(mean, row, "s" if own else "o", **look)
        for x, text in ((-0.11, agent), (-0.02, f"{home_usd[agent]:.2f}")):
            left.text(
                x,
                row,
                text,
                transform=left.get_yaxis_transform(),
                ha="right",
                va="center",
                fontsize=8.5,
                **bold,
            )
    figure.text(0.01, 0.87, "Agent at home, and what a task costs it (USD)", fontsize=9.5, color=GREY)
    left.axvline(0, color=GREY, linewidth=1)
    left.axvline(15, color=GREY, linestyle="--", linewidth=1)
    left.text(16, -1, "15 %", color=GREY, fontsize=9, va="center")
    left.set_yticks([])
    left.set_ylim(len(agents) - 0.4, -1.6)
    left.set_xlabel("Honest cost reduction (%), unresolved work costing 5 USD")
    by_cost = runs.groupby(["contracts.rework_usd", "records.own_agent"])["cost_reduction"].mean().unstack()
    right.plot(by_cost, color=BLUE, alpha=0.5, linewidth=0.8)
    marked = by_cost["Qwen3-Coder-Next"]
    right.plot(marked, color=VERMILLION, marker="s", linewidth=2.5, markersize=7)
    median = by_cost.median(axis=1)
    right.plot(median, color="black", linestyle="--", marker="D", linewidth=2.5)
    last = by_cost.iloc[-1]
    for agent, colour in (
        (last.idxmax(), BLUE),
        ("Qwen3-Coder-Next", VERMILLION),
        ("MiniMax-M3", BLUE),
        (last.idxmin(), BLUE),
    ):
        right.text(21.5, last[agent], agent, color=colour, fontsize=8.5, va="center")
    right.text(21.5, median.iloc[-1] + 3.5, "median of 30", fontsize=8.5, va="center")
    right.axhline(0, color=GREY, linewidth=1)
    right.set_xscale("log")
    right.set_xticks(by_cost.index, [f"{cost:g}" for cost in by_cost.index])
    right.minorticks_off()
    right.set_xlabel("Cost of unresolved work (USD a task, log scale)")
    right.set_ylabel("Honest cost reduction (%)")
    low, high = f"{agents.iloc[-1]:.0f}".replace("-", "−"), f"{agents.iloc[0]:.0f}"
    figure.suptitle(
        f"Whether hiring saves is a matter of who works at home: from {low} to {high} %",
        x=0.01, y=0.985, ha="left", fontsize=13.5,
    )  # fmt: skip
    figure.text(
        0.01, 0.925, fontsize=9.5, color=GREY, va="center",
        s="greedy, 240 recorded tasks, cold start. Dots and thick bars: mean of 20 replications, 95 % "
        "interval over these;\n"
        "thin bars: 95 % interval over tasks and replications, 12 bootstrap samples × 4",
    )  # fmt: skip
    return figure


def draw_splitting() -> Figure:
    """What coordinating a step may cost, and what deciding by cost comes to."""
    runs = pd.read_csv(PLAYED / "splitting.csv")
    stated = {"known": "as advertised"}
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.6, 4.9))
    figure.subplots_adjust(left=0.08, right=0.985, top=0.75, bottom=0.12, wspace=0.22)
    for k, (steps, colour, marker) in enumerate(zip(STEPS, (VERMILLION, BLUE, GREEN), "so^", strict=True)):
        found = [break_even_usd(runs, steps=steps, specialisation=each, **stated) for each in SPECIALISATION]
        widths = [each.half_width for each in found]
        left.errorbar(
            np.array(SPECIALISATION) + 0.012 * (k - 1), [100 * each.mean for each in found],
            [100 * each for each in widths], color=colour, marker=marker, capsize=3.5, label=f"{steps} steps",
        )  # fmt: skip
    left.axhline(0, color=GREY, linewidth=1)
    left.set_xlabel("Specialisation σ: at 1 specialists never fail")
    left.set_ylabel("Break-even coordination (cents a step)")
    left.set_title("Below its line, splitting everything pays", loc="left", fontsize=11)
    left.legend(frameon=False, loc="upper left")
    here = {"steps": 4, "specialisation": 0.5, **stated}
    base = at(runs, "never", 0.0, **here)
    for label, colour, marker in (("always", VERMILLION, "s"), ("by cost", BLUE, "o")):
        saved = []
        for usd in COORDINATION_USD:
            if label == "always":
                cost = at(runs, "always", usd, **here)
            else:
                played = chosen(runs, rule="by cost", split_usd=usd, **here)
                cost = played["realised_usd"] / played["tasks"]
            saved.append(estimate((base - cost).tolist()))
        right.errorbar(
            [100 * usd for usd in COORDINATION_USD], [100 * each.mean for each in saved],
            [100 * each.half_width for each in saved], color=colour, marker=marker, capsize=3.5, label=label,
        )  # fmt: skip
    right.axhline(0, color=GREY, linewidth=1, label="never")
    right.set_xlabel("Coordination (cents a step)")
    right.set_ylabel("Saved against never splitting (cents a project)")
    right.set_title("Four steps, specialisation 0.5", loc="left", fontsize=11)
    right.legend(frameon=False, loc="lower left")
    titled(
        figure,
        "Splitting pays through specialists; the more steps, the cheaper coordination has to be",
        "experiments_splitting, 120 projects of 1 USD of work, 20 replications, seed 1, same random numbers; "
        "bars: 95 % confidence",
    )
    return figure


def draw_security() -> Figure:
    """What each overhead of security gains at three risks, with TOPSIS and hiring at random."""
    runs = security().runs
    figure, axes = plt.subplots(1, 2, figsize=(10.4, 4.8), sharey=True)
    figure.subplots_adjust(left=0.07, right=0.98, top=0.76, bottom=0.12, wspace=0.08)
    looks = {
        "encryption": (BLUE, "o"),
        "enclave": (VERMILLION, "s"),
        "audit": (GREEN, "^"),
        "all": ("black", "D"),
    }
    for each, policy in zip(axes, ("topsis", "random"), strict=True):
        for shift, (overhead, (colour, marker)) in enumerate(looks.items()):
            gains = []
            for risk in RISKS:
                here = runs[(runs["policy"] == policy) & (runs[RISK] == risk)]
                saved_by = here.pivot(
                    index="replication", columns="contracts.security", values="cost_reduction"
                )
                gains.append(estimate((saved_by[overhead] - saved_by["none"]).tolist()))
            means = [gain.mean for gain in gains]
            widths = [(gain.ci95[1] - gain.ci95[0]) / 2 for gain in gains]
            places = np.arange(len(RISKS)) + 0.13 * (shift - 1.5)
            each.errorbar(
                places, means, widths, fmt=marker, color=colour, capsize=3.5, ms=6.5, label=overhead
            )
        each.axhline(0, color=GREY, linewidth=1)
        each.set_xticks(range(len(RISKS)), [f"{risk:g}" for risk in RISKS])
        each.set_xlabel("Probability of an incident on a contract (security_risk)")
        each.set_title({"topsis": "TOPSIS", "random": "random"}[policy], loc="left", fontsize=11)
    axes[0].set_ylabel("Cost reduction gained (percentage points)")
    axes[0].legend(frameon=False, loc="upper left")
    titled(
        figure,
        "The paper's overheads cost nothing that shows, and are worth what they avert",
        "market_day, 0.04 days; each averts half of what it can, by assumption; against none, n = 10; "
        "bars: 95 % confidence",
    )
    return figure


def draw_skill_matching() -> Figure:
    """What each part of eq. 12 saves where truth is known, and on recorded agents."""
    built = pd.read_csv(PLAYED / "parts_built.csv")
    few = open_results(PLAYED / "parts_recorded_few").runs
    panels = [
        (f"Truth follows {truth}", runs)
        for truth, runs in ((truth, built[built["truth"] == truth]) for truth in matching.TRUTHS)
    ]
    panels.append(("Recorded agents", few.assign(parts=few["skills"])))
    labels = [*matching.WEIGHTS]
    figure, axes = plt.subplots(1, 4, figsize=(11.4, 4.6), sharey=True)
    figure.subplots_adjust(left=0.12, right=0.985, top=0.76, bottom=0.12, wspace=0.12)
    for each, (title, runs) in zip(axes, panels, strict=True):
        recorded = title == "Recorded agents"
        for row, label in enumerate(labels):
            saved_by = estimate(runs.loc[runs["parts"] == label, "cost_reduction"].tolist())
            assert saved_by.ci95 is not None
            each.plot(saved_by.ci95, [row, row], color=VERMILLION if recorded else BLUE, linewidth=2)
            each.plot(saved_by.mean, row, "s" if recorded else "o", color=VERMILLION if recorded else BLUE)
        each.set_title(f"{title}, n = {len(runs) // len(labels)}", loc="left", fontsize=10.5)
        each.set_xlim(left=0)
        each.set_xlabel("Honest cost reduction (%)")
    words = {"hybrid": "all three", "ontology": "skills", "embedding": "texts", "performance": "record"}
    named = [" + ".join(words.get(part, part) for part in label.split(" + ")) for label in labels]
    axes[0].set_yticks(range(len(labels)), named)
    axes[0].invert_yaxis()
    titled(
        figure,
        "On recorded agents all three together save no more than the record alone; texts alone save least",
        "Five best by eq. 12, one of them hired at random, from a cold start; bars: 95 % over replications",
    )
    return figure


def draw_topsis_and_kin() -> Figure:
    """What policies save that hire whomever they put first, by how they come to their order."""
    rows = {
        f"TOPSIS, {w}, {scale.replace('_', '-')}": name
        for (w, scale), name in matching.TOPSIS_VARIANTS.items()
    }
    rows |= {
        "weighted sum": "weighted_sum",
        "VIKOR": "vikor",
        "least cost": "always_outsource",
        "random": "random",
    }
    markets = {
        "kin_records": "recorded agents",
        "kin_market": "market profile",
        "kin_published": "published market",
    }
    figure, axes = plt.subplots(1, 3, figsize=(11.4, 4.8), sharey=True)
    figure.subplots_adjust(left=0.2, right=0.985, top=0.76, bottom=0.12, wspace=0.09)
    for each, (name, title) in zip(axes, markets.items(), strict=True):
        for row, policy in enumerate(rows.values()):
            mean, width = saved(name, policy)
            cost = policy == "always_outsource"
            look: dict[str, Any] = {"color": VERMILLION if cost else BLUE, "capsize": 3}
            each.errorbar(mean, row, xerr=width, fmt="s" if cost else "o", **look)
        each.axvline(saved(name, "always_outsource")[0], color=VERMILLION, linestyle=":", linewidth=1)
        each.set_title(f"{title}, n = {COMPARISONS[name].replications}", loc="left", fontsize=10.5)
        each.set_xlabel("Honest cost reduction (%)")
    axes[0].set_yticks(range(len(rows)), rows)
    axes[0].invert_yaxis()
    titled(
        figure,
        "No synthesis of four criteria is shown to save more than the least expected cost",
        "All hire whomever they put first, whatever home costs; bars: 95 % intervals over replications",
    )
    return figure


FIGURES: Final[Mapping[str, Callable[[], Figure]]] = {
    "03_epsilon": draw_epsilon,
    "04_cold_start": draw_cold_start,
    "real_agents": draw_real_agents,
    "own_agents": draw_own_agents,
    "splitting": draw_splitting,
    "security": draw_security,
    "skill_matching": draw_skill_matching,
    "topsis_and_kin": draw_topsis_and_kin,
}


@click.command()
@click.argument("names", nargs=-1)
def draw(names: Sequence[str]) -> None:
    """Draw the figures beside the pages."""
    for name in names or FIGURES:
        with our_style():
            FIGURES[name]().savefig(HERE / f"{name}.png", dpi=100, metadata={"Software": None})


if __name__ == "__main__":
    draw()
