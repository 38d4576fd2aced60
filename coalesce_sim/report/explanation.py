"""One decision with everything it was based on and what came of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

import numpy as np

from coalesce_sim.experiments.replication import honest_baseline
from coalesce_sim.experiments.tables import offers_table
from coalesce_sim.market.records import Records
from coalesce_sim.market.simulation import DecidedOffers, Market
from coalesce_sim.policies.protocol import LOCAL, Decision, Tasks
from coalesce_sim.policies.registry import create
from coalesce_sim.report.numbers import number
from coalesce_sim.scenario.policy import Topsis
from coalesce_sim.scenario.schema import Scenario

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision told in full. Amounts and times carry their unit in the name; None where there is none.

    `contractors` has one entry each, the best first: by closeness where the policy has one, then by
    estimated cost, the eligible before the others. `reasons` is what else the policy told of the decision.
    """

    scenario: str
    seed: int
    replication: int
    task: Facts
    home: Facts
    contractors: list[Facts]
    skill_threshold: float
    policy: Facts
    reasons: Facts
    decision: Facts
    realised: Facts


def explain(scenario: Scenario, seed: int, replication: int, task: int) -> Explanation:
    """Play one replication and explain the decision on a task, counted from 0 in the order of decision.

    Raises LookupError, with the number of tasks, if there is no such task.
    """
    found: Facts = {}
    tasks = 0

    def keep_decision(decided: DecidedOffers) -> None:
        if decided.block.first + decided.task == task:
            found.update(_told(scenario, market, decided, replication))

    def keep_outcome(records: Records) -> None:
        nonlocal tasks
        first, tasks = tasks, tasks + len(records.block)
        if first <= task < tasks:
            found["realised"] = _realised(records, task - first)

    market = Market(
        scenario,
        create(scenario.policy),
        honest_baseline(scenario, seed, replication),
        keep_outcome,
        seed=seed,
        replication=replication,
        on_decision=keep_decision,
    )
    market.run()
    if not 0 <= task < tasks:
        there_are = f"there are {tasks:,}, 0 to {tasks - 1}" if tasks else "there are none"
        raise LookupError(f"no task {task}: {there_are} in replication {replication} of seed {seed}")
    return Explanation(scenario=scenario.name, seed=seed, replication=replication, **_plain(found))


def _told(scenario: Scenario, market: Market, decided: DecidedOffers, replication: int) -> Facts:
    """All that was known when the decision fell."""
    block, task, decision = decided.block, decided.task, decided.decision
    offers = decided.quote.offers
    rows: list[Facts] = offers_table(
        decided, replication, market.pool, market.skills, market.quotes
    ).to_pylist()
    columns, reasons = _sorted_reasons(decision, len(rows))
    for index, row in enumerate(rows):
        del row["replication"], row["task"]
        row["type"] = market.pool.types[index]
        row["reliability"] = float(offers.reliability[index])
        row["security_risk"] = 1 - float(offers.security[index])
        row.update({name: float(values[index]) for name, values in columns.items()})
    best_first = sorted(rows, key=_rank)
    running = block.home.running
    name = None if decision.contractor == LOCAL else market.pool.names[decision.contractor]
    return {
        "task": _task(scenario, decided),
        "home": {
            "work_s": block.home.work_s[task],
            "compute_usd": running.compute_usd[task],
            "memory_usd": running.memory_usd[task],
            "energy_usd": running.energy_usd[task],
            "opportunity_usd": block.home.opportunity_usd[task],
            "depreciation_usd": running.depreciation_usd[task],
            "internal_usd": offers.internal_usd[decided.row],
        },
        "contractors": best_first,
        "skill_threshold": scenario.skills.threshold,
        "policy": scenario.policy.model_dump(by_alias=True),
        "reasons": reasons,
        "decision": {
            "choice": "local" if name is None else "contractor",
            "contractor": name,
            "explored": decision.explored,
            "score": decision.score,
            "confidence": decision.confidence,
            "verdict": _verdict(scenario, decision, best_first, offers.internal_usd[decided.row]),
        },
    }


def _task(scenario: Scenario, decided: DecidedOffers) -> Facts:
    block, task = decided.block, decided.task
    facts = {each.name: getattr(block.tasks, each.name)[task] for each in fields(Tasks)}
    kind = list(scenario.workload.types)[facts.pop("type_id")]
    arrived = scenario.clock.start + timedelta(seconds=float(facts["arrival_s"]))
    return {
        "task": block.first + task,
        "type": kind,
        "required_skills": list(scenario.workload.types[kind].skills),
        "arrived": arrived.isoformat(sep=" ", timespec="seconds"),
        **facts,
    }


def _sorted_reasons(decision: Decision, contractors: int) -> tuple[Facts, Facts]:
    """The reasons that have one figure a contractor, and the others."""
    told = decision.reasons or {}
    columns = {
        name: value
        for name, value in told.items()
        if isinstance(value, np.ndarray) and value.shape == (contractors,)
    }
    others = {name: value for name, value in told.items() if name not in columns}
    columns.pop("closeness", None)  # it is the score of the offers
    return columns, others


def _rank(row: Facts) -> tuple[bool, float, float]:
    return not row["eligible"], -(row["topsis_score"] or 0.0), row["external_usd"]


def _verdict(scenario: Scenario, decision: Decision, best_first: list[Facts], internal_usd: float) -> str:
    """Why the task went where it went, in a sentence."""
    rules = scenario.policy if isinstance(scenario.policy, Topsis) else None
    at_home = f"Stays at home at an estimated {number(internal_usd)} USD"
    if decision.contractor != LOCAL:
        chosen = next(row for row in best_first if row["chosen"])
        goes = f"Goes to {chosen['contractor']} at an estimated {number(chosen['external_usd'])} USD"
        goes += f", against {number(internal_usd)} USD at home"
        if rules is None:
            return f"{goes}{', to explore' if decision.explored else ''}."
        if decision.explored:
            return (
                f"{goes}: explored (probability ε = {rules.epsilon:g}), a random one of all "
                f"{len(best_first)} whatever their skills."
            )
        return (
            f"{goes}: its score {decision.score:.3f} is above {rules.outsource_above_score:g} and the "
            f"confidence {decision.confidence:.3f} above {rules.outsource_above_confidence:g}."
        )
    if not any(row["eligible"] for row in best_first):
        because = "no contractor reaches" if rules is not None else "and no contractor reaches"
        colon = ":" if rules is not None else ","
        return f"{at_home}{colon} {because} the skill threshold {scenario.skills.threshold:g}."
    if rules is None:
        cheapest = min((row for row in best_first if row["eligible"]), key=lambda row: row["external_usd"])
        least = f"{number(cheapest['external_usd'])} USD at {cheapest['contractor']}"
        return f"{at_home}, against {least}, the cheapest that is eligible."
    short = [
        f"{what} {value:.3f} is not above {least:g}"
        for what, value, least in (
            (
                f"the best score, that of {best_first[0]['contractor']},",
                decision.score,
                rules.outsource_above_score,
            ),
            ("the confidence", decision.confidence, rules.outsource_above_confidence),
        )
        if not value > least
    ]
    return f"{at_home}: {' and '.join(short)}."


def _realised(records: Records, row: int) -> Facts:
    names = (
        "estimated_usd",
        "realised_usd",
        "price_usd",
        "all_local_usd",
        "estimated_s",
        "turnaround_s",
        "all_local_s",
        "started_s",
        "finished_s",
    )
    return {name: getattr(records, name)[row] for name in names}


def _plain(value: Any) -> Any:
    """What JSON can hold: None for NaN and infinity, text for what a user's policy may have told besides."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)
