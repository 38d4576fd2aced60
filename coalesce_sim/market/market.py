"""The market as discrete events: tasks arrive, a policy decides, clients and contractors work."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from coalesce_sim.market.accounts import Accounts
from coalesce_sim.market.baseline import Baseline
from coalesce_sim.market.breakdown import Breakdown
from coalesce_sim.market.contracts.dealing import Deal
from coalesce_sim.market.contracts.discovery import Discovery
from coalesce_sim.market.contracts.knowledge import Knowledge
from coalesce_sim.market.contracts.results import GroundTruth
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.demand import hourly_demand
from coalesce_sim.market.floor import Floor
from coalesce_sim.market.open_block import OpenBlock
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.published.prices import HourlyPrices
from coalesce_sim.market.published.quotes import Quotes
from coalesce_sim.market.published.trade import PublishedTrade
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block, Workload
from coalesce_sim.policies.protocol import (
    LOCAL,
    Decision,
    Offers,
    OracleView,
    Outcome,
    Policy,
    SealedBids,
    Surroundings,
    View,
)
from coalesce_sim.policies.registry import PolicyError
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.skills.compatibility import compatibility
from coalesce_sim.streams import Streams

Events = Generator[simpy.Event, Any, None]


@dataclass(frozen=True, slots=True)
class DecidedOffers:
    """One decision with everything it was based on, for `explain` and ``--detail offers``.

    `task` is the row of the task in its block, `row` that of its offers; `attempt` counts the decisions on it
    from 0. `breakdown` tells what the estimates are made up of: ask while being told of the decision.
    """

    block: Block
    task: int
    row: int
    attempt: int
    offers: Offers
    decision: Decision
    breakdown: Callable[[], Breakdown]


class Market:
    """One replication of a scenario.

    `on_records` receives the records of each block when all its tasks are done, blocks in order.
    `on_decision`, where given, receives every decision with its offers; policies then give reasons.
    `on_contract` receives every contract that has ended, what was paid for it and its fees, in USD;
    `on_ratings` the ledger's ratings, a column each as `Ratings.take_rows` gives them, with each block.
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
        on_contract: Callable[[Deal, float, float], None] | None = None,
        on_ratings: Callable[[Mapping[str, NDArray[Any]]], None] | None = None,
    ) -> None:
        self._scenario = scenario
        self._policy = policy
        self._baseline = baseline
        self._on_records = on_records
        self._on_decision = on_decision
        self._on_contract = on_contract
        self._on_ratings = on_ratings
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
        self.knowledge: Knowledge | None = None
        self.discovery: Discovery | None = None
        self._floor = floor = Floor(self.env, scenario, self.pool)
        self._trade: Any = self._contracted(floor, streams) if scenario.learning else self._assured(floor)
        self._policy_error: Exception | None = None
        self._waiting_blocks: list[OpenBlock] = []
        policy.start(
            Surroundings(
                contractor_names=self.pool.names,
                type_names=tuple(scenario.workload.types),
                clients=scenario.clients.count,
                stream=lambda name: streams(f"policy.{name}"),
            )
        )

    def _assured(self, floor: Floor) -> PublishedTrade:
        return PublishedTrade(
            self._scenario,
            floor,
            self.quotes,
            self.prices,
            self.accounts,
            self._settled,
            self._listener(),
            explain=self._on_decision is not None,
        )

    def _contracted(self, floor: Floor, streams: Streams) -> ContractTrade:
        scenario = self._scenario
        truth = GroundTruth(scenario, self.pool, streams)
        self.knowledge = Knowledge(
            scenario, self.pool, truth.own_success, record_ratings=self._on_ratings is not None
        )
        if scenario.discovery is not None:
            counts = scenario.clients.count, len(scenario.workload.types), len(self.pool)
            self.discovery = Discovery(scenario.discovery, *counts, streams("discovery"))
        return ContractTrade(
            scenario,
            self.pool,
            self.skills,
            floor,
            self.knowledge,
            self.discovery,
            truth,
            streams,
            self.accounts,
            self._decide,
            self._settled,
            self._listener(),
            self._on_contract,
            explain=self._on_decision is not None,
        )

    def _listener(self) -> Callable[[Outcome], None] | None:
        """Who is told of outcomes: the policy, if it wants to know."""
        return self._tell_policy if type(self._policy).observe is not Policy.observe else None

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
            self._hand_over_ratings()
            self._on_records(Records.empty(self._workload.no_tasks(), np.empty(0), np.empty(0)))
        self.accounts.check()

    def figures(self) -> dict[str, float]:
        """What can be said of the market as a whole once it has been played; shares and rates in percent.

        What does not apply, such as the utilisation of unlimited slots, is left out.

        `revenue_hhi` is the Herfindahl–Hirschman index of the contractors' revenue, 1/n to 1; the
        `estimation_error` figures are ``Σ|estimated − charged| / Σ charged`` over all charges, the
        first 50 of them and the last.
        """
        revenue = np.array(self.accounts.revenue_usd)
        total = float(revenue.sum())
        figures = {
            "revenue_hhi": float(((revenue / total) ** 2).sum()) if total > 0 else np.nan,
            "contractor_utilisation": 100 * self._floor.utilisation(self._floor.contractors),
            "home_utilisation": 100 * self._floor.utilisation(self._floor.homes),
        }
        if self.knowledge is not None:
            figures |= self.knowledge.errors_by_time() | self.accounts.contract_shares()
        if self.discovery is not None and self.discovery.queries:
            figures["discovery_age_s"] = self.discovery.mean_age_s
            figures["unanswered_queries"] = 100 * self.discovery.unanswered / self.discovery.queries
        return {name: value for name, value in figures.items() if not np.isnan(value)}

    def _arrivals(self) -> Events:
        env, trade = self.env, self._trade
        for block in self._workload.blocks():
            opened = self._open(block)
            waits_for = None if block.wholes is None else block.wholes.waits_for
            for arrival_s, first, stop in block.rounds:
                while env.now < arrival_s:
                    yield env.timeout(arrival_s - env.now)
                trade.begin_hour(int(arrival_s // 3600), first)
                if trade.live:
                    for task in range(first, stop):
                        if waits_for is None or waits_for[task] == 0:
                            self._decide_round(opened, slice(task, task + 1))
                else:
                    self._decide_round(opened, slice(first, stop))

    def _open(self, block: Block) -> OpenBlock:
        charge_usd = self._trade.home_usd(block)
        if self._baseline is None:
            all_local_usd = all_local_s = np.full(len(block), np.nan)
        else:
            all_local_usd, all_local_s = self._baseline.take(block, charge_usd)
        opened: OpenBlock = self._trade.open(
            block, Records.empty(block, all_local_usd, all_local_s), charge_usd
        )
        self._waiting_blocks.append(opened)
        self.accounts.tasks_in += len(block)
        return opened

    def _decide(self, opened: OpenBlock, task: int, tried: tuple[int, ...] = ()) -> None:
        """Have the policy decide on one task later than its arrival."""
        self._decide_round(opened, slice(task, task + 1), tried)

    def _decide_round(self, opened: OpenBlock, rows: slice, tried: tuple[int, ...] = ()) -> None:
        trade, records = self._trade, opened.records
        attempt, more = len(tried), {"tried": tried} if tried else {}
        quote = trade.quote(opened, rows, **more)
        internal_usd = quote.offers.internal_usd
        for row in range(rows.stop - rows.start):
            task = rows.start + row
            decision = self._ask(self._view(opened, quote, row, attempt))
            records.explored[task] |= decision.explored
            records.score[task] = decision.score
            records.confidence[task] = decision.confidence
            if attempt == 0:
                records.internal_usd[task] = internal_usd[row]
            if self._on_decision is not None:
                tell = partial(trade.breakdown, opened, quote, row, **more)
                self._on_decision(
                    DecidedOffers(opened.block, task, row, attempt, quote.offers, decision, tell)
                )
            trade.carry_out(opened, quote, row, decision, **more)

    def _view(self, opened: OpenBlock, quote: Any, row: int, attempt: int) -> View:
        wanted = self._policy.view_type
        if wanted is View:
            return View(quote.offers, row)
        if issubclass(wanted, OracleView):
            view: View = self._trade.oracle_view(opened, quote, row, attempt)
            return view
        return SealedBids(quote.offers, row, self._trade.bids_usd(quote, row))

    def _ask(self, view: View) -> Decision:
        policy = self._policy
        try:
            decision = policy.decide(view)
        except Exception as error:
            self._policy_error = error
            raise
        if not isinstance(decision, Decision):
            raise PolicyError(f"{type(policy).__name__}.decide: must return a Decision (got {decision!r})")
        chosen: object = decision.contractor
        if isinstance(chosen, bool) or not isinstance(chosen, int | np.integer):
            raise PolicyError(
                f"{type(policy).__name__}: decision.contractor must be a whole number (got {chosen!r})"
            )
        price_usd: object = decision.price_usd
        if price_usd is not None and not (isinstance(price_usd, int | float) and 0 <= price_usd < np.inf):
            raise PolicyError(
                f"{type(policy).__name__}: decision.price_usd must be >= 0 and finite (got {price_usd!r})"
            )
        if not LOCAL <= decision.contractor < view.contractors:
            raise PolicyError(
                f"{type(policy).__name__}: decision.contractor must be -1 (local) "
                f"to {view.contractors - 1} (got {decision.contractor})"
            )
        return decision

    def _settled(self, opened: OpenBlock) -> None:
        """One more task of a block has ended; hand over the blocks that are complete, in order."""
        opened.left -= 1
        while self._waiting_blocks and self._waiting_blocks[0].left == 0:
            complete = self._waiting_blocks.pop(0).records
            self.accounts.book(complete)
            self._hand_over_ratings()
            self._on_records(complete)

    def _hand_over_ratings(self) -> None:
        if self._on_ratings is not None and self.knowledge is not None and self.knowledge.ratings is not None:
            self._on_ratings(self.knowledge.ratings.take_rows())

    def _tell_policy(self, outcome: Outcome) -> None:
        try:
            self._policy.observe(outcome)
        except Exception as error:
            self._policy_error = error
            raise
