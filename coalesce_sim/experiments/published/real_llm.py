"""The real-LLM study: what was printed as percent, in the unit it has, and what stood behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from coalesce_sim.experiments.published.agreement import Placed, interval, placed
from coalesce_sim.experiments.published.digest import Case, Run, savings_of
from coalesce_sim.experiments.replication import TableName, Wanted, play
from coalesce_sim.scenario.moving import extremes
from coalesce_sim.scenario.policy import Topsis
from coalesce_sim.statistics.intervals import Estimate, estimate

PRINTED_USD_PER_TASK = (20.3, 1.9)
"""The two figures printed as cost savings in percent; both are runs of the same ε = 0.1."""

PRINTED_LOCAL_USD = 0.00002
"""The cost of a task at home that the paper's text states."""

_ROWS_PER_TASK = ("task", "skill", "external_usd", "price_usd")


@dataclass(frozen=True, slots=True)
class Offered:
    """What every run of the scenario is offered, the contractors and tasks being fixed.

    `highest_skill` is the best compatibility of any contractor with any task. The two ``exact`` figures are
    expectation and standard deviation of a run's estimated saving per task where only exploration hires,
    each task with probability ε and then from a uniformly random contractor.
    """

    threshold: float
    highest_skill: float
    cheapest_listed_usd: float
    cheapest_price_usd: float
    cheapest_offer_usd: float
    exact_saving_usd_per_task: float
    exact_sd_usd_per_task: float


@dataclass(frozen=True, slots=True)
class RealLlm:
    """One scenario of the study over all replications; rates and savings in percent.

    `runs_central95` holds the central 95 % of the single runs' savings per task, USD. `decided_tasks`
    counts the tasks, over all runs, that were outsourced without exploring. `savings` are the parts of
    `cost_reduction` by `SAVINGS`.
    """

    tasks: int
    estimated_saving_usd_per_task: Estimate
    runs_central95: tuple[float, float]
    savings: dict[str, Estimate]
    cost_reduction: Estimate
    outsourcing_rate: Estimate
    exploration_rate: Estimate
    decided_tasks: int
    offered: Offered
    printed: tuple[Placed, ...]


def real_llm(case: Case, runs: Sequence[Run]) -> RealLlm:
    """Work out the study from replications of one of its scenarios."""

    def over_runs(name: str) -> Estimate:
        return estimate([run.metrics[name] for run in runs])

    savings = np.array([run.metrics["estimated_saving_usd_per_task"] for run in runs])
    return RealLlm(
        tasks=int(runs[0].metrics["tasks"]),
        estimated_saving_usd_per_task=estimate(savings.tolist()),
        runs_central95=interval(savings),
        savings=savings_of(runs),
        cost_reduction=over_runs("cost_reduction"),
        outsourcing_rate=over_runs("outsourcing_rate"),
        exploration_rate=over_runs("exploration_rate"),
        decided_tasks=int(sum((run.daily.outsourced - run.daily.explored).sum() for run in runs)),
        offered=offered(case),
        printed=tuple(placed(value, savings) for value in PRINTED_USD_PER_TASK),
    )


def offered(case: Case) -> Offered:
    """Play once and look at the offers, which are the same in every replication.

    Raises ValueError for a scenario whose pool is drawn, whose contractors' prices move or whose policy
    does not explore.
    """
    scenario = case.scenario
    policy, contractors = scenario.policy, scenario.contractors
    still = scenario.contractor_dynamics is None
    if not (still and isinstance(contractors, list) and isinstance(policy, Topsis)):
        raise ValueError(f"{scenario.name}: needs listed contractors that stand still and a topsis policy")
    tables: dict[TableName, list[pa.Table]] = {"decisions": [], "offers": []}
    wanted = Wanted(decisions=True, offers=True)
    play(scenario, case.seed, 0, lambda name, table: tables[name].append(table), wanted)
    decisions = pa.concat_tables(tables["decisions"]).sort_by("task")
    offers = pa.concat_tables([each.select(_ROWS_PER_TASK) for each in tables["offers"]]).sort_by("task")
    outside_usd = offers["external_usd"].to_numpy().reshape(len(decisions), len(contractors))
    saving_usd = decisions["internal_usd"].to_numpy()[:, None] - outside_usd
    expected_usd = policy.epsilon * saving_usd.mean(axis=1)
    variance = policy.epsilon * (saving_usd**2).mean(axis=1) - expected_usd**2
    return Offered(
        threshold=scenario.skills.threshold,
        highest_skill=float(offers["skill"].to_numpy().max()),
        cheapest_listed_usd=min(extremes(each.price_usd)[0] for each in contractors),
        cheapest_price_usd=float(offers["price_usd"].to_numpy().min()),
        cheapest_offer_usd=float(outside_usd.min()),
        exact_saving_usd_per_task=float(expected_usd.mean()),
        exact_sd_usd_per_task=float(np.sqrt(variance.sum())) / len(decisions),
    )
