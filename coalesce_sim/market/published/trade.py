"""Trade in which every contractor delivers, as in the published model: tasks are quoted in rounds."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy

from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.accounts import Accounts
from coalesce_sim.market.breakdown import OFFERS, Breakdown
from coalesce_sim.market.floor import Floor
from coalesce_sim.market.open_block import OpenBlock
from coalesce_sim.market.published.charges import Charges
from coalesce_sim.market.published.prices import HourlyPrices
from coalesce_sim.market.published.quotes import Quote, Quotes
from coalesce_sim.market.queues import Servers
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import LOCAL, Decision, OracleView, Outcome
from coalesce_sim.scenario.schema import Scenario

Events = Generator[simpy.Event, Any, None]


class PublishedTrade:
    """Quotes rounds of tasks, awards them, and settles when the work is done.

    `settled` is told of each task that is done, `tell` its outcome; `explain` asks for full offers.
    """

    def __init__(
        self,
        scenario: Scenario,
        floor: Floor,
        quotes: Quotes,
        prices: HourlyPrices,
        accounts: Accounts,
        settled: Callable[[OpenBlock], None],
        tell: Callable[[Outcome], None] | None,
        *,
        explain: bool,
    ) -> None:
        self._floor = floor
        self._quotes = quotes
        self._prices = prices
        self._accounts = accounts
        self._settled = settled
        self._tell = tell
        self._explain = explain
        self._settlement = Charges(scenario.cost_model, quotes)
        self._expected_delay = scenario.cost_model.internal.opportunity == "expected_delay"
        self._late_usd_per_min = scenario.cost_model.late_usd_per_min
        self.live = floor.queues
        """Whether a decision can lengthen a queue, so that the next task must be quoted after it."""

    def home_usd(self, block: Block) -> FloatArray:
        """What every task of a block is charged if done at home, before its cost factor."""
        return self._settlement.home_usd(block)

    def open(self, block: Block, records: Records, charge_usd: FloatArray) -> OpenBlock:
        """Lay out a block that begins now."""
        self._quotes.open(block)
        estimate_usd = block.home.running.total_usd + block.home.opportunity_usd
        return OpenBlock(block, records, estimate_usd, charge_usd * block.truth.local_cost_factor)

    def begin_hour(self, hour: int, first: int) -> None:
        """Take up the hour's prices for the block's tasks from `first` on."""
        if self._prices.moves:
            self._quotes.reprice(self._prices.begin_hour(hour), first)

    def quote(self, opened: OpenBlock, rows: slice) -> Quote:
        """The offers of one round."""
        if self._expected_delay:
            self._expect_delay(opened, rows)
        return self._quotes.quote(
            opened.block,
            rows,
            opened.client[rows],
            opened.type_id[rows],
            opened.internal_usd[rows],
            self._floor.waits_s(expected=True),
            self._explain,
        )

    def _expect_delay(self, opened: OpenBlock, rows: slice) -> None:
        """Price the lateness that each client expects of its own queue."""
        block, now_s = opened.block, self._floor.env.now
        for task in range(rows.start, rows.stop):
            home = self._floor.homes[opened.client[task]]
            expected_s = home.expected_wait_s(now_s, now_s) + opened.expected_s[task]
            late_s = max(0.0, expected_s - float(block.tasks.max_latency_s[task]))
            delay_usd = late_s * self._late_usd_per_min / 60
            block.home.opportunity_usd[task] = delay_usd
            opened.internal_usd[task] += delay_usd

    def carry_out(self, opened: OpenBlock, quote: Quote, row: int, decision: Decision) -> None:
        """Send a task where it was decided to go."""
        block, records, floor = opened.block, opened.records, self._floor
        task = quote.offers.first + row
        now = floor.env.now
        if decision.contractor == LOCAL:
            servers, network_s = floor.homes[opened.client[task]], 0.0
            expected_s, service_s = opened.expected_s[task], opened.local_s[task]
            charge_usd = opened.charge_usd[task]
            records.estimated_usd[task] = quote.offers.internal_usd[row]
            wait_s = servers.expected_wait_s(now, now) if servers.limited else 0.0
            records.estimated_s[task] = wait_s + expected_s
        else:
            contractor = decision.contractor
            servers, network_s = floor.contractors[contractor], floor.network_s[contractor]
            expected_s = float(quote.service_s[row if len(quote.service_s) > 1 else 0, contractor])
            price_usd, charge_usd, service_s = self._settlement.contract(block, quote, row, task, contractor)
            if decision.price_usd is not None:
                charge_usd += decision.price_usd - price_usd
                price_usd = decision.price_usd
            offers = quote.offers
            records.contractor[task] = contractor
            records.price_usd[task] = price_usd
            records.estimated_usd[task] = offers.external_usd[row, contractor]
            records.estimated_s[task] = offers.latency_s[row if len(offers.latency_s) > 1 else 0, contractor]
            self._prices.award(contractor)
            self._accounts.pay(contractor, price_usd)
        if servers.limited:
            servers.join(now + network_s, expected_s, service_s)
        floor.env.process(self._work(opened, task, servers, network_s, expected_s, service_s, charge_usd))

    def _work(
        self,
        opened: OpenBlock,
        task: int,
        servers: Servers,
        network_s: float,
        expected_s: float,
        service_s: float,
        charge_usd: float,
    ) -> Events:
        """A task's way through a queue, at home or at a contractor."""
        env = self._floor.env
        if network_s > 0:
            yield env.timeout(network_s)
        request = servers.resource.request()
        yield request
        opened.records.started_s[task] = env.now
        if servers.limited:
            expected_end_s = servers.begin(env.now, expected_s)
            yield env.timeout(service_s)
            servers.end(env.now, expected_end_s)
        else:
            yield env.timeout(service_s)
        servers.resource.release(request)
        self._settle(opened, task, charge_usd)

    def _settle(self, opened: OpenBlock, task: int, charge_usd: float) -> None:
        block, records, now = opened.block, opened.records, self._floor.env.now
        records.finished_s[task] = now
        realised_usd = charge_usd
        if self._settlement.late_usd_per_s > 0:
            late_s = now - block.tasks.arrival_s[task] - block.tasks.max_latency_s[task]
            realised_usd += max(0.0, float(late_s)) * self._settlement.late_usd_per_s
        records.realised_usd[task] = realised_usd
        self._accounts.done += 1
        self._accounts.realised_usd += realised_usd
        if self._tell is not None:
            self._tell(self._outcome(opened, task, realised_usd))
        self._settled(opened)

    def _outcome(self, opened: OpenBlock, task: int, realised_usd: float) -> Outcome:
        records = opened.records
        return Outcome(
            task=opened.block.first + task,
            client=opened.client[task],
            type_id=opened.type_id[task],
            contractor=int(records.contractor[task]),
            decided_s=float(opened.block.tasks.arrival_s[task]),
            finished_s=self._floor.env.now,
            estimated_usd=float(records.estimated_usd[task]),
            internal_usd=opened.internal_usd[task],
            price_usd=float(records.price_usd[task]),
            realised_usd=realised_usd,
            success=True,
        )

    def breakdown(self, opened: OpenBlock, quote: Quote, row: int) -> Breakdown:
        """What the estimates for one row are made up of."""
        home, offers = opened.block.home, quote.offers
        task, on_top = offers.first + row, self._quotes.surcharges(offers, row)
        return Breakdown(
            {
                "compute_usd": float(home.running.compute_usd[task]),
                "memory_usd": float(home.running.memory_usd[task]),
                "energy_usd": float(home.running.energy_usd[task]),
                "opportunity_usd": float(home.opportunity_usd[task]),
                "depreciation_usd": float(home.running.depreciation_usd[task]),
            },
            opened.expected_s[task],
            {
                name: np.broadcast_to(np.ravel(part), len(offers.ids))
                for name, part in (
                    ("price_usd", quote.price_usd[row]),
                    ("communication_usd", on_top.communication_usd),
                    ("verification_usd", on_top.verification_usd),
                    ("integration_usd", on_top.integration_usd),
                    ("risk_usd", on_top.risk_usd),
                    ("latency_penalty_usd", on_top.latency_penalty_usd),
                )
            },
            {},
            self._quotes.performance[offers.type_id[row]],
            np.full(len(offers.ids), OFFERS, dtype=np.int8),
        )

    def bids_usd(self, quote: Quote, row: int) -> FloatArray:
        """Sealed bids: every contractor's own cost or, where that is not known, its price."""
        price_usd, own_usd = quote.price_usd[row], self._quotes.own_usd(quote, row)
        return np.where(np.isnan(own_usd), price_usd, own_usd)

    def oracle_view(
        self,
        opened: OpenBlock,
        quote: Quote,
        row: int,
        attempt: int,  # noqa: ARG002
    ) -> OracleView:
        """The view with the realised cost of every choice, waits worked out from true service times."""
        block, settlement, floor = opened.block, self._settlement, self._floor
        task = quote.offers.first + row
        _, charges_usd, turnaround_s = settlement.contracts(block, quote, row, task)
        wait_s = floor.waits_s(expected=False)
        if wait_s is not None:
            turnaround_s = turnaround_s + wait_s
        max_latency_s = block.tasks.max_latency_s[task : task + 1]
        home = floor.homes[opened.client[task]]
        local_s = home.true_wait_s(float(block.tasks.arrival_s[task])) + opened.local_s[task]
        late_local_usd = float(settlement.late_usd(np.array([local_s]), max_latency_s)[0])
        return OracleView(
            quote.offers,
            row,
            opened.charge_usd[task] + late_local_usd,
            charges_usd + settlement.late_usd(turnaround_s, max_latency_s),
        )
