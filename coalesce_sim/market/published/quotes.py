"""Turning the state of the market into offers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.economics.external import (
    Surcharges,
    communication_usd,
    complexity_factor,
    lateness_usd,
    risk_rate,
    value_at_risk_usd,
    verification_usd,
)
from coalesce_sim.luck import Luck
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.published.open_block import OpenPublishedBlock
from coalesce_sim.market.published.prices import HourlyPrices
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import Offers
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.costs import DemandPrice, TokenPrice
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.skills.compatibility import Compatibility


@dataclass(slots=True)
class PublishedQuote:
    """The offers of one decision round.

    `service_s`, the nominal time of the work, is (tasks or 1, contractors). `delay_usd` is what each client
    expects the delay in its own queue to cost, an entry a task; None where it does not ask.
    """

    offers: Offers
    service_s: FloatArray
    delay_usd: list[float] | None

    def nominal_s(self, row: int, contractor: int) -> float:
        """The nominal time of one task's work at one contractor."""
        return float(self.service_s[row if len(self.service_s) > 1 else 0, contractor])


class Quotes:
    """Quotes a block's tasks, a round at a time, by the prices and queues of that moment."""

    def __init__(
        self,
        scenario: Scenario,
        pool: Pool,
        skills: Compatibility,
        prices: HourlyPrices,
        luck: Luck,
        *,
        explain: bool,
    ) -> None:
        self._rule = scenario.cost_model.external
        self._explain, self._luck = explain, luck
        self._late_usd_per_s = scenario.cost_model.late_usd_per_s
        self._pool = pool
        self._prices = prices
        self._skill, self.performance = skills.total, skills.performance
        self._eligible = ~exceeds(scenario.skills.threshold, skills.total)
        self._verification_usd = verification_usd(self._rule, pool.reliability)
        self._risk_rate = risk_rate(pool.reliability, pool.security_risk, pool.quality_risk)
        self._security = 1 - pool.security_risk
        self._by_token = bool(pool.prefill_s_per_token.any() or pool.decode_s_per_token.any())
        self._service_s = pool.latency_s.reshape(1, -1)
        self._ids = np.arange(len(pool))
        facts = (self._skill, self._eligible, self._security, pool.reliability)
        for shared in (self._ids, self._service_s, *facts):
            shared.flags.writeable = False

    def open(self, block: Block) -> None:
        """Lay out what a quote takes of a block's tasks alone, (tasks, 1), and the hours that they are in."""
        tasks, rule = block.tasks, self._rule
        hour = (tasks.arrival_s / 3600).astype(np.int64)
        self._prices.lay_out(int(hour[0]), int(hour[-1]))
        self._hour = hour - self._prices.first_hour if self._prices.moves else np.zeros_like(hour)
        self._price_factor = (
            complexity_factor(rule.pricing, tasks.complexity)
            if isinstance(rule.pricing, DemandPrice)
            else np.ones(len(block))
        )[:, None]
        self._max_latency_s = tasks.max_latency_s[:, None]
        self._at_risk_usd = value_at_risk_usd(rule, tasks.value_usd, tasks.critical)[:, None]
        self._communication_usd = communication_usd(rule, tasks.data_gb, tasks.output_gb)[:, None]

    def price_usd(self, block: Block, rows: slice, output_tokens: FloatArray) -> FloatArray:
        """Price of the rows at every contractor for answers of the given lengths, (tasks, contractors)."""
        if isinstance(self._rule.pricing, TokenPrice):
            return self._pool.tokens_usd(block.tasks, rows, output_tokens)
        return self._price_factor[rows] * self._prices.unit_usd[self._hour[rows]]

    def service_s(self, block: Block, rows: slice, output_tokens: FloatArray) -> FloatArray:
        """Nominal time the work takes at every contractor, (tasks or 1, contractors)."""
        if not self._by_token:
            return self._service_s
        return self._pool.tokens_s(block.tasks.prompt_tokens[rows], output_tokens)

    def quote(
        self,
        opened: OpenPublishedBlock,
        rows: slice,
        delay_usd: list[float] | None,
        wait_s: FloatArray | None,
    ) -> PublishedQuote:
        """Offers for the rows.

        `delay_usd` is what each client expects the delay at home to cost, None where none asks; `wait_s` is
        what network and queue add at each contractor, None for nothing.
        """
        block, internal_usd = opened.block, opened.estimate_usd[rows]
        if delay_usd is not None:
            internal_usd = [usd + delay for usd, delay in zip(internal_usd, delay_usd, strict=True)]
        output_tokens = block.tasks.expected_output_tokens[rows]
        price_usd = self.price_usd(block, rows, output_tokens)
        service_s = self.service_s(block, rows, output_tokens)
        latency_s = service_s if wait_s is None else service_s + wait_s
        late_usd = lateness_usd(latency_s, self._max_latency_s[rows], self._late_usd_per_s)
        surcharges_usd = self._surcharges(rows, late_usd).before_lateness_usd
        if wait_s is None:
            external_usd = price_usd + (surcharges_usd + late_usd)
        else:
            external_usd = price_usd + surcharges_usd + late_usd
        for shown in (price_usd, external_usd, latency_s):
            shown.flags.writeable = False
        offers = Offers(
            tasks=block.tasks,
            first_task=block.first,
            first=rows.start,
            client=opened.client[rows],
            type_id=opened.type_id[rows],
            internal_usd=internal_usd,
            ids=self._ids,
            price_usd=price_usd,
            external_usd=external_usd,
            latency_s=latency_s,
            reliability=self._pool.reliability,
            security=self._security,
            skill=self._skill,
            eligible=self._eligible,
            luck=self._luck,
            explain=self._explain,
        )
        return PublishedQuote(offers, service_s, delay_usd)

    def own_usd(self, quote: PublishedQuote) -> FloatArray:
        """What the work costs the contractors themselves, (tasks, contractors); NaN where not stated."""
        return self._pool.own_usd(quote.service_s, quote.offers.price_usd)

    def surcharges(self, offers: Offers, row: int) -> Surcharges:
        """The components, besides the price, of one row of the offers; (1, contractors)."""
        task = slice(offers.first + row, offers.first + row + 1)
        latency_s = offers.latency_s[row if len(offers.latency_s) > 1 else 0]
        late_usd = lateness_usd(latency_s, self._max_latency_s[task], self._late_usd_per_s)
        return self._surcharges(task, late_usd)

    def _surcharges(self, rows: slice, late_usd: FloatArray) -> Surcharges:
        return Surcharges(
            communication_usd=self._communication_usd[rows],
            verification_usd=self._verification_usd,
            integration_usd=self._rule.integration_usd,
            risk_usd=self._at_risk_usd[rows] * self._risk_rate,
            latency_penalty_usd=late_usd,
        )

    def awarded(
        self, block: Block, tasks: BoolArray, contractors: IntArray, latency_s: FloatArray
    ) -> Surcharges:
        """The same of some tasks at one contractor each, who quoted them the given times; an entry a task."""
        rule, given = self._rule, block.tasks
        return Surcharges(
            communication_usd=communication_usd(rule, given.data_gb[tasks], given.output_gb[tasks]),
            verification_usd=self._verification_usd[contractors],
            integration_usd=rule.integration_usd,
            risk_usd=value_at_risk_usd(rule, given.value_usd[tasks], given.critical[tasks])
            * self._risk_rate[contractors],
            latency_penalty_usd=lateness_usd(latency_s, given.max_latency_s[tasks], self._late_usd_per_s),
        )
