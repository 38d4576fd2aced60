"""One replication of a scenario, set up to be played."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import simpy

from coalesce_sim.arrays import FloatArray
from coalesce_sim.luck import Luck
from coalesce_sim.market.accounts import Accounts
from coalesce_sim.market.baseline import Baseline
from coalesce_sim.market.compiled.coverage import Core, is_changed, plays_events, uncovered
from coalesce_sim.market.contracts.open_block import OpenContractBlock
from coalesce_sim.market.contracts.quotes import ContractQuote
from coalesce_sim.market.contracts.trade import ContractAttempt, ContractTrade
from coalesce_sim.market.deciders import Deciders, Make
from coalesce_sim.market.logged.core import LoggedCore
from coalesce_sim.market.logged.trade import LoggedQuote, LoggedTrade, LoggedWork, OpenLoggedBlock
from coalesce_sim.market.loop import Loop
from coalesce_sim.market.matching import matching_of
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.open_block import BlocksUnderWay
from coalesce_sim.market.outages import breakdowns_of
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.published.open_block import OpenPublishedBlock
from coalesce_sim.market.published.quotes import PublishedQuote
from coalesce_sim.market.published.trade import PublishedTrade, PublishedWork
from coalesce_sim.market.queues import Queues
from coalesce_sim.market.records import AtHome, Records
from coalesce_sim.market.trade import A, B, Q, Trade, Venue
from coalesce_sim.market.workload import Block, Workload, hourly_demand
from coalesce_sim.metrics import of_group
from coalesce_sim.policies.protocol import Policy, Surroundings
from coalesce_sim.policies.registry import create
from coalesce_sim.policies.topsis import Topsis
from coalesce_sim.policies.yardsticks import AlwaysLocal, AsLogged
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.skills.compatibility import compatibility
from coalesce_sim.streams import Streams

if TYPE_CHECKING:
    from coalesce_sim.market.compiled.market_core import MarketCore
    from coalesce_sim.market.compiled.published import PublishedCore
    from coalesce_sim.market.compiled.queueing import QueueingCore


class Market:
    """Everything of one replication: tasks, contractors, queues, books, a way of trading, and the loop.

    The same scenario, seed and replication give the same market, whatever the policy and whoever watches, and
    to the last bit whichever `core` plays it: ``compiled`` means where that one covers it (`core` tells).
    The `policy` decides for all clients whose group has none of its own; those are made by `make`.
    """

    _baseline: Baseline | None = None
    trade: ContractTrade | PublishedTrade | LoggedTrade
    _loop: (
        Loop[OpenContractBlock, ContractQuote, ContractAttempt]
        | Loop[OpenPublishedBlock, PublishedQuote, PublishedWork]
        | Loop[OpenLoggedBlock, LoggedQuote, LoggedWork]
    )

    def __init__(
        self,
        scenario: Scenario,
        policy: Policy,
        observer: Observer,
        *,
        seed: int,
        replication: int = 0,
        core: Core = "simpy",
        make: Make = create,
    ) -> None:
        logged = isinstance(policy, AsLogged) and policy.at_logged_costs
        if logged:  # what the log says is of all clients, whoever would decide for them
            scenario = scenario.asked_alike()
        streams, rule = Streams(seed, replication), scenario.market_demand
        self.demand = np.zeros(0) if rule is None else hourly_demand(rule, scenario.clock, streams)
        self.pool = pool = Pool(scenario, streams)
        self.skills = compatibility(
            scenario.skills, scenario.workload.types, pool.claims, matching_of(scenario)
        )
        self.accounts = Accounts(len(pool))
        self.env = simpy.Environment(0.0)
        luck = Luck(seed, replication, pool.identities, pool.seeming)
        self.queues = Queues(self.env, scenario, pool, breakdowns_of(pool.roster, luck, scenario.boxes))
        self._populations, self._turns_over = scenario.clients.populations, scenario.turns_over
        self._workload = Workload(scenario, self.demand, streams)
        self._observer = observer
        self._deciders = deciders = Deciders(scenario, policy, seed=seed, replication=replication, make=make)
        venue = Venue(
            scenario=scenario,
            streams=streams,
            luck=luck,
            demand=self.demand,
            pool=pool,
            skills=self.skills,
            queues=self.queues,
            accounts=self.accounts,
            observer=observer,
            listens=deciders.listens,
            searches=lambda client: deciders.of(client).searches,
        )
        self.trade = LoggedTrade(venue) if logged else _trade_of(venue)
        self._compiled = None if core == "simpy" else _compiled(venue, self.trade, deciders)
        self._under_way = BlocksUnderWay(self.accounts, observer, (self._compiled or self.trade).taken)
        match self.trade:  # each has its own kinds of block, quote and attempt
            case ContractTrade() as trade:
                self._loop = self._looped(trade)
            case PublishedTrade() as trade:
                self._loop = self._looped(trade)
            case LoggedTrade() as trade:
                self._loop = self._looped(trade)
        observer.set_up(self)
        deciders.start(
            lambda prefix: Surroundings(
                contractor_names=pool.names,
                type_names=tuple(scenario.workload.types),
                clients=scenario.clients.total,
                stream=lambda name: streams(f"policy.{prefix}{name}"),
                client_groups=scenario.clients.group_names,
            )
        )

    def _looped(self, trade: Trade[B, Q, A]) -> Loop[B, Q, A]:
        return Loop(self.env, trade, self._deciders, self._observer, self._under_way, self._records_of)

    def _records_of(self, block: Block) -> Records:
        at_home = AtHome.unknown(block) if self._baseline is None else self._baseline.take(block)
        return Records.empty(block, at_home)

    def run(self, baseline: Baseline | None = None) -> None:
        """Play the market to the end of the last task.

        `baseline` gives what the same tasks cost all-local; without one those columns of the records are NaN.
        Raises `ConservationError` if tasks, money or capacity do not add up, `PolicyError` from what the
        policy raises, and whatever the observer raises.
        """
        self._baseline = baseline
        if self._compiled is not None:
            self._compiled.play(self._workload.blocks(), self._records_of, self._under_way)
        else:
            self._play_events()
        if self.accounts.tasks_in == 0:
            self._under_way.record_nothing(self._workload.no_tasks())
        if isinstance(self.trade, ContractTrade):
            self.trade.close(self.ended_s)
            journal = self.trade.payments.journal()
            if journal is not None:
                self._observer.journal(journal)
        self.accounts.check()

    def _play_events(self) -> None:
        self.env.process(self._loop.arrivals(self._workload.blocks()))
        try:
            self.env.run()
        except BaseException as error:
            failure = error if self._loop.error is None else self._loop.error
            raise failure from failure.__cause__

    @property
    def core(self) -> Core:
        """Which core plays it."""
        return "simpy" if self._compiled is None else "compiled"

    def mean_price_usd(self, hours: int) -> FloatArray:
        """The mean over the pool of the price of the simplest task, hour by hour, once all was played; NaN
        where prices differ by task."""
        return (self._compiled or self.trade).mean_price_usd(hours)

    def share(self, block: Block) -> float:
        """How far the market is when a block begins, roughly, from 0 to 1."""
        return self._workload.share(block)

    @property
    def ended_s(self) -> float:
        """When the last event was, once all was played."""
        cast = self.pool.cast
        if self.queues.slots_change or (cast is not None and cast.acts_by_the_clock):
            return self.accounts.last_done_s  # what else happens, does so whether or not anybody is left then
        return self.env.now if self._compiled is None else self._compiled.ended_s

    def settlement(self) -> dict[str, float]:
        """What can be said of how contracts were paid, and of who might not be hired."""
        return self.trade.settlement() if isinstance(self.trade, ContractTrade) else {}

    def figures(self) -> dict[str, float]:
        """What can be said of the market as a whole once it has been played; shares and rates in percent.

        What does not apply, such as the utilisation of unlimited slots, is left out. `revenue_hhi` is the
        Herfindahl–Hirschman index of the contractors' revenue, 1/n to 1.
        """
        presence, contractors = self.pool.roster.presence, self.queues.contractors
        there_s, at_work = presence.spent_s(self.ended_s), contractors.utilisation(self.ended_s)
        if presence.moves:
            at_work = contractors.utilisation_of(there_s, self.ended_s)
        revenue = np.array(self.accounts.revenue_usd)[presence.entered(self.ended_s)]
        total = float(revenue.sum())
        home_utilisation = self.queues.homes.utilisation
        of_groups = {
            of_group("home_utilisation", each.name): 100
            * home_utilisation(self.ended_s, range(each.first, each.first + each.count))
            for each in self._populations
            if each.name is not None
        }
        figures = {
            "revenue_hhi": float(((revenue / total) ** 2).sum()) if total > 0 else np.nan,
            "contractor_utilisation": 100 * at_work,
            "home_utilisation": 100 * home_utilisation(self.ended_s),
            **of_groups,
        } | self.trade.figures()
        if isinstance(self.trade, LoggedTrade):  # nobody's slots are in a log
            figures = {"revenue_hhi": figures["revenue_hhi"]}
        if isinstance(self.trade, ContractTrade):
            figures |= self.trade.books.figures(self.ended_s)
        if self._turns_over:
            figures |= {
                "contractors_entered": float(np.count_nonzero(presence.enter_s[there_s > 0] > 0)),
                "contractors_left": float(np.count_nonzero(presence.leave_s <= self.ended_s)),
                "contractors_present": float((there_s / self.ended_s).sum()) if self.ended_s > 0 else np.nan,
            }
        return {name: value for name, value in figures.items() if not np.isnan(value)}


def _trade_of(venue: Venue) -> ContractTrade | PublishedTrade:
    """How a scenario's market trades."""
    return ContractTrade(venue) if venue.scenario.learning else PublishedTrade(venue)


def _compiled(
    venue: Venue, trade: ContractTrade | PublishedTrade | LoggedTrade, deciders: Deciders
) -> MarketCore | PublishedCore | QueueingCore | LoggedCore | None:
    """The compiled core, where it covers the market; it is imported, and numba with it, when asked for."""
    if isinstance(trade, LoggedTrade):
        return None if venue.observer.sees_decisions else LoggedCore(venue, trade)
    if uncovered(venue.scenario) is not None:
        return None
    policy = AlwaysLocal() if deciders.only is None else deciders.only.policy  # which then decides nothing
    if isinstance(trade, ContractTrade):
        from coalesce_sim.market.compiled.market_core import MarketCore

        return MarketCore(venue, policy, deciders, trade)
    rules = policy.rules if isinstance(policy, Topsis) else None
    in_python = deciders.only is None or is_changed(policy) or venue.observer.sees_decisions
    if plays_events(venue.scenario, None if in_python else type(policy), rules):
        from coalesce_sim.market.compiled.queueing import QueueingCore

        return QueueingCore(venue, policy, deciders, trade)
    from coalesce_sim.market.compiled.published import PublishedCore

    return PublishedCore(venue, policy, trade)
