"""Quoting tasks one at a time, by what is known, queued and discovered at that moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.compiling import Pace
from coalesce_sim.economics.external import (
    communication_usd,
    complexity_factor,
    demand_price_usd,
    lateness_usd,
)
from coalesce_sim.market.contracts.knowledge import Knowledge
from coalesce_sim.market.contracts.results import GroundTruth
from coalesce_sim.market.contracts.terms import (
    ASKED,
    BARGAINED,
    BID,
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
    compiled_terms,
    terms,
)
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import Offers
from coalesce_sim.scenario.contracts import Contracts
from coalesce_sim.scenario.costs import BargainedPrice, DemandPrice, FlatPrice, LoadPrice, Pricing, TokenPrice
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.skills.compatibility import Compatibility

Ids = IntArray

_PACE = Pace(terms, compiled_terms)

ROUNDING = 1e-12
"""By how much a skill may miss the threshold through rounding alone."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What can be said of a block's tasks before any is decided.

    `table`, (tasks, contractors, 4), holds the time that a contractor quotes with an empty queue, the work
    itself, the listed price and the contractor's own cost (NaN where that is not known). The rest has one
    entry a task: `transfer_s` is one way out and back, `check_s` and `check_usd` the verification, `fees_usd`
    what comes on top of the price of a delivery: communication, verification, integration.
    """

    table: FloatArray
    at_risk_usd: list[float]
    communication_usd: list[float]
    transfer_s: list[float]
    check_s: list[float]
    check_usd: list[float]
    fees_usd: list[float]
    manual: list[bool]
    max_latency_s: list[float]
    loss_usd: list[float]


class Stay(NamedTuple):
    """What a client expects of doing a task at home now.

    `turnaround_s` is queue and work, `opportunity_usd` what occupying the GPU costs in lateness, its own and
    that of others, `plain_usd` what will be charged, before correction by experience, `internal_usd` the
    whole estimate: corrected, and with the lateness of others and work that is no good.
    """

    turnaround_s: float
    opportunity_usd: float
    plain_usd: float
    internal_usd: float


@dataclass(slots=True)
class ContractQuote:
    """The offers on one task and the `terms` that they were made up of, (10, offers).

    `stay` is what the client expects of home, `discovered` the contractors that it found, None for everybody,
    and `search_s` how long that took.
    """

    offers: Offers
    terms: FloatArray
    stay: Stay
    discovered: Ids | None = None
    search_s: float = 0.0

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

    @property
    def bids_usd(self) -> FloatArray:
        """The contractor's own cost or, where that is not known, its price."""
        row: FloatArray = self.terms[BID]
        return row


