"""Quoting tasks one at a time, by what is known, queued and discovered at that moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.economics.external import lateness_usd
from coalesce_sim.economics.pricing import load_price_usd
from coalesce_sim.market.contracts.allowed import Ruling
from coalesce_sim.market.contracts.incidents import LEAKED, LOST, TAMPERED, Incidents
from coalesce_sim.market.contracts.knowledge import Knowledge
from coalesce_sim.market.contracts.layout import Layout, Layouts
from coalesce_sim.market.contracts.open_block import OpenContractBlock
from coalesce_sim.market.contracts.payments import Payments
from coalesce_sim.market.contracts.results import GroundTruth
from coalesce_sim.market.contracts.terms import (
    ASKED,
    BARGAINED,
    EXTERNAL,
    LATENCY,
    LIST_PRICE,
    LOAD,
    PLAIN,
    RELIABILITY,
    SECURITY,
    SERVICE,
    SHOWN,
    SKILL,
    Known,
    Sides,
    terms,
)
from coalesce_sim.market.trade import Venue
from coalesce_sim.policies.protocol import Offers
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.costs import BargainedPrice, LoadPrice, Pricing, TokenPrice


class Stay(NamedTuple):
    """What a client expects of doing a task at home now.

    `turnaround_s` is queue and work, `opportunity_usd` what occupying the GPU costs in lateness, its own
    (`own_late_usd`) and that of others, corrected by experience, `plain_usd` what will be charged, before
    correction, `internal_usd` the whole estimate: corrected, and with lateness and work that is no good.
    """

    turnaround_s: float
    opportunity_usd: float
    own_late_usd: float
    plain_usd: float
    internal_usd: float


@dataclass(frozen=True, slots=True)
class ContractQuote:
    """The offers on one task and the `terms` that they were made up of, (10, offers).

    `stay` is what the client expects of home. `beyond` are the contractors who would have offered, for more
    than the client may commit; None where it has no budget. `ruled_out` are those whose offers a rule of
    compliance forbids; None where none bears on anybody.
    """

    offers: Offers
    terms: FloatArray
    stay: Stay
    beyond: IntArray | None = None
    ruled_out: IntArray | None = None

    @property
    def task(self) -> int:
        """The task's number in the run."""
        return self.offers.first_task + self.offers.first

    @property
    def now_s(self) -> float:
        """When the offers were made."""
        assert self.offers.now_s is not None
        return self.offers.now_s

    @property
    def service_s(self) -> FloatArray:
        """The work of each offer, without queue and overheads."""
        row: FloatArray = self.terms[SERVICE]
        return row

    @property
    def asked_usd(self) -> FloatArray:
        """The price that is due if the offer is taken as it is."""
        row: FloatArray = self.terms[ASKED]
        return row

    @property
    def plain_usd(self) -> FloatArray:
        """The estimated charges before correction by experience."""
        row: FloatArray = self.terms[PLAIN]
        return row


