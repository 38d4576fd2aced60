"""What cheating earns, whom it costs what, and which defence makes it pointless. Plays, tables and draws.

From the root of a clone::

    python docs/background/experiments/security.py play signs     # scenarios/security/, on a seed of its own
    python docs/background/experiments/security.py play matrix    # attacks under defences, four policies
    python docs/background/experiments/security.py play frontier  # the best attackers against all policies
    python docs/background/experiments/security.py table PART     # as Markdown

All of it lands in results/experiments/security/, where an interrupted play goes on.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import click

import coalesce_sim
from coalesce_sim.attacks.effort import Effort
from coalesce_sim.attacks.exploits import Exploits
from coalesce_sim.attacks.searching import hunt, prepare_search
from coalesce_sim.numbers import with_half_width
from coalesce_sim.report.attacks.figures import draw_figures
from coalesce_sim.report.attacks.frontier import draw_frontier
from coalesce_sim.statistics.intervals import Estimate

HERE: Final = Path(__file__).parent
FOLDER: Final = Path("results/experiments/security")  # where an interrupted play goes on
SCENARIOS: Final = Path("scenarios/security")
SEED: Final = 2027
"""Not one that anything was tried on while the scenarios were written."""

REPLICATIONS: Final = 20
IN_MATRIX: Final = 10
POLICIES: Final = ("topsis", "greedy", "optimistic_greedy", "lin_ucb")

EXPECTED: Final = {
    "on_off": ("direct_harm_usd", 1),
    "exit_scam": ("direct_harm_usd", 1),
    "substitution": ("direct_harm_usd", 1),
    "metering": ("attack_gain_usd", 1),
    "lowball": ("attack_gain_usd", 1),
    "cartel": ("attack_gain_usd", 1),
    "exploration_farming": ("attack_gain_usd", 1),
    "sybil": ("attack_gain_usd", 1),
    "whitewashing": ("attack_gain_usd", 1),
    "bad_mouthing": ("honest_sellers_loss_usd", 1),
    "ballot_stuffing": ("honest_sellers_loss_usd", 1),
    "work_ring": ("honest_sellers_loss_usd", 1),
    "skill_inflation": ("attack_gain_usd", -1),
    "withholding": ("attack_gain_usd", 1),
    "slot_blocking": ("market_harm_usd", 1),
    "first_mover": ("attack_gain_usd", 1),
    "non_payment": ("honest_sellers_loss_usd", 1),
    "false_rejection": ("honest_sellers_loss_usd", 1),
}
"""What each scenario says that it expects: a metric, and its sign."""

LEMON: Final = (
    "price_usd: {asks}, reliability: 1, slots: 4, slot_usd_per_h: 4.2, outcomes: {{gaia: {work}, swe-bench: "
    "{work}, swe-bench-multimodal: {work}, swt-bench: {work}}}"
)
"""A seller of 0.70 USD a task, ten minutes of a slot, that lists what it likes."""


def lemon(asks: float, bills: float | None) -> str:
    """Who joins the twin of the recorded agents."""
    billed = "" if bills is None else f", bill_usd: {bills:g}"
    work = f"{{success: 0.8, latency_min: 10{billed}}}"
    return f"who={{join: 1, facts: {{{LEMON.format(asks=asks, work=work)}}}}}"


VIABLE: Final = {
    "on_off": "on_off(who.share=0.2, cheat_above=0.75, behave_below=0.65)",
    "metering": "metering(who.share=0.2)",
    "lowball": "lowball(who.share=0.2)",
    "cartel": "cartel(who.share=1)",
    "exploration_farming": "exploration_farming(who={join: 1, like: open_weights}, identities=3)",
    "bad_mouthing": "bad_mouthing(who.clients=0.2, per_hour=60)",
    "false_rejection": "false_rejection(who.clients=0.2)",
}
"""Attacks on `market_viable`, by what the table calls them."""

TWIN: Final = {
    "a lemon": f"exit_scam({lemon(0.1, 1)}, from_hour=0, success=0.05)",
    "whitewashing": f"whitewashing({lemon(0.1, 1)}, success=0.05, identities=60)",
    "whitewashing, five names at once": (
        f"whitewashing({lemon(0.1, 1)}, success=0.05, identities=60, at_once=5)"
    ),
    "exploration_farming, five names": f"exploration_farming({lemon(3, None)}, factor=33, identities=5)",
    "substitution": "substitution(who.share=0.2, with=Qwen3.5-Flash)",
    "bad_mouthing": "bad_mouthing(who.clients=0.25, per_hour=4)",
    "false_rejection": "false_rejection(who.clients=0.25)",
}
"""Attacks on `real_agents_twin`."""

DEFENCES: Final = {
    "market_viable": (
        "entry_fee=1",
        "stake=0.05",
        "audit(share=0.3, usd=0.1)",
        "explore_at_most=1",
        "contract_ratings",
    ),
    "real_agents_twin": (
        "entry_fee=1",
        "audit(share=0.3, usd=0.1)",
        "explore_at_most=1",
        "on_acceptance",
    ),
}
"""Defences that are tried on each market."""

MARKETS: Final[dict[str, tuple[dict[str, str], list[str]]]] = {
    "market_viable": (VIABLE, ["workload.arrivals.limit=1000"]),
    "real_agents_twin": (
        TWIN,
        ["clients.count=4", "contracts.due_on_failure=1", "contractors[*].own_cost_share=0.7"],
    ),
}
"""Attacks and settings of each market."""

FRONTIER: Final = (
    *("topsis", "weighted_sum", "vikor", "cheapest", "random", "always_outsource", "greedy"),
    *("epsilon_greedy", "optimistic_greedy", "windowed_greedy", "adaptive_threshold", "ucb1", "ucb_v"),
    *("discounted_ucb", "sliding_window_ucb", "thompson", "thompson_gaussian", "discounted_thompson"),
    *("lin_ucb", "exp3", "budgeted_ucb", "vickrey", "score_auction", "posted_price"),
)
"""All built-in policies but the yardsticks, those that are told what comes, and one that needs a name."""

FAMILIES: Final = (
    "on_off",
    "metering",
    "lowball",
    "cartel",
    "exploration_farming",
    "whitewashing",
    "non_payment",
)
EFFORT: Final = {"trials": 8, "replications": 3, "validation_replications": 12}


@click.group()
def cli() -> None:
    """What cheating earns."""


@cli.group()
def play() -> None:
    """Play a part."""


def kept(name: str, content: Any) -> None:
    """Write what a part came to."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(content, indent=1, allow_nan=False), encoding="utf-8")


