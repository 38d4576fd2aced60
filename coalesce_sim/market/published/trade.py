"""Trade in which every contractor delivers, as in the published model: tasks are quoted in rounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.cost_parts import LATENESS, PRICE
from coalesce_sim.economics.correction import ErrorWindow
from coalesce_sim.market.breakdown import OFFERS, Breakdown
from coalesce_sim.market.first_come import Queue
from coalesce_sim.market.published.charges import Charges, home_usd
from coalesce_sim.market.published.home import OwnQueues
from coalesce_sim.market.published.open_block import OpenPublishedBlock
from coalesce_sim.market.published.prices import HourlyPrices
from coalesce_sim.market.published.quotes import PublishedQuote, Quotes
from coalesce_sim.market.records import Records
from coalesce_sim.market.trade import Events, Onward, Venue
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import LOCAL, Decision, OracleView, Outcome


@dataclass(slots=True)
class PublishedWork:
    """A task on its way through a queue, at home or at a contractor; `charge_usd` is due when it is done."""

    opened: OpenPublishedBlock
    task: int
    queue: Queue
    network_s: float
    expected_s: float
    service_s: float
    charge_usd: float


class PublishedTrade:
    """Quotes rounds of tasks, awards them, and charges when the work is done."""

    def __init__(self, venue: Venue) -> None:
        scenario = venue.scenario
        self._queues, self._accounts, self._listens = venue.queues, venue.accounts, venue.listens
        self._cost_model = scenario.cost_model
        pricing, dynamics = scenario.cost_model.external.pricing, scenario.contractor_dynamics
        self._prices = HourlyPrices(venue.pool, pricing, dynamics, venue.demand)
        explain = venue.observer.wants("decided")
        self._quotes = Quotes(scenario, venue.pool, venue.skills, self._prices, venue.luck, explain=explain)
        self._charges = Charges(scenario.cost_model, self._quotes)
        self._own = OwnQueues(scenario, venue.queues)

    def open(self, block: Block, records: Records) -> OpenPublishedBlock:
        """Lay out the block's offers."""
        self._quotes.open(block)
        return OpenPublishedBlock(block, records, home_usd(self._cost_model, block))

    def arrive(self, opened: OpenPublishedBlock, tasks: slice) -> Iterable[slice]:
        """Take up the hour's prices. Where something queues, tasks are decided one by one, so that each sees
        the queue that its fellows have made."""
        if self._prices.moves:
            hour = int(opened.block.tasks.arrival_s[tasks.start] // 3600)
            self._prices.begin_hour(hour)
        if self._queues.limited:
            return [slice(task, task + 1) for task in range(tasks.start, tasks.stop)]
        return (tasks,)

    def prepare(self, opened: OpenPublishedBlock, tasks: slice) -> None:
        """Nothing has to be done."""

    def split(self, opened: OpenPublishedBlock, task: int) -> Sequence[int]:
        """No task is done in steps here."""
        raise NotImplementedError(f"task {opened.block.first + task} cannot be split")

    def quote(self, opened: OpenPublishedBlock, tasks: slice) -> PublishedQuote:
        """The offers of one round."""
        delay_usd, wait_s = self._own.delay_usd(opened, tasks), self._queues.waits_s(expected=True)
        return self._quotes.quote(opened, tasks, delay_usd, wait_s)

    def bids_usd(self, quote: PublishedQuote) -> FloatArray:
        """Sealed bids: every contractor's own cost or, where that is not known, its price."""
        own_usd = self._quotes.own_usd(quote)
        return np.where(np.isnan(own_usd), quote.offers.price_usd, own_usd)

    def oracle_view(self, opened: OpenPublishedBlock, quote: PublishedQuote, task: int) -> OracleView:
        """The view with the realised cost of every choice, waits worked out from true service times."""
        block, charges, queues = opened.block, self._charges, self._queues
        _, charges_usd, turnaround_s = charges.of_all(block, quote, task)
        wait_s = queues.waits_s(expected=False)
        if wait_s is not None:
            turnaround_s = turnaround_s + wait_s
        max_latency_s = block.tasks.max_latency_s[task : task + 1]
        home = queues.homes[opened.client[task]]
        local_s = home.true_wait_s(float(block.tasks.arrival_s[task])) + opened.local_s[task]
        late_local_usd = float(charges.late_usd(np.array([local_s]), max_latency_s)[0])
        return OracleView(
            quote.offers,
            task - quote.offers.first,
            self._own.charge_usd(opened, quote, task) + late_local_usd,
            charges_usd + charges.late_usd(turnaround_s, max_latency_s),
        )

    def breakdown(self, opened: OpenPublishedBlock, quote: PublishedQuote, task: int) -> Breakdown:
        """What the estimates for one task are made up of."""
        home, offers = opened.block.home, quote.offers
        row = task - offers.first
        on_top = self._quotes.surcharges(offers, row)
        opportunity_usd = float(home.opportunity_usd[task])
        return Breakdown(
            {
                "compute_usd": float(home.running.compute_usd[task]),
                "memory_usd": float(home.running.memory_usd[task]),
                "energy_usd": float(home.running.energy_usd[task]),
                "opportunity_usd": opportunity_usd if quote.delay_usd is None else quote.delay_usd[row],
                "depreciation_usd": float(home.running.depreciation_usd[task]),
            },
            opened.expected_s[task],
            self._own.opportunity(opened, task),
            {
                name: np.broadcast_to(np.ravel(part), len(offers.ids))
                for name, part in (
                    ("price_usd", quote.offers.price_usd[row]),
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

    def carry_out(
        self, opened: OpenPublishedBlock, quote: PublishedQuote, task: int, decision: Decision
    ) -> PublishedWork:
        """Send a task to its queue; a contractor is paid on award."""
        row = task - quote.offers.first
        if quote.delay_usd is not None:
            opened.block.home.opportunity_usd[task] = quote.delay_usd[row]
        self._queues.arrivals[opened.client[task]] += 1
        if decision.contractor == LOCAL:
            work = self._stay(opened, quote, task)
        else:
            work = self._award(opened, quote, task, decision)
        if work.queue.limited:
            work.queue.join(self._queues.env.now + work.network_s, work.expected_s, work.service_s)
        return work

    def _stay(self, opened: OpenPublishedBlock, quote: PublishedQuote, task: int) -> PublishedWork:
        home, now_s = self._queues.homes[opened.client[task]], self._queues.env.now
        expected_s = opened.expected_s[task]
        wait_s = home.expected_wait_s(now_s, now_s) if home.limited else 0.0
        opened.records.estimated_usd[task] = quote.offers.internal_usd[task - quote.offers.first]
        opened.records.estimated_s[task] = wait_s + expected_s
        charge_usd = self._own.charge_usd(opened, quote, task)
        return PublishedWork(opened, task, home, 0.0, expected_s, opened.local_s[task], charge_usd)

    def _award(
        self, opened: OpenPublishedBlock, quote: PublishedQuote, task: int, decision: Decision
    ) -> PublishedWork:
        records, offers, contractor = opened.records, quote.offers, decision.contractor
        row = task - offers.first
        price_usd, charge_usd, service_s = self._charges.of(opened.block, quote, task, contractor)
        if decision.price_usd is not None:
            charge_usd += decision.price_usd - price_usd
            price_usd = float(decision.price_usd)
        records.contractor[task] = contractor
        records.parts_usd[PRICE, task] = price_usd
        records.estimated_usd[task] = offers.external_usd[row, contractor]
        records.estimated_s[task] = offers.latency_s[row if len(offers.latency_s) > 1 else 0, contractor]
        self._prices.award(contractor)
        self._accounts.pay(contractor, price_usd)
        return PublishedWork(
            opened,
            task,
            self._queues.contractors[contractor],
            self._queues.network_s.item(contractor),
            quote.nominal_s(row, contractor),
            service_s,
            charge_usd,
        )

    def work(self, attempt: PublishedWork) -> Events:
        """Network, queue and service."""
        env, queue = self._queues.env, attempt.queue
        if attempt.network_s > 0:
            yield env.timeout(attempt.network_s)
        request = queue.resource.request()
        yield request
        attempt.opened.records.started_s[attempt.task] = env.now
        if queue.limited:
            expected_end_s = queue.begin(env.now, attempt.expected_s)
            yield env.timeout(attempt.service_s)
            queue.end(env.now, expected_end_s)
        else:
            yield env.timeout(attempt.service_s)
        queue.resource.release(request)

    def end(self, attempt: PublishedWork) -> None:
        """Charge the work, and its lateness where that is not part of the estimate."""
        opened, task, now_s = attempt.opened, attempt.task, self._queues.env.now
        tasks, realised_usd = opened.block.tasks, attempt.charge_usd
        if self._charges.late_usd_per_s > 0:
            late_s = now_s - tasks.arrival_s[task] - tasks.max_latency_s[task]
            late_usd = max(0.0, float(late_s)) * self._charges.late_usd_per_s
            opened.records.parts_usd[LATENESS, task] = late_usd
            realised_usd += late_usd
        opened.records.finished_s[task] = now_s
        opened.records.realised_usd[task] = realised_usd
        self._accounts.realised_usd += realised_usd

    def learn(self, attempt: PublishedWork) -> Outcome | None:
        """What the policy is told; there is no other memory here."""
        if not self._listens:
            return None
        opened, task = attempt.opened, attempt.task
        records = opened.records
        return Outcome(
            task=opened.block.first + task,
            client=opened.client[task],
            type_id=opened.type_id[task],
            contractor=int(records.contractor[task]),
            decided_s=float(opened.block.tasks.arrival_s[task]),
            finished_s=self._queues.env.now,
            estimated_usd=float(records.estimated_usd[task]),
            internal_usd=float(records.internal_usd[task]),
            price_usd=float(records.parts_usd[PRICE, task]),
            realised_usd=float(records.realised_usd[task]),
            success=True,
        )

    def recover(self, attempt: PublishedWork) -> Onward[PublishedWork]:
        """Close the task: all work is good here. With the last of its block it is said what each was charged
        for."""
        opened = attempt.opened
        self._accounts.done += 1
        opened.left -= 1
        if opened.left == 0:
            self.itemise(opened.block, opened.records)
        return _DONE

    def itemise(self, block: Block, records: Records) -> None:
        """Enter the parts of what the tasks of a block were charged, all of which have ended."""
        self._charges.itemise(block, records)

    def taken(self) -> tuple[None, None]:
        """There are no contracts, and nobody is rated."""
        return None, None

    def figures(self) -> dict[str, float]:
        """Nothing besides what every market tells."""
        return {}

    def mean_price_usd(self, hours: int) -> FloatArray:
        """The mean price over the pool at the beginning of each hour, when all tasks are decided."""
        return self._prices.mean_usd_by_hour(hours)

    def estimation_errors(self) -> list[ErrorWindow]:
        """Estimates are not corrected here."""
        return []


_DONE: Final[Onward[PublishedWork]] = Onward()
