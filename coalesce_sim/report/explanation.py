"""One task: every decision on it with everything it was based on, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

import numpy as np

from coalesce_sim.experiments.cores import AskedCore, choose_core
from coalesce_sim.experiments.staging import Stage
from coalesce_sim.experiments.tables.offers import offers_table
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.market.breakdown import LEFT_OUT, NOT_ALLOWED
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.hired import hired_is_drawn
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import Considered, DecidedOffers, Observer
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import LOCAL, Decision, Policy, Tasks, View
from coalesce_sim.policies.registry import create
from coalesce_sim.report import endings, verdicts
from coalesce_sim.report.criteria import cheaper_but_lower
from coalesce_sim.report.factors import factors_at_home
from coalesce_sim.report.opportunity import opportunity_sentence
from coalesce_sim.report.what_if import ASKED_AGAIN, Rehearsed, WhatIf, rehearsed
from coalesce_sim.report.wholes import whole_of
from coalesce_sim.rounding import first_greatest
from coalesce_sim.scenario.policy import PolicySettings
from coalesce_sim.scenario.schema import Scenario

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A task told in full. Amounts and times carry their unit in the name; None where there is none.

    `home` to `flips` are about the first decision. `opportunity` says what the opportunity cost at home is
    made of, by the rule of the scenario. `contractors` has one entry for each that made an offer, the best
    first: by closeness where the policy has one, then by estimated cost, the eligible before the others;
    `left_out` names those who made none, by reason, which tells of those who are not allowed the rule, and of
    an owner the links. `reasons` is what else the policy told. `cheaper` are the
    candidates that are cheaper than the one that TOPSIS scored best, with what each criterion lost them
    (`report.criteria`); `flips` the smallest changes that would have sent the task elsewhere
    (`report.what_if`), none for policies that do not go by offers.

    `factors` are those of the estimate at home, equation by equation (`report.factors`).

    In a market that learns, `contract` is what came of the decision, None where the task stayed at home, and
    `retries` are the later decisions on the task, with the same entries from `home` to `contract`. `whole` is
    the composite task that this one is a step of, or that might be split: what was expected of both ways, and
    its steps.
    """

    scenario: str
    seed: int
    replication: int
    task: Facts
    factors: Facts
    home: Facts
    opportunity: Facts
    contractors: list[Facts]
    left_out: dict[str, list[str]]
    skill_threshold: float
    policy: Facts
    reasons: Facts
    decision: Facts
    cheaper: list[Facts]
    flips: list[Facts]
    contract: Facts | None
    retries: list[Facts]
    realised: Facts
    whole: Facts | None


def explain(
    scenario: Scenario, seed: int, replication: int, task: int, core: AskedCore = "auto"
) -> Explanation:
    """Play one replication and explain the decisions on a task, counted from 0 in the order of arrival.

    `core` is what plays it, to the same bits. Raises LookupError, with the number of tasks, if there is no
    such task, and `ScenarioError` if who is to be hired is not there.
    """
    hired_is_drawn(scenario, seed, [replication])
    kept: list[Rehearsed] = []

    def made(chosen: PolicySettings) -> Policy:
        policy = create(chosen)
        if not isinstance(chosen, ASKED_AGAIN):
            return policy
        kept.append(rehearsed(policy, task))
        return kept[-1]

    scenario = drawn(scenario, seed, replication)
    story = _Story(scenario, replication, task, kept)
    policy, played = made(scenario.policy), choose_core(core, [scenario], runs=1, watched=True).core
    Stage(scenario, policy, story, seed=seed, replication=replication, core=played, make=made).play()
    if not 0 <= task < story.tasks:
        there_are = f"there are {story.tasks:,}, 0 to {story.tasks - 1}" if story.tasks else "there are none"
        raise LookupError(f"no task {task}: {there_are} in replication {replication} of seed {seed}")
    return Explanation(scenario=scenario.name, seed=seed, replication=replication, **_plain(story.told()))


