"""When splitting pays: `experiments_splitting` with other steps, specialists, coordination costs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import yaml
from drawing import points
from matplotlib.figure import Figure

import coalesce_sim
from coalesce_sim import Policy, View
from coalesce_sim.policies.yardsticks import Cheapest
from coalesce_sim.report.look import BLUE, COLOURS, VERMILLION, mean_shown, page, value_axis
from coalesce_sim.statistics.intervals import Estimate, estimate

GENERALIST: Final = 0.75
"""Probability that a generalist does a project well, and that all its steps are done well by such as it."""
AT_HOME: Final = 0.6
"""The same of the clients' own agents."""
STEPS: Final = (2, 4, 8)
SPECIALISATION: Final = (0.0, 0.5, 0.9)
GREEN: Final = COLOURS[2]
COORDINATION_USD: Final = (0.0, 0.025, 0.05, 0.1, 0.2, 0.4)
REPLICATIONS: Final = 20
PARTS: Final = {"cash_usd": "cash", "delay_usd": "delay", "losses_usd": "losses", "realised_usd": "in all"}


class Split(Cheapest):
    """Every project in its steps."""

    def splits(self, view: View) -> bool:  # noqa: ARG002
        return True


class Whole(Cheapest):
    """Every project as a whole."""

    def splits(self, view: View) -> bool:  # noqa: ARG002
        return False


RULES: Final[Mapping[str, type[Policy]]] = {"always": Split, "never": Whole, "by cost": Cheapest}


def scenario_of(
    steps: int, specialisation: float, split_usd: float, **sections: Any
) -> coalesce_sim.Scenario:
    """Projects of so many steps, one after the other.

    The logarithm of a specialist's success at its step is smaller, by the share `specialisation`, than that
    of a generalist's.
    """
    content = yaml.safe_load(Path("scenarios/experiments_splitting.yaml").read_text("utf-8"))
    kinds = [f"kind_{number}" for number in range(1, steps + 1)]
    types, pool = content["workload"]["types"], content["contractors"]
    project, specialist = types["project"], pool[-1]
    of_steps: dict[str, Any] = {kind: {"type": kind, "work": 1 / steps} for kind in kinds}
    for before, step in pairwise(kinds):
        of_steps[step]["after"] = [before]
    project |= {"steps": of_steps, "split_usd": split_usd}
    content["workload"]["types"] = {"project": project} | dict.fromkeys(kinds, types["kind_1"])
    of_step = {"success": AT_HOME ** (1 / steps)}
    content["clients"]["outcomes"] = {"project": {"success": AT_HOME}} | dict.fromkeys(kinds, of_step)
    success = GENERALIST ** ((1 - specialisation) / steps)
    generalists = [each for each in pool if each["name"].startswith("generalist")]
    specialists = [
        specialist
        | {"name": f"{kind}_{number}", "reliability": success, "outcomes": {kind: {"success": success}}}
        for kind in kinds
        for number in (1, 2)
    ]
    content |= {"name": "splitting", "contractors": generalists + specialists}
    return coalesce_sim.load(content | sections)


def play_rule(
    rule: str, steps: int, specialisation: float, split_usd: float, **sections: Any
) -> pd.DataFrame:
    """One row a replication: what was played, and what it came to."""
    scenario = scenario_of(steps, specialisation, split_usd, **sections)
    result = coalesce_sim.run(scenario, replications=REPLICATIONS, policy=RULES[rule])
    names = ("realised_usd", "all_local_usd", "tasks", "split_rate", "success_rate", "coordination_usd")
    names += ("cash_usd", "delay_usd", "losses_usd", "turnaround_p50_s", "attempts_per_task")
    rows = pd.DataFrame(result.replications)[list(names)]
    told = {"rule": rule, "steps": steps, "specialisation": specialisation, "split_usd": split_usd}
    return rows.assign(**told, replication=range(REPLICATIONS))


def play_splitting(folder: Path) -> pd.DataFrame:
    """Both ways at one coordination cost, since they decide nothing by it; the rule by cost at several; and
    all three where nobody is known at first."""
    parts = [
        play_rule(rule, steps, specialisation, 0.05).assign(known="as advertised")
        for steps in STEPS
        for specialisation in SPECIALISATION
        for rule in ("always", "never")
    ]
    parts += [play_rule("by cost", 4, 0.5, usd).assign(known="as advertised") for usd in COORDINATION_USD]
    rating = {"reputation": {"model": {"kind": "beta"}, "by_task_type": True, "start": "cold"}}
    parts += [play_rule(rule, 4, 0.5, 0.05, **rating).assign(known="by ratings") for rule in RULES]
    folder.mkdir(parents=True, exist_ok=True)
    found = pd.concat(parts, ignore_index=True)
    found.to_csv(folder / "splitting.csv", index=False)
    return found