@play.command("signs")
@click.option("--jobs", default=2)
def play_signs(jobs: int) -> None:
    """The scenarios of all kinds, on a seed of their own."""
    told = {}
    for kind in EXPECTED:
        scenario = coalesce_sim.load(SCENARIOS / f"{kind}.yaml")
        study = coalesce_sim.attack(
            scenario, seed=SEED, replications=REPLICATIONS, jobs=jobs, plays=FOLDER / "plays" / kind
        )
        (outcome,) = study.of_attacks
        told[kind] = {name: each.as_dict() for name, each in outcome.estimates.items()}
        kept("signs", told)
        click.echo(kind)


@play.command("matrix")
@click.option("--jobs", default=2)
@click.option("--market", type=click.Choice([*MARKETS]), multiple=True)
def play_matrix(jobs: int, market: tuple[str, ...]) -> None:
    """Attacks under defences."""
    for name in market or tuple(MARKETS):
        attacks, settings = MARKETS[name]
        scenario = coalesce_sim.load(name, settings)
        study = coalesce_sim.attack(
            scenario,
            list(attacks.values()),
            DEFENCES[name],
            POLICIES,
            seed=SEED,
            replications=IN_MATRIX,
            jobs=jobs,
            plays=FOLDER / "plays" / name,
        )
        kept(name, study.summary)
        draw_figures(FOLDER, study)
        (FOLDER / "matrix.png").replace(HERE / f"security_{name}.png")
        click.echo(name)


