"""One replication of a scenario: its metrics, and the tables that are wanted of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from coalesce_sim.experiments.routing import Routed
from coalesce_sim.experiments.sellers import sellers_table
from coalesce_sim.experiments.staging import Metrics, PolicyFactory, Stage
from coalesce_sim.experiments.steady_state import Series
from coalesce_sim.experiments.tables.contracts import contracts_table
from coalesce_sim.experiments.tables.decisions import decisions_table
from coalesce_sim.experiments.tables.experience import estimation_error_table, ratings_table
from coalesce_sim.experiments.tables.offers import offers_table
from coalesce_sim.experiments.timeline import Timeline
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.contracts.ended import EndedContracts
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import DecidedOffers, EventName, Observer, Observers
from coalesce_sim.market.records import Records
from coalesce_sim.policies.registry import create
from coalesce_sim.reputation.ratings import RatingRows
from coalesce_sim.scenario.schema import Scenario

TableName = Literal[
    "decisions",
    "timeline",
    "contracts",
    "ratings",
    "estimation_error",
    "offers",
    "routing",
    "sellers",
    "journal",
]
Emit = Callable[[TableName, pa.Table], None]
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tables a run is to emit besides the metrics.

    `experience` stands for contracts, ratings, estimation errors and the books of sellers, where the scenario
    has any, `routing` for who got the work, `book` for the journal of replication 0, where contracts are
    settled.
    """

    decisions: bool = False
    timeline: bool = False
    experience: bool = False
    offers: bool = False
    routing: bool = False
    book: bool = False

    def tables(self, scenario: Scenario) -> tuple[TableName, ...]:
        """The names of the tables that a run of the scenario will emit."""
        learning = self.experience and scenario.learning and not scenario.plays_log
        names: dict[TableName, bool] = {
            "decisions": self.decisions,
            "timeline": self.timeline,
            "contracts": learning,
            "ratings": learning and scenario.reputation is not None,
            "estimation_error": learning,
            "offers": self.offers,
            "routing": self.routing,
            "sellers": learning,
            "journal": self.book,
        }
        return tuple(name for name, wanted in names.items() if wanted)


class _Tables(Observer):
    """Emits the wanted tables of a replication as they are complete."""

    _market: Market

    def __init__(self, scenario: Scenario, replication: int, emit: Emit, wanted: Wanted) -> None:
        self._scenario, self._replication, self._emit = scenario, replication, emit
        self._tables = [each for each in wanted.tables(scenario) if each != "journal" or replication == 0]
        self._type_names = tuple(scenario.workload.types)
        self._timeline = Timeline(scenario, replication)

    def wants(self, event: EventName) -> bool:
        tables = {"decided": "offers", "contracts": "contracts", "ratings": "ratings", "journal": "journal"}
        return tables[event] in self._tables if event in tables else super().wants(event)

    def set_up(self, market: Market) -> None:
        self._market = market

    def decided(self, decided: DecidedOffers) -> None:
        if "offers" in self._tables:
            market, learning = self._market, self._scenario.learning
            table = offers_table(decided, self._replication, market.pool, market.skills, learning=learning)
            self._emit("offers", table)

    def contracts(self, rows: EndedContracts) -> None:
        if "contracts" in self._tables:
            table = contracts_table(
                rows,
                self._replication,
                self._type_names,
                self._market.pool.names,
                incidents=self._scenario.incidents is not None,
                cheats=self._scenario.anybody_cheats,
            )
            self._emit("contracts", table)

    def ratings(self, rows: RatingRows) -> None:
        if "ratings" in self._tables:
            names = self._market.pool.names
            self._emit("ratings", ratings_table(rows, self._replication, self._type_names, names))

    def block_recorded(self, records: Records) -> None:
        names = self._market.pool.names
        if "timeline" in self._tables:
            self._timeline.add(records)
        if "decisions" in self._tables:
            self._emit("decisions", decisions_table(records, self._replication, self._scenario, names))

    def journal(self, entries: pa.Table) -> None:
        if "journal" in self._tables:
            self._emit("journal", entries)

    def finish(self) -> None:
        """Emit what is complete only when the market has been played."""
        market = self._market
        if "timeline" in self._tables:
            price_usd = market.mean_price_usd(self._scenario.clock.hours)
            self._emit("timeline", self._timeline.table(market.demand, price_usd, market.pool.total_slots))
        if "estimation_error" in self._tables:
            self._emit(
                "estimation_error",
                estimation_error_table(market.trade.estimation_errors(), self._replication),
            )
        if "sellers" in self._tables and isinstance(market.trade, ContractTrade):
            table = sellers_table(
                market.pool,
                market.trade.books,
                market.ended_s,
                self._replication,
                turns_over=self._scenario.turns_over,
                levies=self._scenario.defences.levies,
            )
            self._emit("sellers", table)


def play(
    scenario: Scenario,
    seed: int,
    replication: int,
    emit: Emit,
    wanted: Wanted,
    policy: PolicyFactory | None = None,
    *,
    steady_state: Series | None = None,
    progress: Progress | None = None,
    core: Core = "simpy",
    observer: Observer | None = None,
) -> Metrics:
    """Play one replication and return its metrics.

    The wanted tables go to `emit` as they are complete, and tell of the whole run; `progress` is told the
    share that is done; `core` plays what it covers; `observer` watches. With `steady_state` the metrics are
    those of `SteadyTotals`: only tasks that arrived after the warm-up found in that series count. Figures of
    the market as a whole (concentration, utilisation, estimation errors, contract shares, discovery, the
    all-local market's success and losses) cannot be cut and are left out.
    """
    scenario = drawn(scenario, seed, replication)
    tables = _Tables(scenario, replication, emit, wanted)
    decider = create(scenario.policy) if policy is None else policy()
    routed = Routed(scenario) if wanted.routing else None
    staged = Stage(
        scenario,
        decider,
        Observers(*(each for each in (tables, routed, observer) if each is not None)),
        seed=seed,
        replication=replication,
        steady_state=steady_state,
        core=core,
    )
    metrics = staged.play(progress)
    tables.finish()
    if routed is not None:
        emit("routing", routed.table(replication))
    return metrics
