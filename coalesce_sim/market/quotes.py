"""Turning the state of the market into offers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalesce_sim.economics.external import (
    Surcharges,
    communication_usd,
    complexity_factor,
    demand_price_usd,
    lateness_usd,
    risk_rate,
    value_at_risk_usd,
    verification_usd,
)
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import Offers
from coalesce_sim.scenario.costs import DemandPrice, TokenPrice
from coalesce_sim.scenario.distributions import FloatArray
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.skills.compatibility import Compatibility


@dataclass(slots=True)
class Quote:
    """The offers of one decision round and the prices in them, (tasks, contractors)."""

    offers: Offers
    price_usd: FloatArray
    service_s: FloatArray


class Quotes:
    """Quotes a block's tasks, a round at a time, at the pool's prices of the moment."""

    def __init__(self, scenario: Scenario, pool: Pool, skills: Compatibility) -> None:
        self._rule = scenario.cost_model.external
        self._late_usd_per_min = scenario.cost_model.late_usd_per_min
        self._pool = pool
        self._skill = skills.total
        self._eligible = skills.total >= scenario.skills.threshold
        self._verification_usd = verification_usd(self._rule, pool.reliability)
        self._risk_rate = risk_rate(pool.reliability, pool.security_risk, pool.quality_risk)
        self._security = 1 - pool.security_risk
        self._by_token = bool(pool.prefill_s_per_token.any() or pool.decode_s_per_token.any())
        self._service_s = pool.latency_s.reshape(1, -1)
        for shared in (self._skill, self._eligible, self._security, pool.reliability, self._service_s):
            shared.flags.writeable = False
        self.reprice()

    def reprice(self) -> None:
        """Take up the pool's demand and capacity; to be called whenever they have moved."""
        pricing, pool = self._rule.pricing, self._pool
        if isinstance(pricing, DemandPrice):
            self._unit_usd = demand_price_usd(pricing, pool.base_price_usd, pool.demand, pool.available)
        else:
            self._unit_usd = pool.base_price_usd

    def mean_price_usd(self) -> float:
        """Mean over the pool of the price of a task of complexity 1, or of a million input tokens."""
        if isinstance(self._rule.pricing, TokenPrice):
            return float(np.mean(self._pool.input_usd_per_token)) * 1e6
        return float(np.add.reduce(self._unit_usd)) / len(self._pool)

    def open(self, block: Block) -> None:
        """Work out, for a whole block, what no decision and no hour can change."""
        tasks, rule = block.tasks, self._rule
        n = len(block)
        self._price_factor = (
            complexity_factor(rule.pricing, tasks.complexity)
            if isinstance(rule.pricing, DemandPrice)
            else np.ones(n)
        )[:, None]
        self._max_latency_s = tasks.max_latency_s[:, None]
        at_risk_usd = value_at_risk_usd(rule, tasks.value_usd, tasks.critical)[:, None]
        on_time = np.zeros((1, len(self._pool)))
        self._surcharges = Surcharges(
            communication_usd=communication_usd(rule, tasks.data_gb, tasks.output_gb)[:, None],
            verification_usd=self._verification_usd,
            integration_usd=rule.integration_usd,
            risk_usd=at_risk_usd * self._risk_rate,
            latency_penalty_usd=on_time,
        )
        self._surcharges_usd = self._surcharges.total_usd
        self._late_usd = (
            None
            if self._by_token
            else lateness_usd(self._service_s, self._max_latency_s, self._late_usd_per_min)
        )
        self._surcharges_if_idle_usd = (
            None if self._late_usd is None else self._surcharges_usd + self._late_usd
        )

    def price_usd(self, block: Block, rows: slice, output_tokens: FloatArray) -> FloatArray:
        """Price of the rows at every contractor for answers of the given lengths, (tasks, contractors)."""
        if isinstance(self._rule.pricing, TokenPrice):
            pool, prompt_tokens = self._pool, block.tasks.prompt_tokens[rows]
            return (
                prompt_tokens[:, None] * pool.input_usd_per_token
                + output_tokens[:, None] * pool.output_usd_per_token
            )
        return self._price_factor[rows] * self._unit_usd

    def service_s(self, block: Block, rows: slice, output_tokens: FloatArray) -> FloatArray:
        """Nominal time the work takes at every contractor, (tasks or 1, contractors)."""
        if not self._by_token:
            return self._service_s
        pool, prompt_tokens = self._pool, block.tasks.prompt_tokens[rows]
        return (
            self._service_s
            + prompt_tokens[:, None] * pool.prefill_s_per_token
            + output_tokens[:, None] * pool.decode_s_per_token
        )

    def quote(
        self,
        block: Block,
        rows: slice,
        client: list[int],
        type_id: list[int],
        internal_usd: list[float],
        wait_s: FloatArray | None,
        explain: bool,
    ) -> Quote:
        """Offers for the rows; `wait_s` is what network and queue add at each contractor, None for nothing.

        `client`, `type_id` and the estimated cost at home, `internal_usd`, have one entry a row.
        """
        tokens = block.tasks.expected_output_tokens[rows]
        service_s = latency_s = self.service_s(block, rows, tokens)
        price_usd = self.price_usd(block, rows, tokens)
        if wait_s is None and self._surcharges_if_idle_usd is not None:
            external_usd = price_usd + self._surcharges_if_idle_usd[rows]
        else:
            if wait_s is not None:
                latency_s = service_s + wait_s
            late_usd = lateness_usd(latency_s, self._max_latency_s[rows], self._late_usd_per_min)
            external_usd = price_usd + self._surcharges_usd[rows] + late_usd
            latency_s.flags.writeable = False
        external_usd.flags.writeable = False
        offers = Offers(
            block.tasks,
            rows.start,
            client,
            type_id,
            internal_usd,
            external_usd,
            latency_s,
            self._pool.reliability,
            self._security,
            self._skill,
            self._eligible,
            explain,
        )
        return Quote(offers, price_usd, service_s)

    def surcharges(self, offers: Offers, row: int) -> Surcharges:
        """The components, besides the price, of one row of the offers; (1, contractors)."""
        task = slice(offers.first + row, offers.first + row + 1)
        latency_s = offers.latency_s[row if len(offers.latency_s) > 1 else 0]
        whole = self._surcharges
        return Surcharges(
            communication_usd=whole.communication_usd[task],
            verification_usd=whole.verification_usd,
            integration_usd=whole.integration_usd,
            risk_usd=whole.risk_usd[task],
            latency_penalty_usd=lateness_usd(latency_s, self._max_latency_s[task], self._late_usd_per_min),
        )
