"""Watches one replication being played and adds up what it sees."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.cost_parts import (
    COMMUNICATION,
    HOME_BILL,
    HOME_COMPUTE,
    HOME_DEPRECIATION,
    HOME_ENERGY,
    HOME_MEMORY,
    INTEGRATION,
    LATENESS,
    LEAK,
    LOSS,
    PRICE,
    SEARCH,
    VERIFICATION,
)
from coalesce_sim.experiments.diagnosis.evidence import (
    MANY,
    NEAR_HALF,
    Corrections,
    Estimates,
    Evidence,
)
from coalesce_sim.experiments.diagnosis.finding import epsilon_of
from coalesce_sim.experiments.queues import QueueObserver
from coalesce_sim.market.breakdown import ABSENT, BEYOND_BUDGET, NOT_ALLOWED
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import DecidedOffers, Observer
from coalesce_sim.market.records import Records
from coalesce_sim.policies.mcdm import CRITERIA
from coalesce_sim.policies.protocol import LOCAL, View
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.discovery import RegistryDiscovery
from coalesce_sim.scenario.policy import Topsis
from coalesce_sim.scenario.schema import Scenario

_PART_OF = {
    "price_usd": 0,
    "compute_usd": 0,
    "memory_usd": 0,
    "energy_usd": 0,
    "depreciation_usd": 0,
    "own_price_usd": 0,
    "correction_usd": 0,
    "risk_usd": 1,
    "expected_loss_usd": 1,
    "expected_leak_usd": 1,
    "latency_penalty_usd": 2,
    "opportunity_usd": 2,
    "communication_usd": 3,
    "verification_usd": 3,
    "integration_usd": 3,
}
"""To which of `PARTS` a part of an estimate belongs."""

_SETTLEMENT = "settlement_usd"

_CHARGED_AS = (
    (HOME_COMPUTE, HOME_MEMORY, HOME_ENERGY, HOME_DEPRECIATION, HOME_BILL, PRICE),
    (LOSS, LEAK),
    (LATENESS,),
    (COMMUNICATION, VERIFICATION, INTEGRATION, SEARCH),
)
"""By `PARTS`: the parts of the cost that they are held against, where what is used is charged."""


class Witness(Observer):
    """`evidence` is all it keeps; `finish` when the market has been played."""

    _market: Market

    def __init__(self, scenario: Scenario) -> None:
        self._learning = scenario.learning
        self.evidence = Evidence.none(scenario)
        self._asked = scenario.clients.asked_by_policy
        self._topsis = scenario.policy if isinstance(scenario.policy, Topsis) else None
        self._physical = scenario.cost_model.realised.basis == "physical"
        self._epsilon = epsilon_of(scenario) or 0.0
        half_life = getattr(scenario.policy, "epsilon_half_life_tasks", None)
        self._decay = 1.0 if half_life is None else 0.5 ** (1 / half_life)
        registry = scenario.discovery if isinstance(scenario.discovery, RegistryDiscovery) else None
        outages = [] if registry is None else registry.outages
        self._outages_s = [(3600 * each.start_h, 3600 * (each.start_h + each.hours)) for each in outages]
        self._ever_eligible: set[int] = set()
        self._contracts_with: dict[int, list[int]] = {}
        self._settlement_usd: dict[int, float] = {}
        self._queues = QueueObserver()

    def set_up(self, market: Market) -> None:
        self._market = market
        self._queues.set_up(market)

    def decided(self, decided: DecidedOffers) -> None:
        """Count one decision, and what the client expected of it if it is the first on its task."""
        view = View(decided.offers, decided.row)
        eligible = np.flatnonzero(view.eligible)
        self._count(decided, view, eligible)
        if (
            self._topsis is not None
            and self._asked[view.client]
            and not decided.decision.explored
            and not math.isnan(decided.decision.score)
        ):
            self._count_score(self._topsis, decided, view)
        if decided.attempt == 0:
            self._expect(decided)

    def block_recorded(self, records: Records) -> None:
        """Count what became of a block of tasks."""
        self._queues.block_recorded(records)
        tasks, days = self.evidence.tasks, self.evidence.days
        away, decided = records.outsourced, records.attempts > 0
        all_local_usd, realised_usd = (each[away] for each in _compared_usd(records))
        tasks.tasks += int(records.closes.sum())
        tasks.decided += int(decided.sum())
        tasks.good += int((records.good & records.closes).sum())
        tasks.outsourced += int(away.sum())
        tasks.outsourced_cheaper += int(exceeds(all_local_usd, realised_usd).sum())
        tasks.outsourced_saving_usd += float((all_local_usd - realised_usd).sum())
        tasks.undone += int((~records.good & records.closes).sum())
        tasks.loss_usd += float(records.loss_usd.sum())
        tasks.retried += int((records.attempts > 1).sum())
        day = np.minimum(records.block.tasks.arrival_s // 86_400, len(days.tasks) - 1).astype(np.int64)
        for column, which in (
            (days.tasks, decided),
            (days.outsourced, away),
            (days.explored, away & records.explored),
        ):
            column += np.bincount(day[which], minlength=len(column))
        stayed = decided & ~away & (records.attempts == 1)
        expected_usd = records.estimated_usd - self._settlement_of(records)
        self._realise(self.evidence.home, records, stayed, expected_usd)
        self._realise(self.evidence.away, records, decided & ~stayed, expected_usd)

    def contract_ended(self, contract: Contract) -> None:
        """Count how a contract ended."""
        contracts, accepted = self.evidence.contracts, contract.accepted
        contracts.ends["accepted" if accepted else contract.reason] += 1
        if not accepted:
            contracts.wasted_usd += contract.paid_usd
        self._contracts_with.setdefault(contract.contractor, [0, 0])[accepted] += 1

    def finish(self, all_local_success_rate: float) -> Evidence:
        """What is known only now; the rate, in percent, is that of the same tasks at home."""
        evidence, market, trade = self.evidence, self._market, self._market.trade
        contracts = evidence.contracts
        contracts.contractors = len(market.pool)
        evidence.replications = 1
        evidence.queues = self._queues.judged()
        contracts.without_slots = sum(slots == 0 for slots in market.pool.slots)
        contracts.ever_eligible = len(self._ever_eligible)
        contracts.ever_hired = len(self._contracts_with)
        contracts.always_failed = sum(
            good == 0 and failed >= MANY for failed, good in self._contracts_with.values()
        )
        if evidence.tasks.tasks:
            evidence.tasks.all_local_good = round(all_local_success_rate / 100 * evidence.tasks.tasks)
        if isinstance(trade, ContractTrade) and trade.discovery is not None:
            evidence.registry.queries = trade.discovery.queries
            evidence.registry.empty = trade.discovery.empty
            evidence.registry.unanswered = trade.discovery.unanswered
        if isinstance(trade, ContractTrade) and trade.effects is not None:
            home, away = trade.effects
            evidence.corrected_home = Corrections(**asdict(home))
            evidence.corrected_away = Corrections(**asdict(away))
        return evidence

    def _count(self, decided: DecidedOffers, view: View, eligible: IntArray) -> None:
        choices, types, decision = self.evidence.choices, self.evidence.types, decided.decision
        hired = decision.contractor != LOCAL
        choices.decisions += 1
        choices.hired += hired
        choices.hired_exploring += hired and decision.explored
        choices.explored += decision.explored
        if self._asked[view.client]:
            choices.expected_explored += self._epsilon
            self._epsilon *= self._decay
        choices.with_offers += view.contractors > 0
        choices.offers += view.contractors
        choices.eligible += len(eligible)
        types.decisions[view.type_id] += 1
        if view.contractors:
            types.best_skill[view.type_id] = max(types.best_skill[view.type_id], float(view.skill.max()))
            types.nobody_eligible[view.type_id] += not len(eligible)
        self._ever_eligible.update(view.ids[eligible].tolist())
        if len(eligible):
            choices.with_eligible += 1
            none_cheaper = not exceeds(view.internal_usd, float(view.external_usd[eligible].min()))
            choices.none_cheaper += none_cheaper
            choices.none_cheaper_home += none_cheaper and not hired
        now_s = view.now_s
        if any(start_s <= now_s < end_s for start_s, end_s in self._outages_s):
            self.evidence.registry.decisions_down += 1
            self.evidence.registry.hired_down += hired
        if hired and not self._learning:
            # Here every contractor delivers, and there are no contracts to be told of.
            self._contracts_with.setdefault(decision.contractor, [0, 0])[1] += 1
        if not hired:
            self._count_home(decided, view, len(eligible))

    def _count_home(self, decided: DecidedOffers, view: View, eligible: int) -> None:
        choices, rules, decision = self.evidence.choices, self._topsis, decided.decision
        if not view.contractors:
            why = decided.breakdown().left_out
            choices.nobody_offers += 1
            choices.beyond_budget += bool((why == BEYOND_BUDGET).any())
            choices.not_allowed += bool((why == NOT_ALLOWED).any())
            choices.nobody_there += bool((why == ABSENT).all())
        elif not eligible:
            choices.nobody_eligible += 1
        elif rules is not None:
            unsure = not exceeds(decision.confidence, rules.outsource_above_confidence)
            if "not_explored" in (decision.reasons or {}):
                choices.not_explored += 1
            elif math.isnan(decision.score):
                choices.over_budget += 1
            elif not exceeds(decision.score, rules.outsource_above_score):
                choices.low_score += 1
                choices.low_both += unsure
            elif unsure:
                choices.low_confidence += 1
                choices.warming_up += decision.confidence == rules.confidence.initial
            else:
                choices.not_cheaper += 1
        else:
            choices.declined += 1

    def _count_score(self, rules: Topsis, decided: DecidedOffers, view: View) -> None:
        scores, reasons = self.evidence.scores, decided.decision.reasons or {}
        scored = np.flatnonzero(~np.isnan(reasons["closeness"]))
        criteria = np.stack(
            [
                values[scored]
                for values in (view.external_usd, view.reliability, view.latency_s, view.security)
            ]
        )
        least, most = criteria.min(axis=1), criteria.max(axis=1)
        span = np.where(exceeds(most, least), most - least, 0.0)
        weights = np.array([reasons["weights"][name] for name in CRITERIA])
        scores.scored += 1
        scores.score += decided.decision.score
        if len(scored) > 1:
            scores.several += 1
            scores.constant += span == 0
            norm = np.linalg.norm(criteria, axis=1) if rules.normalisation == "vector" else span
            scores.pull += weights * np.divide(span, norm, out=np.zeros_like(span), where=norm > 0)
        if abs(decided.decision.score - 0.5) <= NEAR_HALF:
            scores.near_half += 1
            scores.single += len(scored) == 1
            scores.alike += len(scored) > 1 and not (weights * span).any()
            scores.torn += bool((weights * span).any())

    def _expect(self, decided: DecidedOffers) -> None:
        """Add up what the estimate of the choice consists of."""
        breakdown, position = decided.breakdown(), decided.decision.contractor
        if position == LOCAL:
            for name, usd in breakdown.home.items():
                self.evidence.home.parts_estimated[_PART_OF[name]] += usd
        else:
            for name, offers_usd in breakdown.parts_usd.items():
                usd = float(offers_usd[position])
                if name == _SETTLEMENT:
                    self._settlement_usd[decided.block.first + decided.task] = usd
                else:
                    self.evidence.away.parts_estimated[_PART_OF[name]] += usd

    def _realise(
        self, estimates: Estimates, records: Records, which: BoolArray, expected_usd: FloatArray
    ) -> None:
        estimated_usd = expected_usd[which]
        # Coordination is in no estimate of a step.
        realised_usd = records.realised_usd[which] - records.coordination_usd[which]
        error_usd = estimated_usd - realised_usd
        estimates.tasks += len(error_usd)
        estimates.estimated_usd += float(estimated_usd.sum())
        estimates.realised_usd += float(realised_usd.sum())
        estimates.absolute_usd += float(np.abs(error_usd).sum())
        estimates.squared_usd2 += float((error_usd**2).sum())
        if not self._physical:
            return  # estimates are realised whole, not part by part
        of_these_usd = records.parts_usd[:, which].sum(axis=1)
        estimates.parts_realised += [of_these_usd[list(parts)].sum() for parts in _CHARGED_AS]

    def _settlement_of(self, records: Records) -> FloatArray:
        """What payment was expected to cost, task by task: it is realised in the book, not in the records."""
        usd, first = np.zeros(len(records.block)), records.block.first
        for row in range(len(usd)) if self._settlement_usd else ():
            usd[row] = self._settlement_usd.pop(first + row, 0.0)
        return usd


def _compared_usd(records: Records) -> tuple[FloatArray, FloatArray]:
    """What tasks cost all-local and as played, to be compared one by one.

    What may be split may have been done in another way at home, so it is compared as a whole, each of its
    outsourced rows bearing an equal part.
    """
    wholes = records.block.wholes
    if wholes is None:
        return records.all_local_usd, records.realised_usd
    hired = np.maximum(1, np.bincount(wholes.of, weights=records.outsourced))

    def spread(usd: FloatArray) -> FloatArray:
        shared = np.bincount(wholes.of, weights=usd) / hired
        return np.where(wholes.may_split, shared[wholes.of], usd)

    return spread(records.all_local_usd), spread(records.realised_usd)
