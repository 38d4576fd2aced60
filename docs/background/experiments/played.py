"""What these pages show, played again; `figures.py` draws it.

From the root of a clone, with the records of docs/how-to/real_agents.md in `data/` for the recorded agents::

    python docs/background/experiments/played.py play              # what is missing in results/experiments/
    python docs/background/experiments/played.py table epsilon_30  # its means and differences, as Markdown
    python docs/background/experiments/figures.py                  # the figures, beside the pages

`play NAME…` plays those alone; a minute or two each on two cores, `records_2000` about ten.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
import matching
import numpy as np
import pandas as pd
import yaml
from splitting import COORDINATION_USD, SPECIALISATION, STEPS, play_splitting
from splitting import saved as split_saves

import coalesce_sim
from coalesce_sim.experiments.contenders import written
from coalesce_sim.market.observer import DecidedOffers
from coalesce_sim.metrics import SAVINGS
from coalesce_sim.rounding import exceeds
from coalesce_sim.statistics.intervals import Estimate, estimate, resampled

PLAYED: Final = Path("results/experiments")
RECORDS: Final = Path("data/openhands_instances.csv")

RANGE: Final = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25)
TOPSIS: Final = ("topsis(epsilon=0)", "topsis(epsilon=0.1)")
LEARNERS: Final = ("greedy", "epsilon_greedy", "optimistic_greedy", "ucb1", "thompson", "cheapest")
NO_RULE: Final = ",outsource_above_confidence=0"
GATES: Final = (
    "topsis",
    "topsis(only_if_cheaper_percent=0)",
    "topsis(only_if_cheaper_percent=10)",
    "topsis(only_if_cheaper_percent=0,explored_too=true)",
    "topsis(within_budget=true)",
    "cheapest",
)
IN_SECONDS: Final = "cost_model.internal.execution_time_unit=second"


@dataclass(frozen=True)
class Played:
    """One `coalesce-sim compare` and its folder."""

    scenario: str
    policies: Sequence[str]
    replications: int
    settings: Sequence[str] = ()

    def play(self, folder: Path) -> None:
        """Play it into a folder."""
        options = ["--replications", str(self.replications), "--policies", ",".join(self.policies)]
        options += [part for setting in self.settings for part in ("--set", setting)]
        command = ["compare", self.scenario, *options, "--out", str(folder)]
        subprocess.run([sys.executable, "-m", "coalesce_sim", *command], check=True)


def topsis_at(epsilons: Sequence[float], more: str = "") -> list[str]:
    """TOPSIS at each ε."""
    return [f"topsis(epsilon={epsilon:g}{more})" for epsilon in epsilons]


def of_half(number: int) -> Played:
    """What is played on one half of the recorded tasks."""
    policies = (*TOPSIS, "greedy", "optimistic_greedy", "cheapest")
    path = (PLAYED / f"half_{number}.csv").absolute()
    return Played("real_agents_240", policies, 200, [f"records.path={path}"])


FROM_THE_START: Final = (*TOPSIS, *LEARNERS, "vickrey", "always_local")
COMPARISONS: Final[Mapping[str, Played]] = {
    **{
        f"epsilon_{n}": Played(
            "experiments_epsilon", topsis_at((*RANGE, 0.5, 1)), 30, [f"contractors.count={n}"]
        )
        for n in (10, 30, 100)
    },
    "epsilon_no_rule": Played("experiments_epsilon", topsis_at(RANGE, NO_RULE), 30),
    "cold_market": Played("experiments_cold_start", FROM_THE_START, 100),
    "cold_records": Played("real_agents_240", FROM_THE_START, 200, ["workload.arrivals.limit=100"]),
    "records_240": Played("real_agents_240", (*TOPSIS, *LEARNERS), 200),
    "records_no_rule": Played("real_agents_240", (*TOPSIS, *topsis_at((0, 0.1), NO_RULE), "greedy"), 200),
    "half_1": of_half(1),
    "half_2": of_half(2),
    "gate_published": Played("dur_03", GATES, 40),
    "gate_seconds": Played("dur_03", GATES, 40, [IN_SECONDS]),
    "gate_market": Played("market_day", GATES, 30, ["workload.arrivals.limit=500"]),
    "gate_records": Played("real_agents_240", GATES, 40),
    "kin_published": Played("dur_03", matching.KIN, 20),
    "kin_market": Played("market_day", matching.KIN, 6, ["workload.arrivals.limit=500"]),
    "kin_records": Played("real_agents_240", matching.KIN, 30),
    "records_2000": Played("real_agents_2000", (*TOPSIS, *LEARNERS), 200),
}


def write_halves() -> None:
    """Split the recorded tasks at random, by instance, for some stand in two benchmarks."""
    runs = pd.read_csv(RECORDS, dtype=str)
    first = pd.Series(runs["instance_id"].unique()).sample(frac=0.5, random_state=1)
    in_first = runs["instance_id"].isin(first)
    PLAYED.mkdir(parents=True, exist_ok=True)
    runs[in_first].to_csv(PLAYED / "half_1.csv", index=False)
    runs[~in_first].to_csv(PLAYED / "half_2.csv", index=False)


def own_agents() -> coalesce_sim.SweepResult:
    """Each recorded agent at home, at each cost of unresolved work."""
    return coalesce_sim.sweep("own_agents", out=PLAYED / "own_agents")


def own_agents_over_tasks() -> coalesce_sim.SweepResult:
    """Each recorded agent at home, over bootstrap samples of the tasks."""
    agents = yaml.safe_load(Path("scenarios/sweeps/own_agents.yaml").read_text("utf-8"))
    content = {**agents, "name": "own_agents_over_tasks", "common_random_numbers": False, "replications": 4}
    varied = {"contracts.rework_usd": [5], "records.resample": range(1, 13)}
    return coalesce_sim.sweep(content, vary=varied, out=PLAYED / "own_agents_over_tasks")


def policies_over_tasks() -> coalesce_sim.SweepResult:
    """The policies, over bootstrap samples of the tasks."""
    factors = {"policy": [*LEARNERS, *TOPSIS], "records.resample": range(1, 41)}
    content = {"name": "policies_over_tasks", "base": "real_agents_240", "common_random_numbers": False}
    return coalesce_sim.sweep(
        content, vary=factors, replications=4, seed=1, out=PLAYED / "policies_over_tasks"
    )


NO_OVERHEADS: Final = {
    "key_exchange_ms": 0.0,
    "encryption_share": 0.0,
    "enclave_share": 0.0,
    "audit_share": 0.0,
}
ENCRYPTION: Final = {"key_exchange_ms": 15.7, "encryption_share": 0.023}
SECURED: Final[Mapping[str, Mapping[str, float]]] = {
    "none": NO_OVERHEADS,
    "encryption": {**NO_OVERHEADS, **ENCRYPTION},
    "enclave": {**NO_OVERHEADS, "enclave_share": 0.085},
    "audit": {**NO_OVERHEADS, "audit_share": 0.008},
    "all": {**ENCRYPTION, "enclave_share": 0.085, "audit_share": 0.008},
}
"""The paper's overheads of security. Encryption needs keys, so the two come together."""
INCIDENTS: Final = {
    "shares": {"leaked": 5, "tampered": 3, "lost": 2},
    "leak_usd": {"medium": 5},
    "lowered_by": {
        "encryption": {"leaked": 0.5, "tampered": 0.5},
        "enclave": {"leaked": 0.5, "tampered": 0.5},
        "audit": {"tampered": 0.5, "lost": 0.5},
    },
}
"""Assumptions, all of them: a leak costs what a task is worth on average, each overhead averts half of what
it can."""
RISK: Final = "cost_model.external.security_risk.base"
RISKS: Final = (0.0, 0.05, 0.3)