@play.command("frontier")
@click.option("--jobs", default=2)
def play_frontier(jobs: int) -> None:
    """The best attackers found against all policies."""
    scenario = coalesce_sim.load("market_viable", ["workload.arrivals.limit=300"])
    asked = prepare_search(scenario, FAMILIES, policies=FRONTIER)
    found = hunt(asked, Effort(**EFFORT), seed=SEED, jobs=jobs, plays=FOLDER / "plays" / "frontier")
    kept("frontier", found.summary)
    with_figure(found)


def with_figure(found: Exploits) -> None:
    """Draw the frontier beside the page."""
    draw_frontier(FOLDER, found)
    (FOLDER / "frontier.png").replace(HERE / "security_frontier.png")


def told(cell: Any) -> Estimate:
    """The estimate of a metric in a summary."""
    return Estimate.of_dict(cell)


def shown(cell: Any) -> str:
    """A mean with half of its interval, in brackets where the matrix does not show it to differ from 0."""
    text = with_half_width(told(cell))
    return text if cell.get("shown", True) else f"({text})"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table."""
    print(f"| {' | '.join(head)} |")
    print("|---|" + "---:|" * (len(head) - 1))
    for row in rows:
        print(f"| {' | '.join(row)} |")


@cli.group()
def table() -> None:
    """Print a part as Markdown."""


@table.command("signs")
def table_signs() -> None:
    """What each kind was expected to do, and did."""
    found = json.loads((FOLDER / "signs.json").read_text(encoding="utf-8"))
    rows = []
    for kind, (metric, sign) in EXPECTED.items():
        value = told(found[kind][metric])
        low, high = value.ci95 or (math.nan, math.nan)
        whole = low > 0 if sign > 0 else high < 0
        others = [with_half_width(told(found[kind][name])) for name in SIGNS]
        rows.append(
            [
                f"`{kind}`",
                *others,
                f"{SIGNS[metric]} {'>' if sign > 0 else '<'} 0",
                "yes" if whole else "**no**",
            ]
        )
    markdown(["kind", *SIGNS.values(), "expected", "shown"], rows)


SIGNS: Final = {
    "attack_gain_usd": "gain",
    "direct_harm_usd": "direct harm",
    "market_harm_usd": "market harm",
    "honest_sellers_loss_usd": "honest sellers lose",
}


@table.command("matrix")
@click.argument("market", type=click.Choice([*MARKETS]))
def table_matrix(market: str) -> None:
    """Gains under each defence, and both harms without any, policy by policy."""
    summary = json.loads((FOLDER / f"{market}.json").read_text(encoding="utf-8"))
    attacks, _ = MARKETS[market]
    defences = list(summary["defences"])
    names = ["no defence", *(each.partition("(")[0] for each in defences[1:])]
    for policy, found in summary["policies"].items():
        print(f"\n`{policy}`:\n")
        honest = found["nobody_cheats"]
        costs = [with_half_width(told(honest[defences[0]]["cost_reduction"])) + " %"]
        costs += [shown(honest[each]["defence_cost_points"]) for each in defences[1:]]
        rows = [["*nobody cheats*", *costs, "", ""]]
        for name, text in attacks.items():
            cells = found["attacks"][text]
            gains = [shown(cells[each]["attack_gain_usd"]) for each in defences]
            harms = [shown(cells[defences[0]][each]) for each in ("direct_harm_usd", "market_harm_usd")]
            rows.append([name, *gains, *harms])
        markdown(["gain, USD", *names, "direct harm", "market harm"], rows)


@table.command("frontier")
def table_frontier() -> None:
    """What policies save honestly, and what the best attacker found takes."""
    summary = json.loads((FOLDER / "frontier.json").read_text(encoding="utf-8"))
    frontier = [policy for policy, _ in summary["frontier"]]
    found = sorted(summary["exploits"], key=lambda each: -(each["cost_reduction"]["mean"] or 0.0))
    markdown(
        ["policy", "saved, honest, %", "exploitability, USD a task", "best attack found"],
        [
            [
                f"**`{each['policy']}`**" if each["policy"] in frontier else f"`{each['policy']}`",
                with_half_width(told(each["cost_reduction"])),
                with_half_width(told(each["exploitability_usd_per_task"])),
                f"`{each['best_attack']}`" if each["best_attack"] else "none gains",
            ]
            for each in found
        ],
    )


if __name__ == "__main__":
    cli()
