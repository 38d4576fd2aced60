"""One market on both cores: every column of every table, and all books, to the last bit."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import numpy as np

from coalesce_sim.experiments.hindsight import honest_baseline
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.ended import EndedContracts
from coalesce_sim.market.contracts.layout import Layout
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import Considered, DecidedOffers, EventName, Observer
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import Policy, View
from coalesce_sim.policies.registry import create
from coalesce_sim.policies.yardsticks import BestFixed, Tally
from coalesce_sim.reputation.ratings import RatingRows
from coalesce_sim.scenario.schema import Scenario
from verification.learned import assert_learned_the_same, assert_remembered_the_same, tables_of_policies

_CORES: tuple[Core, ...] = ("simpy", "compiled")


class _Kept(Observer):
    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def contracts(self, rows: EndedContracts) -> None:
        self.told.append(("contracts", rows._asdict()))

    def ratings(self, rows: RatingRows) -> None:
        self.told.append(("ratings", rows._asdict()))

    def block_recorded(self, records: Records) -> None:
        columns = {each.name: getattr(records, each.name) for each in dataclasses.fields(records)}
        columns["opportunity_usd"] = records.block.home.opportunity_usd
        self.told.append(("decisions", columns))


class _Watches(Observer):
    """Writes down all that it is told, and asks for whatever it may ask for."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    def block_opened(self, block: Block) -> None:
        self.told.append(("block_opened", block.first))

    def considered(self, considered: Considered) -> None:
        view, numbers = considered.view, (considered.block.first, considered.task, considered.split)
        self.told.append(("considered", (numbers, type(view).__name__, _seen(view))))

    def decided(self, decided: DecidedOffers) -> None:
        view, breakdown = View(decided.offers, decided.row), decided.breakdown()
        numbers = decided.block.first, decided.task, decided.attempt, decided.offers.attempt
        again = _plain(dataclasses.astuple(decided.breakdown()))
        assert _plain(dataclasses.astuple(breakdown)) == again, "asking changes nothing"
        self.told.append(("decided", (numbers, _seen(view), _plain(decided.decision), again)))

    def contract_ended(self, contract: Contract) -> None:
        names = [each.name for each in dataclasses.fields(contract) if each.name != "opened"]
        opened, row, of_contract = contract.opened, contract.row, (contract.good, contract.accepted)
        stated = [getattr(opened.layout, name)[row] for name in _LAID_OUT]
        told = [_plain(getattr(contract, name)) for name in names]
        self.told.append(("contract_ended", (told, of_contract, opened.block.first, _plain(stated))))

    def contracts(self, rows: EndedContracts) -> None:
        self.told.append(("contracts", rows.task.tolist()))

    def block_recorded(self, records: Records) -> None:
        self.told.append(("block_recorded", (records.block.first, records.finished_s.tobytes())))


class _WatchesContracts(_Watches):
    """Is told of contracts alone: policies that are compiled play as they are."""

    def wants(self, event: EventName) -> bool:
        return event not in ("decided", "considered") and super().wants(event)


_LAID_OUT = [each.name for each in dataclasses.fields(Layout)]
_SEEN = (
    *("task", "type_id", "client", "now_s", "contractors", "ids", "internal_usd", "price_usd"),
    *("external_usd", "latency_s", "reliability", "security", "skill", "eligible", "whole", "split"),
)


def _seen(view: View) -> list[Any]:
    own = [name for kind in type(view).__mro__[:-2] for name in getattr(kind, "__slots__", ())]
    return [_plain(getattr(view, name)) for name in (*_SEEN, *own)]


def _plain(value: Any) -> Any:
    """All that can be compared bit by bit."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return type(value).__name__, repr(value)


def assert_told_the_same_by_both_cores(scenario: Scenario) -> Counter[str]:
    """Who watches is told the same in the same order, to the last bit; how often of what."""
    for watches in (_WatchesContracts, _Watches) if scenario.learning else (_Watches,):
        told: list[list[tuple[str, Any]]] = []
        for core in _CORES:
            watching, policy = watches(), create(scenario.policy)
            market = Market(scenario, policy, watching, seed=scenario.seed, replication=1, core=core)
            assert market.core == core or (scenario.plays_log and watching.sees_decisions)
            if isinstance(policy, BestFixed):
                policy.told(scenario.seed % len(market.pool))
            market.run(honest_baseline(scenario, scenario.seed, 1))
            told.append(watching.told)
        for ours, theirs in zip(*told, strict=True):
            assert ours == theirs
    return Counter(what for what, _ in told[0])


def assert_same_on_both_cores(scenario: Scenario) -> None:
    """All that observers are told of blocks, all books and prices, and what the policy has learned, are equal
    to the last bit."""
    with tables_of_policies() as tables:
        (simpy, theirs, policy), (compiled, ours, asked) = (_played(scenario, core) for core in _CORES)
    assert (simpy.core, compiled.core) == ("simpy", "compiled")
    assert [what for what, _ in theirs] == [what for what, _ in ours]
    for (what, columns), (_, others) in zip(theirs, ours, strict=True):
        for name, values in columns.items():
            if isinstance(values, np.ndarray):
                other = others[name]
                assert (values.dtype, values.shape) == (other.dtype, other.shape), (what, name)
                assert values.tobytes() == other.tobytes(), (what, name)
    hours = scenario.clock.hours
    assert simpy.mean_price_usd(hours).tobytes() == compiled.mean_price_usd(hours).tobytes()
    assert simpy.accounts.revenue_usd == compiled.accounts.revenue_usd
    assert simpy.accounts.contracts_ended == compiled.accounts.contracts_ended
    assert simpy.figures() == compiled.figures()
    assert simpy.trade.estimation_errors() == compiled.trade.estimation_errors()
    if isinstance(simpy.trade, ContractTrade) and isinstance(compiled.trade, ContractTrade):
        assert simpy.trade.effects == compiled.trade.effects
    for each in tables if [place for place, _ in scenario.policies] == ["policy"] else ():
        assert_learned_the_same(policy, each)  # policies of groups are asked in Python
    assert_remembered_the_same(policy, asked)


def assert_same_in_hindsight(scenario: Scenario) -> None:
    """The all-local market and what each contractor would have saved in it are equal to the last bit."""
    saved_usd = {}
    for core in _CORES:
        tally = Tally()
        Market(scenario.asked_alike(), tally, Observer(), seed=scenario.seed, replication=1, core=core).run()
        saved_usd[core] = tally.saved_usd.tobytes()
    assert saved_usd["simpy"] == saved_usd["compiled"]


def _played(scenario: Scenario, core: Core) -> tuple[Market, list[tuple[str, dict[str, Any]]], Policy]:
    kept, policy = _Kept(), create(scenario.policy)
    market = Market(scenario, policy, kept, seed=scenario.seed, replication=1, core=core)
    if isinstance(policy, BestFixed):
        policy.told(scenario.seed % len(market.pool))
    market.run(honest_baseline(scenario, scenario.seed, 1))
    return market, kept.told, policy