def incidents() -> coalesce_sim.SweepResult:
    """The learning market with each overhead and without, at three risks."""
    factors = {
        "policy": ["topsis", "random"],
        RISK: list(RISKS),
        "contracts.security": {"alternatives": {name: dict(each) for name, each in SECURED.items()}},
    }
    settings = {
        "clock.days": 0.04,
        "contracts.security.incidents": INCIDENTS,
        "cost_model.external.security_risk": {"base": 0, "slope": 0},
    }
    content = {"name": "incidents", "base": "market_day", "set": settings, "factors": factors}
    return coalesce_sim.sweep(content, replications=10, seed=1, out=PLAYED / "incidents")


THRESHOLDS: Final = {
    base.removeprefix("experiments_"): {
        "name": base.removeprefix("experiments_"),
        "base": base,
        "factors": {"skills.threshold": [0.5, 0.6, 0.7, 0.8, 0.9]},
        "replications": replications,
        "seed": 1,
    }
    for base, replications in (("experiments_threshold", 100), ("experiments_threshold_market", 40))
}
"""The markets of experiment 2 at each θ_skill."""


SWEEPS: Final[Mapping[str, Callable[[], coalesce_sim.SweepResult]]] = {
    each.__name__: each for each in (own_agents, own_agents_over_tasks, policies_over_tasks, incidents)
} | {
    name: partial(coalesce_sim.sweep, content, out=PLAYED / name)
    for name, content in (matching.SWEEPS | THRESHOLDS).items()
}