class ContractQuotes:
    """Lays out a block, then quotes its tasks as they come up."""

    def __init__(
        self,
        scenario: Scenario,
        contracts: Contracts,
        pool: Pool,
        skills: Compatibility,
        truth: GroundTruth,
        knowledge: Knowledge,
        jobs: FloatArray,
    ) -> None:
        self._rule = scenario.cost_model.external
        self._pricing = scenario.cost_model.external.pricing
        self._late_usd_per_min = scenario.cost_model.late_usd_per_min
        self._contracts = contracts
        self._recovers = contracts.recovery.goes_on_after(1)
        self._pool = pool
        self._knowledge = knowledge
        self._type_service_s = truth.type_service_s[:, :-1]
        self._timed = bool(np.isfinite(self._type_service_s).any())
        self._by_use = truth.bills
        security = contracts.security
        self.work_factor = 1 + security.enclave_share + security.audit_share
        self.setup_s = (contracts.handshake_ms + security.key_exchange_ms) / 1000
        self._security = 1 - pool.security_risk
        self.everyone: Ids = np.arange(len(pool))
        self._slots: FloatArray = np.array([np.inf if slots is None else slots for slots in pool.slots])
        self._threshold = scenario.skills.threshold - ROUNDING
        weights = scenario.skills
        self._performance_weight = 0.0 if knowledge.ratings is None else weights.performance_weight
        self._skill, self._performance = skills.total, skills.performance
        if knowledge.ratings is not None:
            self._skill = (
                weights.ontological_weight * skills.ontological + weights.embedding_weight * skills.embedding
            )
        dearest_first = np.argsort(np.argsort(pool.base_price_usd, kind="stable"), kind="stable")
        self._cheapness = 1e-6 * dearest_first / max(1, len(pool))
        self._risk_rate = pool.security_risk + pool.quality_risk
        self._price_rule = _price_rule(self._pricing)
        for shared in (self._security, self.everyone, self._skill, pool.reliability):
            shared.flags.writeable = False

        # All are views of arrays that change in place.
        self._known = [
            Known(
                jobs,
                self._slots,
                knowledge.reliability[type_id if len(knowledge.reliability) > 1 else 0],
                knowledge.factors[type_id],
                self._skill[type_id],
                self._security,
                self._risk_rate,
            )
            for type_id in range(len(self._skill))
        ]

    def lay_out(self, block: Block) -> Layout:
        """Prices, times and fees of a block's tasks at every contractor."""
        tasks, rule, contracts = block.tasks, self._rule, self._contracts
        service_s = self._work_s(block)
        price_usd = self._price_usd(block)
        at_risk_usd = np.where(tasks.critical, rule.critical_factor, 1.0) * tasks.value_usd
        manual, check_usd, check_s = self._checks(tasks.value_usd)
        transfer_s = np.zeros(len(block))
        if contracts.transfer_mb_per_s is not None:
            pace = contracts.transfer_mb_per_s / (1 + contracts.security.encryption_share)
            transfer_s = 1000 * (tasks.data_gb + tasks.output_gb) / pace
        communication = communication_usd(rule, tasks.data_gb, tasks.output_gb)
        overhead_s = self.setup_s + transfer_s + check_s
        table = np.empty((len(block), len(self._pool), 4))
        np.add(service_s * self.work_factor, self._pool.network_s + overhead_s[:, None], out=table[:, :, 0])
        table[:, :, 1], table[:, :, 2] = service_s, price_usd
        table[:, :, 3] = self._pool.own_usd(service_s, price_usd)
        return Layout(
            table,
            at_risk_usd.tolist(),
            communication.tolist(),
            transfer_s.tolist(),
            check_s.tolist(),
            check_usd.tolist(),
            (communication + check_usd + self._rule.integration_usd).tolist(),
            manual.tolist(),
            tasks.max_latency_s.tolist(),
            block.loss_usd.tolist(),
        )

    def _work_s(self, block: Block) -> FloatArray:
        """Time that the work itself takes at every contractor, as expected, (tasks, contractors)."""
        pool, tasks = self._pool, block.tasks
        service_s = (
            pool.latency_s
            + tasks.prompt_tokens[:, None] * pool.prefill_s_per_token
            + tasks.expected_output_tokens[:, None] * pool.decode_s_per_token
            + block.flop[:, None] * pool.s_per_flop
        )
        if self._timed:
            stated_s = self._type_service_s[tasks.type_id]
            service_s = np.where(np.isnan(stated_s), service_s, stated_s)
        return service_s

    def _price_usd(self, block: Block) -> FloatArray:
        """What is asked before queues and bargaining, (tasks, contractors)."""
        pool, tasks, rule = self._pool, block.tasks, self._pricing
        if isinstance(rule, FlatPrice):
            return np.broadcast_to(pool.base_price_usd, (len(block), len(pool)))
        if isinstance(rule, DemandPrice):
            unit_usd = demand_price_usd(rule, pool.base_price_usd, pool.demand, pool.available)
            return complexity_factor(rule, tasks.complexity)[:, None] * unit_usd
        by_token_usd = (
            tasks.prompt_tokens[:, None] * pool.input_usd_per_token
            + tasks.expected_output_tokens[:, None] * pool.output_usd_per_token
        )
        return by_token_usd if isinstance(rule, TokenPrice) else by_token_usd + pool.base_price_usd

    def _checks(self, value_usd: FloatArray) -> tuple[BoolArray, FloatArray, FloatArray]:
        """Which tasks are verified by hand, and what verification costs and takes."""
        rule = self._contracts.verification
        by_hand = rule.check(by_hand=True)
        from_usd = rule.manual_from_value_usd
        manual = np.zeros(len(value_usd), dtype=bool) if from_usd is None else value_usd >= from_usd
        usd = np.where(manual, by_hand.usd, rule.automated.usd)
        return manual, usd, 60 * np.where(manual, by_hand.minutes, rule.automated.minutes)

    def merit(self) -> FloatArray:
        """What contractors are ranked by where they are discovered: skill compatibility (eq. 12) as known
        now, the cheaper first where that is equal; (task types, contractors)."""
        skill = self._skill
        if self._performance_weight:
            skill = np.minimum(skill + self._performance_weight * self._knowledge.reliability, 1.0)
        return skill - self._cheapness

    def _at_stake_usd(self, layout: Layout, task: int, stay: Stay) -> float:
        """What work that is not accepted is expected to cost: doing it over at home, where that is how
        failures are recovered from, else its loss."""
        return stay.internal_usd if self._recovers else layout.loss_usd[task]

    def overhead_s(self, layout: Layout, task: int) -> float:
        """Handshake, transfer and verification: what a delivery takes beyond network, queue and work."""
        return self.setup_s + layout.transfer_s[task] + layout.check_s[task]

    def quote(
        self,
        block: Block,
        layout: Layout,
        task: int,
        client: int,
        type_id: int,
        ids: Ids,
        wait_s: FloatArray,
        stay: Stay,
        now_s: float,
        explain: bool,
    ) -> ContractQuote:
        """The offers for one task.

        `ids` are those who offer, ascending; `wait_s` is what queue and discovery add, one entry an offer.
        """
        of = _PACE.next_round()(
            ids,
            wait_s,
            layout.table[task],
            self._known[type_id],
            Sides(
                layout.fees_usd[task],
                layout.max_latency_s[task],
                self._late_usd_per_min,
                self._at_stake_usd(layout, task, stay),
                layout.at_risk_usd[task],
                stay.internal_usd,
                *self._price_rule,
                self._performance_weight,
                self._by_use,
            ),
        )
        if self._price_rule[0] == BARGAINED:
            made = np.isfinite(of[ASKED])
            ids, of = ids[made], of[:, made]
        of.flags.writeable = False
        return ContractQuote(
            Offers(
                block.tasks,
                block.first,
                task,
                [client],
                [type_id],
                [stay.internal_usd],
                ids,
                of[SHOWN : SHOWN + 1],
                of[EXTERNAL : EXTERNAL + 1],
                of[LATENCY : LATENCY + 1],
                of[RELIABILITY],
                of[SECURITY],
                of[SKILL : SKILL + 1],
                of[SKILL : SKILL + 1] >= self._threshold,
                explain,
                now_s,
            ),
            of,
            stay,
        )

    def parts(
        self, layout: Layout, quote: ContractQuote
    ) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
        """The parts in USD that make up the whole cost of each offer, and what they follow from."""
        offers, task = quote.offers, quote.offers.first
        ids, n = offers.ids, len(offers.ids)
        known = self._knowledge.factors[offers.type_id[0]][ids]
        late_usd = lateness_usd(offers.latency_s[0], layout.max_latency_s[task], self._late_usd_per_min)
        working_s = quote.service_s * self.work_factor
        parts_usd = {
            "price_usd": quote.asked_usd,
            "communication_usd": np.full(n, layout.communication_usd[task]),
            "verification_usd": np.full(n, layout.check_usd[task]),
            "integration_usd": np.full(n, self._rule.integration_usd),
            "latency_penalty_usd": late_usd,
            "correction_usd": quote.plain_usd * (known - 1),
            "expected_loss_usd": (1 - offers.reliability) * self._at_stake_usd(layout, task, quote.stay),
            "risk_usd": layout.at_risk_usd[task] * self._risk_rate[ids],
        }
        facts = {
            "calibration_factor": known,
            "reliability": offers.reliability,
            "working_s": working_s,
            "waiting_s": offers.latency_s[0] - working_s - self.overhead_s(layout, task),
            "overhead_s": np.full(n, self.overhead_s(layout, task)),
        }
        return parts_usd, facts

    def performance(self, quote: ContractQuote) -> FloatArray:
        """The performance part of each offer's skill (eq. 12): what the ledger says, where there is one."""
        if self._knowledge.ratings is not None:
            return quote.offers.reliability
        performance: FloatArray = self._performance[quote.offers.type_id[0], quote.offers.ids]
        return performance


def _price_rule(pricing: Pricing) -> tuple[int, float, float]:
    match pricing:
        case LoadPrice(slope=slope, max_load=max_load):
            return LOAD, slope, max_load
        case BargainedPrice(client_weight=weight):
            return BARGAINED, weight, 0.0
        case _:
            return LIST_PRICE, 0.0, 0.0