def chosen(runs: pd.DataFrame, **where: Any) -> pd.DataFrame:
    """The replications of one design, by replication."""
    keep = pd.Series(True, index=runs.index)
    for name, value in where.items():
        keep &= runs[name] == value
    return runs[keep].set_index("replication")


def at(
    runs: pd.DataFrame, rule: str, coordination_usd: float, part: str = "realised_usd", **where: Any
) -> pd.Series:
    """USD a project, of one of `PARTS`, replication by replication.

    Of the two fixed rules at any coordination cost: each step that began adds it in cash, and nothing else
    changes. Of the rule by cost at those that were played.
    """
    if rule == "by cost":
        where["split_usd"] = coordination_usd
    played = chosen(runs, rule=rule, **where)
    usd = played[part]
    if rule != "by cost" and part in ("cash_usd", "realised_usd"):
        per_step_usd = float(played["split_usd"].iloc[0])
        usd = usd + (coordination_usd / per_step_usd - 1) * played["coordination_usd"]
    return usd / played["tasks"]


def saved(runs: pd.DataFrame, rule: str, coordination_usd: float, **where: Any) -> dict[str, Estimate]:
    """What a rule saves against never splitting, in cents a project: cash, delay, losses and in all."""
    return {
        name: in_cents(estimate((never - at(runs, rule, coordination_usd, part, **where)).tolist()))
        for part, name in PARTS.items()
        for never in [at(runs, "never", coordination_usd, part, **where)]
    }


def break_even_usd(runs: pd.DataFrame, **where: Any) -> Estimate:
    """What coordinating a step may cost for splitting everything to cost what splitting nothing does."""
    played = chosen(runs, rule="always", **where)
    begun = played["coordination_usd"] / played["split_usd"] / played["tasks"]
    gain_usd = at(runs, "never", 0.0, **where) - at(runs, "always", 0.0, **where)
    return estimate((gain_usd / begun.mean()).to_numpy())


def draw_splitting(runs: pd.DataFrame) -> Figure:
    """What coordinating a step may cost, and what deciding by cost comes to."""
    stated = {"known": "as advertised"}
    figure = page(
        "Splitting pays through specialists, by bad work that is spared, not in cash; the more steps, "
        "the cheaper coordination has to be",
        "experiments_splitting, 120 projects of 1 USD of work, seed 1, the same random numbers; "
        f"{mean_shown(runs['replication'].nunique(), 'bars')}",
        2.9,
    )
    left, right = figure.subplots(1, 2)
    for k, (steps, colour, marker) in enumerate(zip(STEPS, (VERMILLION, BLUE, GREEN), "so^", strict=True)):
        found = [
            in_cents(break_even_usd(runs, steps=steps, specialisation=each, **stated))
            for each in SPECIALISATION
        ]
        places = np.array(SPECIALISATION) + 0.012 * (k - 1)
        points(left, places, found, color=colour, marker=marker, label=f"{steps} steps")
    left.set_xlabel("Specialisation σ (1: specialists never fail)")
    left.set_title("Below its line, splitting everything pays")
    left.legend(loc="upper left")
    value_axis(left, "Break-even coordination (cents a step)", along="y")
    here = {"steps": 4, "specialisation": 0.5, **stated}
    for label, colour, marker in (("always", VERMILLION, "s"), ("by cost", BLUE, "o")):
        gained = [saved(runs, label, usd, **here)["in all"] for usd in COORDINATION_USD]
        cents = [100 * usd for usd in COORDINATION_USD]
        points(right, cents, gained, color=colour, marker=marker, label=label)
    right.set_xlabel("Coordination (cents a step)")
    right.set_title("Four steps, specialisation 0.5")
    value_axis(right, "Saved in all against never splitting (cents a project)", along="y")
    right.legend(loc="lower left")
    return figure


def in_cents(usd: Estimate) -> Estimate:
    """The same in cents."""
    assert usd.mean is not None
    assert usd.ci95 is not None
    return Estimate(100 * usd.mean, None, (100 * usd.ci95[0], 100 * usd.ci95[1]), usd.n)