MESSAGES: Final = "message_ms: 134, message_usd: 0.000001"
REGISTRY: Final = f"kind: registry, k: 12, newcomer_share: 0.2, latency_ms: 50, refresh_s: 300, {MESSAGES}"
BROADCAST: Final = "kind: broadcast, k: 12, newcomer_share: 0.2, message_ms: 134, wait_ms: 250"
FINDING: Final[Mapping[str, str]] = {
    "registry": REGISTRY,
    "registry, silent for a third": REGISTRY + ", outages: [{start_h: 0.32, hours: 0.32}]",
    "gossip": f"kind: gossip, k: 12, newcomer_share: 0.2, {MESSAGES}",
    "broadcast": BROADCAST + ", message_usd: 0.000001",
    "broadcast at 0.1 cents a message": BROADCAST + ", message_usd: 0.001",
}
"""Ways to find contractors, at the prices of the profile `decentral`."""
SEARCHED: Final = (
    *(*SAVINGS, "cost_reduction", "turnaround_p50_s", "discovery_age_s", "unanswered_queries"),
    *("messages_per_query", "search_usd", "tasks"),
)


class Found(coalesce_sim.Observer):
    """By when each contractor was found by anybody for the first time."""

    def __init__(self) -> None:
        self.first_s: dict[int, float] = {}

    def decided(self, decided: DecidedOffers) -> None:
        for contractor in decided.offers.ids.tolist():
            self.first_s.setdefault(contractor, decided.offers.now_s)


def discovery() -> pd.DataFrame:
    """The learning market with each way to find contractors, a row a replication."""
    path = PLAYED / "discovery.csv"
    if not path.exists():
        rows = []
        for policy in ("topsis", "greedy"):
            for way, rule in FINDING.items():
                changes = ["clock.days=0.04", f"discovery={{{rule}}}", f"policy={{kind: {policy}}}"]
                scenario = coalesce_sim.load("market_day", changes)
                for replication in range(8):
                    found = Found()
                    staged = coalesce_sim.stage(scenario, replication=replication, observer=found)
                    metrics = staged.play()
                    row = {name: metrics.get(name, 0.0) for name in SEARCHED}
                    found_s = max(found.first_s.values()) if len(found.first_s) == 30 else np.nan
                    row |= {"found": len(found.first_s), "all_found_s": found_s}
                    rows.append({"policy": policy, "way": way, "replication": replication} | row)
        PLAYED.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).to_csv(path, index=False)
    return pd.read_csv(path)


OF_THEIR_OWN: Final[Mapping[str, Callable[[Path], pd.DataFrame]]] = {"splitting": play_splitting}
"""What is played by no command; each leaves a table of its name."""


def comparison(name: str) -> dict[str, Any]:
    """What a comparison came to."""
    found: dict[str, Any] = json.loads((PLAYED / name / "comparison.json").read_text("utf-8"))
    return found


def saved(name: str, policy: str, metric: str = "cost_reduction") -> Estimate:
    """What a policy saves in percent, in all or of one group of costs."""
    found = comparison(name)["policies"][policy]["metrics"][metric]
    return Estimate(found["mean"], found["sd"], found["ci95"] and tuple(found["ci95"]), found["n"])


def over_tasks(result: coalesce_sim.SweepResult, by: str) -> dict[str, Estimate]:
    """Cost reduction by the levels of a factor, with intervals over tasks and runs."""
    return {
        str(level): resampled(
            runs.pivot(index="records.resample", columns="replication", values="cost_reduction").to_numpy()
        )
        for level, runs in result.runs.groupby(by, sort=False)
    }


def shown(metric: Mapping[str, Any], digits: int = 1) -> str:
    """A mean and its interval; a dash for what is not defined, such as the concentration of no revenue."""
    if metric["mean"] is None:
        return "–"
    low, high = metric["ci95"] or (np.nan, np.nan)
    return f"{metric['mean']:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]".replace("-", "−")


METRICS: Final = {
    **dict.fromkeys(SAVINGS, 1),
    "cost_reduction": 1,
    "regret_oracle_usd_per_task": 2,
    "regret_best_fixed_usd_per_task": 2,
    "outsourcing_rate": 1,
    "exploration_rate": 1,
    "success_rate": 1,
    "late_rate": 1,
    "revenue_hhi": 2,
}


def print_table(name: str) -> None:
    """Print the means of a comparison, what each policy gains on the way, and all differences."""
    found = comparison(name)
    click.echo(
        f"| | {' | '.join(METRICS)} | gain, first to last fifth |\n|---|{'---:|' * (len(METRICS) + 1)}"
    )
    for policy, each in found["policies"].items():
        metrics, gain = each["metrics"], each["gain_first_to_last_fifth"]
        cells = [shown(metrics[metric], digits) for metric, digits in METRICS.items() if metric in metrics]
        learns = " (shown)" if gain and gain["shown"] else ""
        click.echo(f"| `{policy}` | {' | '.join(cells)} | {shown(gain)}{learns} |")
    for pair in found["differences"]:
        holm = {"mean": pair["mean"], "ci95": pair["ci_holm"]}
        verdict = "shown" if pair["shown"] else "not shown"
        click.echo(
            f"{pair['first']} − {pair['second']}: {shown(pair, 2)}, Holm's {shown(holm, 2)}, {verdict}"
        )
    click.echo("\n".join(found["findings"]))