class _Story(Observer):
    """Gathers what happens to one task while its market is played."""

    market: Market

    def __init__(self, scenario: Scenario, replication: int, task: int, kept: list[Rehearsed]) -> None:
        self.scenario, self.replication, self.task = scenario, replication, task
        self.kept = kept
        self.tasks = 0
        self.decisions: list[Facts] = []
        self.ended: dict[int, Facts] = {}
        self.choice: Considered | None = None
        self.undecided = verdicts.UNDECIDED
        self.end: Facts = {}

    def set_up(self, market: Market) -> None:
        self.market = market

    def considered(self, considered: Considered) -> None:
        task, wholes = considered.block.first + considered.task, considered.block.wholes
        assert wholes is not None
        if task <= self.task <= task + wholes.steps[wholes.of[considered.task]]:
            self.choice = considered

    def decided(self, decided: DecidedOffers) -> None:
        if decided.block.first + decided.task == self.task:
            told = _decision(self.scenario, self.market, decided, self.replication)
            self.decisions.append(told | {"flips": self._flips(decided)})

    def _flips(self, decided: DecidedOffers) -> list[Facts]:
        """What would have changed the decision."""
        asked = [each.before[-1] for each in self.kept if each.before]
        if not asked:
            return []
        view = View(decided.offers, decided.row)
        names = [self.market.pool.names[contractor] for contractor in view.ids]
        return WhatIf(asked[0], view, decided.decision, decided.breakdown(), names).flips()

    def contract_ended(self, contract: Contract) -> None:
        if contract.task == self.task:
            name = self.market.pool.names[contract.contractor]
            self.ended[contract.attempt] = _contract(contract, name)

    def block_recorded(self, records: Records) -> None:
        first, self.tasks = self.tasks, self.tasks + len(records.block)
        if first <= self.task < self.tasks:
            row, names = self.task - first, self.market.pool.names
            realised = endings.realised(records, row)
            if self.scenario.learning:
                realised |= endings.ending(self.scenario, records, row, names, list(self.ended.values()))
            self.end = {
                "policy": self._policy(records.block, row),
                "task": _task(self.scenario, records.block, row),
                "factors": factors_at_home(self.scenario, records.block, row),
                "realised": realised,
                "whole": whole_of(self.scenario, records, row, names, self.choice),
            }
            if records.not_taken[row]:
                self.undecided = verdicts.not_taken(split=bool(records.split[row]))
                realised["verdict"] = self.undecided

    def _policy(self, block: Block, row: int) -> Facts:
        """Who decides for the client of a task."""
        chosen = self.scenario.policy_of(int(block.tasks.client[row]))
        return chosen.model_dump(by_alias=True)

    def told(self) -> Facts:
        """All of it, the first decision in front."""
        for attempt, decision in enumerate(self.decisions):
            decision["contract"] = self.ended.get(attempt)
        first, *retries = self.decisions or [_undecided(self.undecided)]
        return {
            **self.end,
            **first,
            "retries": retries,
            "skill_threshold": self.scenario.skills.threshold,
        }


def _undecided(verdict: str) -> Facts:
    """What there is to say where nothing was decided on a task."""
    unknown = dict.fromkeys(("choice", "contractor", "explored", "score", "confidence", "decided_s"))
    return {
        "home": {},
        "opportunity": {},
        "contractors": [],
        "left_out": {},
        "reasons": {},
        "decision": unknown | {"verdict": verdict},
        "cheaper": [],
        "flips": [],
        "contract": None,
    }