class ContractQuotes:
    """Quotes tasks as they come up, by what is laid out, known and queued; changes nothing of that.

    `dearness` is a little by which the cheaper of equals comes first where contractors are ranked, one entry
    each.
    """

    def __init__(
        self,
        venue: Venue,
        rules: ContractRules,
        layouts: Layouts,
        truth: GroundTruth,
        knowledge: Knowledge,
        incidents: Incidents,
        payments: Payments,
    ) -> None:
        self._payments = payments
        scenario, pool, skills = venue.scenario, venue.pool, venue.skills
        self._rule = scenario.cost_model.external
        self._late_usd_per_s = scenario.cost_model.late_usd_per_s
        self._explain, self._luck = venue.observer.wants("decided"), venue.luck
        self._recovers = rules.recovery.goes_on_after(1)
        self._knowledge = knowledge
        self._by_use = truth.bills
        self._layouts = layouts
        self.everyone: IntArray = np.arange(len(pool))
        self._threshold = scenario.skills.threshold
        rated = knowledge.ratings is not None
        self._skills = skills
        self._performance_weight = skills.performance_weight if rated else 0.0
        self._skill = skills.before_performance if rated else skills.total
        self.dearness = dearness_of(pool.base_price_usd, pool.roster.presence.enter_s <= 0)
        self._pool, self._incidents, self._rated = pool, incidents, rated
        self._leaks, self._borne_share = incidents.probability[LEAKED], incidents.borne_share
        self._risk_rate, self._security = np.zeros(len(pool)), np.zeros(len(pool))
        self._intact = np.ones(len(pool))
        self._reckon_risks(self.everyone)
        self._price_rule = _price_rule(self._rule.pricing)
        self._by_token = isinstance(self._rule.pricing, TokenPrice | LoadPrice)
        # All are views of arrays that change in place.
        self._known = [
            Known(
                venue.queues.jobs,
                venue.queues.slots,
                knowledge.reliability[type_id if len(knowledge.reliability) > 1 else 0],
                knowledge.factors[type_id],
                knowledge.time_factors[type_id],
                self._skill[type_id],
                self._security,
                self._risk_rate,
                self._leaks,
                self._intact,
            )
            for type_id in range(len(self._skill))
        ]

    def turn(self, who: IntArray) -> None:
        """What is stated of these contractors has moved, their risks perhaps among it."""
        self._incidents.turn(who)
        self._reckon_risks(who)

    def _reckon_risks(self, who: IntArray) -> None:
        """Enter what follows from the risks of these contractors, as they are now."""
        happens, risk = self._incidents.probability[:, who], self._pool.security_risk[who]
        stated, quality_risk = self._incidents.stated, self._pool.quality_risk[who]
        self._risk_rate[who] = quality_risk if stated else risk + quality_risk
        self._security[who] = 1 - (happens.sum(axis=0) if stated else risk)
        if not self._rated:  # else a score has it in it: such work is rated like any that came to nothing
            self._intact[who] = 1 - (happens[TAMPERED] + happens[LOST])

    def merit(self) -> FloatArray:
        """What contractors are ranked by where they are discovered: skill compatibility (eq. 12) as known
        now, the cheaper first where that is equal; (task types, contractors)."""
        if self._knowledge.ratings is not None:
            return self._skills.with_performance(self._knowledge.reliability) - self.dearness
        return self._skill - self.dearness

    def _at_stake_usd(self, layout: Layout, task: int, stay: Stay) -> float:
        """What work that is not accepted is expected to cost: doing it over at home, where that is how
        failures are recovered from, else its loss."""
        return stay.internal_usd if self._recovers else layout.loss_usd[task]

    def quote(
        self,
        opened: OpenContractBlock,
        task: int,
        ids: IntArray,
        wait_s: FloatArray,
        stay: Stay,
        now_s: float,
        left_usd: float | None,
        ruling: Ruling | None,
    ) -> ContractQuote:
        """The offers for one task.

        `ids` are those who offer, ascending; `wait_s` is what queue and discovery add, one entry an offer.
        `left_usd` is what the client may commit, None where it has no budget; `ruling` says who else would
        offer, and for how much at most anybody may.
        """
        layout, type_id = opened.layout, opened.type_id[task]
        rule, slope, max_load = self._price_rule
        of = terms(
            ids,
            wait_s,
            self._layouts.listed(opened.block, layout, task, ids, now_s),
            self._known[type_id],
            Sides(
                fees_usd=layout.fees_usd[task] + self._layouts.audit_usd,
                max_latency_s=layout.max_latency_s[task],
                late_usd_per_s=self._late_usd_per_s,
                at_stake_usd=self._at_stake_usd(layout, task, stay),
                at_risk_usd=layout.at_risk_usd[task],
                leak_usd=layout.leak_usd[task] * self._borne_share,
                internal_usd=stay.internal_usd,
                rule=rule,
                slope=slope,
                max_load=max_load,
                performance_weight=self._performance_weight,
                by_use=self._by_use,
            ),
        )
        ruled_out = None if ruling is None else ruling.out
        if ruling is not None and ruling.most_usd is not None:
            dearer = exceeds(of[ASKED], ruling.most_usd)
            if dearer.any():
                ruled_out = np.append(ruling.out, ids[dearer])
                ids, of = ids[~dearer], np.compress(~dearer, of, axis=1)
        if rule == BARGAINED:
            made = np.isfinite(of[ASKED])
            ids, of = ids[made], np.compress(made, of, axis=1)
        surcharge_usd = self._payments.surcharge_usd(opened.client[task], ids, of[SHOWN], now_s)
        if surcharge_usd is not None:
            of[EXTERNAL] += surcharge_usd
        beyond = None
        if left_usd is not None:
            dearer = exceeds(of[ASKED], left_usd)
            beyond, ids, of = ids[dearer], ids[~dearer], np.compress(~dearer, of, axis=1)
        eligible = ~exceeds(self._threshold, of[SKILL : SKILL + 1])
        for shown in (of, eligible, ids):
            shown.flags.writeable = False
        return ContractQuote(
            Offers(
                tasks=opened.block.tasks,
                first_task=opened.block.first,
                first=task,
                client=[opened.client[task]],
                type_id=[type_id],
                internal_usd=[stay.internal_usd],
                ids=ids,
                price_usd=of[SHOWN : SHOWN + 1],
                external_usd=of[EXTERNAL : EXTERNAL + 1],
                latency_s=of[LATENCY : LATENCY + 1],
                reliability=of[RELIABILITY],
                security=of[SECURITY],
                skill=of[SKILL : SKILL + 1],
                eligible=eligible,
                luck=self._luck,
                attempt=len(opened.tried[task]),
                explain=self._explain,
                now_s=now_s,
            ),
            of,
            stay,
            beyond,
            ruled_out,
        )

    def due_usd(self, opened: OpenContractBlock, quote: ContractQuote) -> FloatArray:
        """What each offer comes to if it is taken, (offers,): a price by tokens goes by those that are really
        written, at the load of now; any other is due as it was asked."""
        if not self._by_token:
            return quote.asked_usd
        offers = quote.offers
        asked_usd = self._layouts.true_price_usd(opened.block, offers.first, offers.ids, quote.now_s)
        rule, slope, max_load = self._price_rule
        if rule != LOAD:
            return asked_usd
        known = self._known[offers.type_id[0]]
        jobs, slots = known.jobs[offers.ids], known.slots[offers.ids]
        return load_price_usd(asked_usd, jobs, slots, slope=slope, max_load=max_load)

    def good_p(self, quote: ContractQuote, offer: int) -> float:
        """Probability that the work of an offer is good, and neither tampered with nor lost."""
        return float(quote.offers.reliability[offer] * self._intact[quote.offers.ids[offer]])

    def parts(
        self, layout: Layout, quote: ContractQuote
    ) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
        """The parts in USD that make up the whole cost of each offer, and what they follow from."""
        offers, task = quote.offers, quote.offers.first
        ids, n = offers.ids, len(offers.ids)
        known = self._knowledge.factors[offers.type_id[0]][ids]
        known_time = self._knowledge.time_factors[offers.type_id[0]][ids]
        corrected_s = offers.latency_s[0] * known_time
        late_usd = lateness_usd(corrected_s, layout.max_latency_s[task], self._late_usd_per_s)
        working_s = quote.service_s * self._layouts.work_factor
        parts_usd = {
            "price_usd": quote.asked_usd,
            "communication_usd": np.full(n, layout.communication_usd[task]),
            "verification_usd": np.full(n, layout.check_usd[task] + self._layouts.audit_usd),
            "integration_usd": np.full(n, self._rule.integration_usd),
            "latency_penalty_usd": late_usd,
            "correction_usd": quote.plain_usd * (known - 1),
            "expected_loss_usd": (1 - offers.reliability * self._intact[ids])
            * self._at_stake_usd(layout, task, quote.stay),
            "risk_usd": layout.at_risk_usd[task] * self._risk_rate[ids],
        }
        if self._incidents.stated:
            parts_usd["expected_leak_usd"] = layout.leak_usd[task] * self._borne_share * self._leaks[ids]
        surcharge_usd = self._payments.surcharge_usd(offers.client[0], ids, offers.price_usd[0], quote.now_s)
        if surcharge_usd is not None:
            parts_usd["settlement_usd"] = surcharge_usd
        facts = {
            "calibration_factor": known,
            "time_factor": known_time,
            "reliability": offers.reliability,
            "working_s": working_s,
            "waiting_s": offers.latency_s[0] - working_s - self._layouts.overhead_s(layout, task),
            "overhead_s": np.full(n, self._layouts.overhead_s(layout, task)),
        }
        return parts_usd, facts

    def performance(self, quote: ContractQuote) -> FloatArray:
        """The performance part of each offer's skill (eq. 12): the public score, where there is one."""
        if self._knowledge.ratings is not None:
            return quote.offers.reliability
        performance: FloatArray = self._skills.performance[quote.offers.type_id[0], quote.offers.ids]
        return performance


def dearness_of(price_usd: FloatArray, first: BoolArray) -> FloatArray:
    """A little for the dearer, by which the cheaper of equals is preferred: the rank by price among the
    `first`, who are there from the start, over their number. Who comes later stands just behind those that
    cost no more, so that nobody's hangs on who is not there yet."""
    rank = np.searchsorted(np.sort(price_usd[first]), price_usd, side="right").astype(np.float64) - 0.5
    rank[first] = np.argsort(np.argsort(price_usd[first], kind="stable"), kind="stable")
    many = max(1, int(np.count_nonzero(first)))
    dearness: FloatArray = 1e-6 * rank / many
    return dearness


def _price_rule(pricing: Pricing) -> tuple[int, float, float]:
    match pricing:
        case LoadPrice(slope=slope, max_load=max_load):
            return LOAD, slope, max_load
        case BargainedPrice(client_weight=weight):
            return BARGAINED, weight, 0.0
        case _:
            return LIST_PRICE, 0.0, 0.0