def dearer_hires(name: str, policy: str, replications: int) -> dict[str, Estimate]:
    """Of the offers that a policy took first on a task, the percentage that the client expected to cost no
    less than home: of its own choices, and with the random ones."""
    played = COMPARISONS[name]
    scenario = coalesce_sim.load(played.scenario, played.settings)
    result = coalesce_sim.run(
        scenario.model_copy(update={"policy": written(scenario, policy)}), replications=replications
    )
    hired = result.decisions[result.decisions["choice"] == "contractor"]
    if scenario.contracts is not None:
        first = result.contracts[result.contracts["attempt"] == 0]
        at_home = result.decisions.set_index(["replication", "task"])["internal_usd"]
        hired = first.join(at_home, on=["replication", "task"])
    dear = ~exceeds(hired["internal_usd"].to_numpy(), hired["estimated_usd"].to_numpy())
    own = ~hired["explored"].to_numpy()
    return {
        "own": _share(dear[own], hired["replication"][own]),
        "with explored": _share(dear, hired["replication"]),
    }


def _share(which: np.ndarray, replication: pd.Series) -> Estimate:
    by_replication = pd.Series(100.0 * which).groupby(replication.to_numpy()).mean()
    return estimate(by_replication.tolist())


SAVED: Final = (*SAVINGS, "cost_reduction", "outsourcing_rate", "success_rate")

names = click.argument("names", nargs=-1)


@click.group()
def main() -> None:
    """Play and tabulate what the pages of experiments show."""


@main.command()
@names
def play(names: Sequence[str]) -> None:
    """Play the named comparisons and sweeps, or all that are missing."""
    for name in names or [*COMPARISONS, *SWEEPS, *OF_THEIR_OWN, "discovery"]:
        if name == "discovery":
            discovery()
        elif name in SWEEPS:
            SWEEPS[name]()
        elif name in OF_THEIR_OWN:
            if names or not (PLAYED / f"{name}.csv").exists():
                OF_THEIR_OWN[name](PLAYED)
        elif names or not (PLAYED / name).exists():
            if name.startswith("half_"):
                write_halves()
            COMPARISONS[name].play(PLAYED / name)


@main.command()
@names
def hires(names: Sequence[str]) -> None:
    """Play and print how many hires were dearer than home by the client's own estimate."""
    for name in names:
        for policy in ("topsis", GATES[1]):
            shares = dearer_hires(name, policy, COMPARISONS[name].replications)
            cells = (f"{which} {shown(share.as_dict())}" for which, share in shares.items())
            click.echo(f"{name}, {policy}: {', '.join(cells)}")


@main.command()
def built() -> None:
    """Play and print the markets in which it is known what truth follows."""
    found = matching.play_built(PLAYED / "parts_built.csv")
    for truth, each in found.groupby("truth"):
        for label, runs in each.groupby("parts", sort=False):
            cells = (f"{metric} {shown(estimate(runs[metric].tolist()).as_dict())}" for metric in SAVED)
            click.echo(f"{truth}, {label}: {', '.join(cells)}")


@main.command()
def split() -> None:
    """Print what splitting saves against never splitting, in cents a project."""
    runs = pd.read_csv(PLAYED / "splitting.csv")

    def line(rule: str, usd: float, steps: int, specialisation: float) -> None:
        design = {"known": "as advertised", "steps": steps, "specialisation": specialisation}
        found = split_saves(runs, rule, usd, **design)
        cells = (f"{name} {shown(each.as_dict())}" for name, each in found.items())
        click.echo(f"{rule}, {steps} steps, {specialisation:g}, {100 * usd:g} cents: {', '.join(cells)}")

    for steps in STEPS:
        for specialisation in SPECIALISATION:
            line("always", 0.0, steps, specialisation)
    for usd in COORDINATION_USD:
        for rule in ("always", "by cost"):
            line(rule, usd, 4, 0.5)


@main.command()
@names
def sweep(names: Sequence[str]) -> None:
    """Print what sweeps came to, and each difference to the hybrid of eq. 12."""
    for name in names:
        result = coalesce_sim.open_results(PLAYED / name)
        for metric in SAVED:
            click.echo(result.estimates(metric).to_string())
        click.echo(result.differences("cost_reduction", reference={"skills": "hybrid"}).to_string())


@main.command()
@names
def table(names: Sequence[str]) -> None:
    """Print what comparisons came to."""
    for name in names:
        print_table(name)


if __name__ == "__main__":
    main()