def _decision(scenario: Scenario, market: Market, decided: DecidedOffers, replication: int) -> Facts:
    """All that was known when a decision fell."""
    decision, view, breakdown = decided.decision, View(decided.offers, decided.row), decided.breakdown()
    table = offers_table(decided, replication, market.pool, market.skills, learning=scenario.learning)
    everybody: list[Facts] = table.to_pylist()
    forbidden = {who: f"{LEFT_OUT[NOT_ALLOWED]}, {rule}" for who, rule in breakdown.rules.items()}
    left_out: dict[str, list[str]] = {}
    rows = []
    for who, row in enumerate(everybody):
        del row["replication"], row["task"]
        row.pop("attempt", None)
        reason = row.pop("left_out", None)
        if reason is None:
            rows.append(row)
        else:
            left_out.setdefault(forbidden.get(who) or reason, []).append(row["contractor"])
    columns, reasons = _sorted_reasons(decision, len(rows))
    for position, row in enumerate(rows):
        row["type"] = market.pool.types[view.ids[position]]
        row["reliability"] = float(view.reliability[position])
        row["security_risk"] = 1 - float(view.security[position])
        row.update({name: values[position].item() for name, values in columns.items()})
    best_first = _best_first(rows)
    if "not_explored" in reasons:
        reasons["not_explored"] = rows[reasons["not_explored"]]["contractor"]
    chosen = None if decision.contractor == LOCAL else rows[decision.contractor]["contractor"]
    work_s = {} if scenario.clients.of(view.client).home.slots == 0 else {"work_s": breakdown.home_s}
    return {
        "home": {**work_s, **breakdown.home, "internal_usd": view.internal_usd},
        "opportunity": breakdown.opportunity
        | {"sentence": opportunity_sentence(breakdown.opportunity, breakdown.home)},
        "contractors": best_first,
        "left_out": left_out,
        "reasons": reasons,
        "decision": {
            "choice": "local" if chosen is None else "contractor",
            "contractor": chosen,
            "explored": decision.explored,
            "score": decision.score,
            "confidence": decision.confidence,
            "decided_s": view.now_s,
            "verdict": verdicts.of_decision(scenario, decision, best_first, reasons, view),
        },
        "cheaper": cheaper_but_lower(best_first, reasons.get("weights", {})),
    }


def _task(scenario: Scenario, block: Block, task: int) -> Facts:
    facts = {each.name: getattr(block.tasks, each.name)[task] for each in fields(Tasks)}
    facts.pop("logged_to")
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


def _best_first(rows: list[Facts]) -> list[Facts]:
    """By score, then by estimated cost; of scores that are equal but for rounding the first is the best."""
    scores = np.array([-1.0 if row["topsis_score"] is None else row["topsis_score"] for row in rows])
    best = rows[first_greatest(scores)] if rows and scores.max() >= 0 else None

    def rank(row: Facts) -> tuple[bool, bool, float, float]:
        return row is not best, not row["eligible"], -(row["topsis_score"] or 0.0), row["external_usd"]

    return sorted(rows, key=rank)


def _contract(contract: Contract, contractor: str) -> Facts:
    """What came of a contract."""
    of_contract = (
        *("state", "reason", "good", "agreed_usd", "submitted_s", "working_s", "ended_s"),
        *("auth_required", "input_required"),
    )
    return {
        "contractor": contractor,
        **{name: getattr(contract, name) for name in of_contract},
        "reason": contract.reason or None,
        "paid_usd": contract.paid_usd,
        "fees_usd": contract.fees_usd,
        **_incident(contract),
        **_cheat(contract),
        "verified": verdicts.check_of(contract),
        "verdict": verdicts.of_contract(contract),
    }


def _incident(contract: Contract) -> Facts:
    """What happened to the data or the work, if anything did."""
    names = ("incident", "leak_usd", "insured_usd")
    return {name: getattr(contract, name) for name in names} if contract.incident else {}


def _cheat(contract: Contract) -> Facts:
    """What the same contract would have been, had everybody been honest, if somebody was not."""
    names = ("manipulated", "honest_good", "harm_usd")
    return {name: getattr(contract, name) for name in names} if contract.manipulated else {}


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
