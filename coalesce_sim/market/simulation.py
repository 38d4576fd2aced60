"""The market as discrete events: tasks arrive, a policy decides, clients and contractors work."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy

from coalesce_sim.market.baseline import Baseline
from coalesce_sim.market.conservation import Accounts
from coalesce_sim.market.demand import hourly_demand
from coalesce_sim.market.hours import HourlyPrices
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.quotes import Quote, Quotes
from coalesce_sim.market.records import Records
from coalesce_sim.market.servers import Servers
from coalesce_sim.market.settlement import Settlement
from coalesce_sim.market.streams import Streams
from coalesce_sim.market.workload import Block, Workload
from coalesce_sim.policies.protocol import LOCAL, Decision, OracleView, Outcome, Policy, Surroundings, View
from coalesce_sim.policies.registry import PolicyError
from coalesce_sim.scenario.distributions import FloatArray
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.skills.compatibility import compatibility

Events = Generator[simpy.Event, Any, None]


@dataclass(frozen=True, slots=True)
class DecidedOffers:
    """One decision with everything it was based on, for `explain` and ``--detail offers``."""

    block: Block
    task: int
    row: int
    quote: Quote
    decision: Decision


class _OpenBlock:
    """A block being played: its records, and plain lists of what is read once a task."""

    __slots__ = (
        "block",
        "charge_usd",
        "client",
        "expected_s",
        "internal_usd",
        "left",
        "local_s",
        "records",
        "type_id",
    )

    def __init__(
        self, block: Block, records: Records, internal_usd: FloatArray, charge_usd: FloatArray
    ) -> None:
        self.block = block
        self.records = records
        self.left = len(block)
        self.internal_usd: list[float] = internal_usd.tolist()
        self.charge_usd: list[float] = charge_usd.tolist()
        self.type_id: list[int] = block.tasks.type_id.tolist()
        self.client: list[int] = block.tasks.client.tolist()
        self.local_s: list[float] = block.truth.local_work_s.tolist()
        self.expected_s: list[float] = block.home.work_s.tolist()


class Market:
    """One replication of a scenario.

    `on_records` receives the records of each block when all its tasks are done, blocks in order.
    `on_decision`, where given, receives every decision with its offers; policies then give reasons.
    The same scenario, seed and replication give the same market, whatever the policy and the callbacks.
    """

    def __init__(
        self,
        scenario: Scenario,
        policy: Policy,
        baseline: Baseline | None,
        on_records: Callable[[Records], None],
        *,
        seed: int,
        replication: int = 0,
        on_decision: Callable[[DecidedOffers], None] | None = None,
    ) -> None:
        self._scenario = scenario
        self._policy = policy
        self._observed = type(policy).observe is not Policy.observe
        self._omniscient = issubclass(policy.view_type, OracleView)
        self._baseline = baseline
        self._on_records = on_records
        self._on_decision = on_decision
        streams = Streams(seed, replication)
        rule = scenario.market_demand
        self.demand = np.zeros(0) if rule is None else hourly_demand(rule, scenario.clock, streams)
        self.pool = Pool(scenario, streams)
        self.skills = compatibility(
            scenario.skills,
            scenario.workload.types,
            self.pool.types,
            self.pool.skills,
            self.pool.performance,
        )
        self._workload = Workload(scenario, self.demand, streams)
        self.prices = HourlyPrices(
            self.pool, scenario.cost_model.external.pricing, scenario.contractor_dynamics, self.demand
        )
        self.quotes = Quotes(scenario, self.pool, self.skills, self.prices)
        self.accounts = Accounts(len(self.pool))

        self.env = simpy.Environment()
        home_slots = None if scenario.clients.slots == "unlimited" else scenario.clients.slots
        self._homes = [Servers(self.env, home_slots) for _ in range(scenario.clients.count)]
        self._contractors = [Servers(self.env, slots) for slots in self.pool.slots]
        self._network_s: list[float] = self.pool.network_s.tolist()
        self._networked = any(self._network_s)
        self._queues_at_contractors = any(slots is not None for slots in self.pool.slots)
        # Where a decision can lengthen a queue, the next task must be quoted after it.
        self._live = self._queues_at_contractors or home_slots is not None
        self._settlement = Settlement(scenario.cost_model, self.quotes)
        self._expected_delay = scenario.cost_model.internal.opportunity == "expected_delay"
        self._policy_error: Exception | None = None
        self._waiting_blocks: list[_OpenBlock] = []

        policy.start(
            Surroundings(
                contractor_names=self.pool.names,
                type_names=tuple(scenario.workload.types),
                clients=scenario.clients.count,
                stream=lambda name: streams(f"policy.{name}"),
            )
        )

    def run(self) -> None:
        """Play the market to the end of the last task.

        Raises `ConservationError` if tasks, money or capacity do not add up.
        """
        self.env.process(self._arrivals())
        try:
            self.env.run()
        except Exception as error:
            # SimPy raises a copy, which an exception with arguments of its own may not survive.
            raise (self._policy_error or error) from None
        if self.accounts.tasks_in == 0:
            self._on_records(Records.empty(self._workload.no_tasks(), np.empty(0), np.empty(0)))
        self.accounts.check()

    def _arrivals(self) -> Events:
        env = self.env
        for block in self._workload.blocks():
            opened = self._open(block)
            for arrival_s, first, stop in block.rounds:
                while env.now < arrival_s:
                    yield env.timeout(arrival_s - env.now)
                if self.prices.moves:
                    changed = self.prices.begin_hour(int(arrival_s // 3600))
                    self.quotes.reprice(changed, first)
                if self._live:
                    for task in range(first, stop):
                        self._decide_round(opened, task, task + 1)
                else:
                    self._decide_round(opened, first, stop)

    def _open(self, block: Block) -> _OpenBlock:
        self.quotes.open(block)
        estimate_usd = block.home.running.total_usd + block.home.opportunity_usd
        charge_usd = self._settlement.home_usd(block)
        if self._baseline is None:
            all_local_usd = all_local_s = np.full(len(block), np.nan)
        else:
            all_local_usd, all_local_s = self._baseline.take(block, charge_usd)
        opened = _OpenBlock(
            block,
            Records.empty(block, all_local_usd, all_local_s),
            estimate_usd,
            charge_usd * block.truth.local_cost_factor,
        )
        self._waiting_blocks.append(opened)
        self.accounts.tasks_in += len(block)
        return opened

    def _decide_round(self, opened: _OpenBlock, first: int, stop: int) -> None:
        block, policy = opened.block, self._policy
        rows = slice(first, stop)
        quote = self._quote(opened, rows)
        offers = quote.offers
        for row in range(stop - first):
            task = first + row
            view = self._oracle_view(opened, quote, row) if self._omniscient else View(offers, row)
            try:
                decision = policy.decide(view)
            except Exception as error:
                self._policy_error = error
                raise
            if not isinstance(decision, Decision):
                raise PolicyError(
                    f"{type(policy).__name__}.decide: must return a Decision (got {decision!r})"
                )
            if not LOCAL <= decision.contractor < len(self.pool):
                raise PolicyError(
                    f"{type(policy).__name__}: decision.contractor must be -1 (local) "
                    f"to {len(self.pool) - 1} (got {decision.contractor})"
                )
            self._carry_out(opened, quote, row, task, decision)
            if self._on_decision is not None:
                self._on_decision(DecidedOffers(block, task, row, quote, decision))

    def _quote(self, opened: _OpenBlock, rows: slice) -> Quote:
        block = opened.block
        if self._expected_delay:
            self._expect_delay(opened, rows)
        return self.quotes.quote(
            block,
            rows,
            opened.client[rows],
            opened.type_id[rows],
            opened.internal_usd[rows],
            self._contractor_waits(expected=True),
            self._on_decision is not None,
        )

    def _expect_delay(self, opened: _OpenBlock, rows: slice) -> None:
        """Price the lateness that each client expects of its own queue."""
        block, now_s = opened.block, self.env.now
        for task in range(rows.start, rows.stop):
            home = self._homes[opened.client[task]]
            expected_s = home.expected_wait_s(now_s, now_s) + opened.expected_s[task]
            late_s = max(0.0, expected_s - float(block.tasks.max_latency_s[task]))
            delay_usd = late_s * self._scenario.cost_model.late_usd_per_min / 60
            block.home.opportunity_usd[task] = delay_usd
            opened.internal_usd[task] += delay_usd

    def _contractor_waits(self, *, expected: bool) -> FloatArray | None:
        """Network and queueing time at every contractor for work awarded now; None where both are 0."""
        if not self._queues_at_contractors:
            return self.pool.network_s if self._networked else None
        now_s = self.env.now
        ahead = [
            each.expected_wait_s(now_s, now_s + network) if expected else each.true_wait_s(now_s + network)
            for each, network in zip(self._contractors, self._network_s, strict=True)
        ]
        return np.add(self.pool.network_s, ahead)

    def _carry_out(self, opened: _OpenBlock, quote: Quote, row: int, task: int, decision: Decision) -> None:
        block, records, contractor = opened.block, opened.records, decision.contractor
        records.explored[task] = decision.explored
        records.score[task] = decision.score
        records.confidence[task] = decision.confidence
        now = self.env.now
        if contractor == LOCAL:
            servers, network_s = self._homes[opened.client[task]], 0.0
            expected_s, service_s = opened.expected_s[task], opened.local_s[task]
            charge_usd = opened.charge_usd[task]
            records.estimated_usd[task] = quote.offers.internal_usd[row]
            wait_s = servers.expected_wait_s(now, now) if servers.limited else 0.0
            records.estimated_s[task] = wait_s + expected_s
        else:
            servers, network_s = self._contractors[contractor], self._network_s[contractor]
            expected_s = float(quote.service_s[row if len(quote.service_s) > 1 else 0, contractor])
            price_usd, charge_usd, service_s = self._settlement.contract(block, quote, row, task, contractor)
            offers = quote.offers
            records.contractor[task] = contractor
            records.price_usd[task] = price_usd
            records.estimated_usd[task] = offers.external_usd[row, contractor]
            records.estimated_s[task] = offers.latency_s[row if len(offers.latency_s) > 1 else 0, contractor]
            self.prices.award(contractor)
            self.accounts.pay(contractor, price_usd)
        if servers.limited:
            servers.join(now + network_s, expected_s, service_s)
        self.env.process(self._work(opened, task, servers, network_s, expected_s, service_s, charge_usd))

    def _work(
        self,
        opened: _OpenBlock,
        task: int,
        servers: Servers,
        network_s: float,
        expected_s: float,
        service_s: float,
        charge_usd: float,
    ) -> Events:
        """A task's way through a queue, at home or at a contractor."""
        env = self.env
        if network_s > 0:
            yield env.timeout(network_s)
        request = servers.resource.request()
        yield request
        opened.records.started_s[task] = env.now
        if servers.limited:
            expected_end_s = servers.begin(env.now, expected_s)
            yield env.timeout(service_s)
            servers.end(expected_end_s)
        else:
            yield env.timeout(service_s)
        servers.resource.release(request)
        self._settle(opened, task, charge_usd)

    def _settle(self, opened: _OpenBlock, task: int, charge_usd: float) -> None:
        block, records, now = opened.block, opened.records, self.env.now
        records.finished_s[task] = now
        realised_usd = charge_usd
        if self._settlement.late_usd_per_s > 0:
            late_s = now - block.tasks.arrival_s[task] - block.tasks.max_latency_s[task]
            realised_usd += max(0.0, float(late_s)) * self._settlement.late_usd_per_s
        records.realised_usd[task] = realised_usd
        self.accounts.done += 1
        self.accounts.realised_usd += realised_usd
        if self._observed:
            self._tell_policy(opened, task, realised_usd)
        opened.left -= 1
        while self._waiting_blocks and self._waiting_blocks[0].left == 0:
            complete = self._waiting_blocks.pop(0).records
            self.accounts.book(complete)
            self._on_records(complete)

    def _tell_policy(self, opened: _OpenBlock, task: int, realised_usd: float) -> None:
        records = opened.records
        outcome = Outcome(
            client=opened.client[task],
            type_id=opened.type_id[task],
            contractor=int(records.contractor[task]),
            decided_s=float(opened.block.tasks.arrival_s[task]),
            finished_s=self.env.now,
            estimated_usd=float(records.estimated_usd[task]),
            realised_usd=realised_usd,
        )
        try:
            self._policy.observe(outcome)
        except Exception as error:
            self._policy_error = error
            raise

    def _oracle_view(self, opened: _OpenBlock, quote: Quote, row: int) -> OracleView:
        """The view with the realised cost of every choice, waits worked out from true service times."""
        block, settlement = opened.block, self._settlement
        task = quote.offers.first + row
        _, charges_usd, turnaround_s = settlement.contracts(block, quote, row, task)
        wait_s = self._contractor_waits(expected=False)
        if wait_s is not None:
            turnaround_s = turnaround_s + wait_s
        max_latency_s = block.tasks.max_latency_s[task : task + 1]
        home = self._homes[opened.client[task]]
        local_s = home.true_wait_s(float(block.tasks.arrival_s[task])) + opened.local_s[task]
        late_local_usd = float(settlement.late_usd(np.array([local_s]), max_latency_s)[0])
        return OracleView(
            quote.offers,
            row,
            opened.charge_usd[task] + late_local_usd,
            charges_usd + settlement.late_usd(turnaround_s, max_latency_s),
        )
