"""The figures that the doctor looks at, found fault with or not."""

from __future__ import annotations

from typing import Any

from coalesce_sim.experiments.diagnosis.costs import error_of
from coalesce_sim.experiments.diagnosis.evidence import Evidence
from coalesce_sim.experiments.diagnosis.finding import epsilon_of, percent
from coalesce_sim.metrics import COST_REDUCTION_NET
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate


def figures_of(scenario: Scenario, evidence: Evidence, estimates: dict[str, Estimate]) -> dict[str, Any]:
    """By name; rates in percent, amounts in USD a task, over all replications together."""
    tasks, choices, scores = evidence.tasks, evidence.choices, evidence.scores
    contracts, registry = evidence.contracts, evidence.registry
    decisions = choices.decisions
    figures: dict[str, Any] = {
        "tasks": tasks.tasks,
        "decisions": decisions,
        "outsourcing_rate": percent(tasks.outsourced, tasks.decided),
        "decided_rate": choices.decided_rate,
        "exploration_rate": percent(choices.explored, decisions),
        "epsilon": epsilon_of(scenario),
        "offers_per_decision": choices.offers / decisions if decisions else None,
        "eligible_per_decision": choices.eligible / decisions if decisions else None,
        "cheaper_offer_rate": percent(choices.with_eligible - choices.none_cheaper, decisions),
        "mean_best_score": scores.score / scores.scored if scores.scored else None,
        "near_half_rate": percent(scores.near_half, scores.scored),
        "estimates_home": error_of(evidence.home),
        "estimates_contractors": error_of(evidence.away),
        "cost_reduction": estimates["cost_reduction"],
        "outsourced_cheaper_rate": percent(tasks.outsourced_cheaper, tasks.outsourced),
        "success_rate": percent(tasks.good, tasks.tasks),
        "all_local_success_rate": percent(tasks.all_local_good, tasks.tasks),
        "contractors": contracts.contractors / evidence.replications,
        "contractors_ever_eligible": contracts.ever_eligible / evidence.replications,
        "contractors_ever_hired": contracts.ever_hired / evidence.replications,
        "contracts": dict(sorted(contracts.ends.items())),
        "unanswered_rate": percent(registry.unanswered, registry.queries),
    }
    if COST_REDUCTION_NET in estimates:
        figures[COST_REDUCTION_NET] = estimates[COST_REDUCTION_NET]
    return figures
