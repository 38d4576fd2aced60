"""What follows from a task's facts and a contractor's: fees and risks, times and prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.economics.external import (
    communication_usd,
    complexity_factor,
    demand_price_usd,
    value_at_risk_usd,
)
from coalesce_sim.market.contracts.behaviour import Asking
from coalesce_sim.market.contracts.results import GroundTruth
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.queues import Sharing
from coalesce_sim.market.workload import Block
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.costs import DemandPrice, FlatPrice, TokenPrice
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.workload import LEVELS


class Columns(NamedTuple):
    """What can be said of a block's tasks before any is decided, an entry a task.

    `transfer_s` is the way out and back together, all before the work, `check_s` and `check_usd` the
    verification, `fees_usd` what is expected on top of the price of a delivery: communication, verification
    with audits, integration; `leak_usd` is what a leak of its data costs by their sensitivity, before
    insurance.
    """

    at_risk_usd: FloatArray
    communication_usd: FloatArray
    transfer_s: FloatArray
    check_s: FloatArray
    check_usd: FloatArray
    fees_usd: FloatArray
    manual: BoolArray
    max_latency_s: FloatArray
    loss_usd: FloatArray
    leak_usd: FloatArray


@dataclass(frozen=True, slots=True)
class Layout:
    """`Columns` as plain lists, of which one entry is read at a time."""

    at_risk_usd: list[float]
    communication_usd: list[float]
    transfer_s: list[float]
    check_s: list[float]
    check_usd: list[float]
    fees_usd: list[float]
    manual: list[bool]
    max_latency_s: list[float]
    loss_usd: list[float]
    leak_usd: list[float]


class Listed(NamedTuple):
    """What contractors ask and state for one task, whatever is queued or known of them; an entry each.

    `latency_s` is the time that a delivery takes with an empty queue, `service_s` that of the work itself,
    `own_usd` what the work costs the contractor, NaN where that is not known.
    """

    latency_s: FloatArray
    service_s: FloatArray
    price_usd: FloatArray
    own_usd: FloatArray


class Layouts:
    """Lays out blocks, and says of a task what contractors state and what its true length makes of that.

    `work_factor` is by what security makes work longer and `price_factor` dearer, `setup_s` what a handshake
    takes, `audit_usd` what audits are expected to cost a client on each contract.
    """

    def __init__(
        self,
        scenario: Scenario,
        rules: ContractRules,
        pool: Pool,
        truth: GroundTruth,
        asking: Asking,
        sharing: Sharing | None,
    ) -> None:
        self._rule = scenario.cost_model.external
        self._pricing = scenario.cost_model.external.pricing
        self._contracts = rules
        self._pool, self._asking, self._sharing = pool, asking, sharing
        self._by_token = pool.charges_by_token
        if isinstance(self._pricing, DemandPrice):
            one = np.ones(len(pool))
            self._scarcity = demand_price_usd(self._pricing, one, pool.demand, pool.available)
        self._type_service_s = truth.type_service_s[:, : len(pool)]
        self._timed = bool(np.isfinite(self._type_service_s).any())
        security = rules.security
        self.work_factor = 1 + security.enclave_share + security.audit_share
        self.price_factor = security.price_factor
        audit = scenario.defences.audit
        self.audit_usd = 0.0 if audit is None else audit.share * audit.usd
        incidents = security.incidents
        self._leak_usd = np.array([0.0 if incidents is None else incidents.leak_usd.of(k) for k in LEVELS])
        self.setup_s = (rules.handshake_ms + security.key_exchange_ms) / 1000

    def of(self, block: Block) -> Layout:
        """Times, fees and risks of a block's tasks."""
        return Layout(*(column.tolist() for column in self.columns(block)))

    def columns(self, block: Block) -> Columns:
        """The same in columns."""
        tasks, rule, contracts = block.tasks, self._rule, self._contracts
        at_risk_usd = value_at_risk_usd(rule, tasks.value_usd, tasks.critical)
        manual, check_usd, check_s = self._checks(tasks.value_usd)
        transfer_s = np.zeros(len(block))
        if contracts.transfer_mb_per_s is not None:
            pace = contracts.transfer_mb_per_s / (1 + contracts.security.encryption_share)
            transfer_s = 1000 * (tasks.data_gb + tasks.output_gb) / pace
        communication = communication_usd(rule, tasks.data_gb, tasks.output_gb)
        return Columns(
            at_risk_usd,
            communication,
            transfer_s,
            check_s,
            check_usd,
            communication + check_usd + self._rule.integration_usd,
            manual,
            tasks.max_latency_s,
            block.loss_usd,
            self._leak_usd[block.sensitivity],
        )

    def listed(self, block: Block, layout: Layout, task: int, ids: IntArray, now_s: float) -> Listed:
        """What the contractors `ids` state now for one task, for the answer that is expected."""
        only = slice(task, task + 1)
        tokens = block.tasks.expected_output_tokens[only]
        service_s = self._work_s(block, only, tokens, ids)
        price_usd = self._price_usd(block, only, tokens, ids)
        machine_s = service_s if self._sharing is None else service_s / self._sharing.crowd[ids]
        own_usd = self._pool.own_usd(machine_s, price_usd, ids)
        apart_s = self._pool.network_s[ids] + self.overhead_s(layout, task)
        latency_s = service_s * self.work_factor + apart_s
        number, asking = block.first + task, self._asking
        return Listed(
            asking.latency_s(now_s, number, ids, latency_s),
            service_s,
            asking.ask_usd(now_s, number, ids, price_usd * self.price_factor),
            own_usd * self.price_factor,
        )

    def true_work_s(self, block: Block, task: int, ids: IntArray) -> FloatArray:
        """Time that the work on one task would really take at the contractors `ids`."""
        only = slice(task, task + 1)
        work_s = self._work_s(block, only, block.truth.output_tokens[only], ids)
        return work_s * self.work_factor * float(block.truth.external_time_factor[task])

    def true_parts(self, block: Block, task: int, contractor: int) -> tuple[float, float]:
        """What the work on one task would really take at a contractor: the time of what has a speed of its
        own, and the tokens of what hangs on the other jobs on its machine."""
        only, ids = slice(task, task + 1), np.array([contractor])
        factor = self.work_factor * float(block.truth.external_time_factor[task])
        if self._pool.curves[contractor] is None:
            return float(self.true_work_s(block, task, ids)[0]), 0.0
        tokens = block.truth.output_tokens[only]
        return float(self._apart_s(block, only, tokens, ids)[0]) * factor, float(tokens[0]) * factor

    def true_price_usd(self, block: Block, task: int, ids: IntArray, now_s: float) -> FloatArray:
        """What the contractors `ids` ask now for one task's true tokens, before queues."""
        return self._asking.ask_usd(now_s, block.first + task, ids, self._true_list_usd(block, task, ids))

    def _true_list_usd(self, block: Block, task: int, ids: IntArray) -> FloatArray:
        """What one task's true tokens come to by the lists of the contractors `ids`."""
        only = slice(task, task + 1)
        return self._price_usd(block, only, block.truth.output_tokens[only], ids) * self.price_factor

    def honest_share(self, block: Block, task: int, contractor: int, now_s: float) -> float:
        """What an honest price for one task is, in shares of the one that a contractor asks now."""
        concerns = self._asking.concerns
        if concerns is None or not concerns[contractor]:
            return 1.0
        ids = np.array([contractor])
        list_usd = self._true_list_usd(block, task, ids)
        asked_usd = self._asking.ask_usd(now_s, block.first + task, ids, list_usd)
        return float(list_usd[0] / asked_usd[0]) if asked_usd[0] > 0 else 1.0

    def on_hardware(self, contractor: int) -> bool:
        """Whether hardware tells what work costs a contractor."""
        return bool(self._pool.own_usd_per_s[contractor] > 0)

    def own_share(self, contractor: int) -> float:
        """What work costs a contractor, in shares of its price."""
        return float(self._pool.own_cost_share[contractor])

    def own_usd(self, block: Block, task: int, contractor: int) -> float:
        """What a contractor thinks that work on one task would cost it now, NaN where that is not known."""
        only, ids = slice(task, task + 1), np.array([contractor])
        tokens = block.tasks.expected_output_tokens[only]
        service_s = self._work_s(block, only, tokens, ids)
        machine_s = service_s if self._sharing is None else service_s / self._sharing.crowd[ids]
        own_usd = self._pool.own_usd(machine_s, self._price_usd(block, only, tokens, ids), ids)
        return float(own_usd[0]) * self.price_factor

    def _work_s(self, block: Block, only: slice, output_tokens: FloatArray, ids: IntArray) -> FloatArray:
        """Time that the work on one task takes for an answer of the given length, as things are now."""
        service_s = self._apart_s(block, only, output_tokens, ids)
        if self._sharing is not None:
            service_s = service_s + output_tokens * self._sharing.s_per_token[ids]
        return service_s

    def _apart_s(self, block: Block, only: slice, output_tokens: FloatArray, ids: IntArray) -> FloatArray:
        """The same without what hangs on other jobs."""
        pool, tasks = self._pool, block.tasks
        tokens_s = pool.tokens_s(tasks.prompt_tokens[only], output_tokens, ids)[0]
        service_s: FloatArray = tokens_s + block.flop[only] * pool.s_per_flop[ids]
        if self._timed:
            stated_s = self._type_service_s[tasks.type_id[only.start], ids]
            service_s = np.where(np.isnan(stated_s), service_s, stated_s)
        return service_s

    def _price_usd(self, block: Block, only: slice, output_tokens: FloatArray, ids: IntArray) -> FloatArray:
        """What is asked for one task before queues and bargaining."""
        pool, tasks, rule = self._pool, block.tasks, self._pricing
        if isinstance(rule, FlatPrice):
            return pool.base_price_usd[ids]
        if isinstance(rule, DemandPrice):
            unit_usd = self._scarcity[ids] * pool.base_price_usd[ids]
            return complexity_factor(rule, tasks.complexity[only]) * unit_usd
        base_usd = np.zeros(len(ids)) if isinstance(rule, TokenPrice) else pool.base_price_usd[ids]
        return pool.tokens_usd(tasks, only, output_tokens, ids)[0] + base_usd if self._by_token else base_usd

    def _checks(self, value_usd: FloatArray) -> tuple[BoolArray, FloatArray, FloatArray]:
        """Which tasks are verified by hand, and what verification costs and takes."""
        rule = self._contracts.verification
        by_hand = rule.check(by_hand=True)
        from_usd = rule.manual_from_value_usd
        manual = np.zeros(len(value_usd), dtype=bool) if from_usd is None else value_usd >= from_usd
        usd = np.where(manual, by_hand.usd, rule.automated.usd)
        return manual, usd, 60 * np.where(manual, by_hand.minutes, rule.automated.minutes)

    def overhead_s(self, layout: Layout, task: int) -> float:
        """Handshake, transfer and verification: what a delivery takes beyond network, queue and work."""
        return self.setup_s + layout.transfer_s[task] + layout.check_s[task]
