"""One market on both cores: every column of every table, and all books, to the last bit."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from coalesce_sim.experiments.hindsight import honest_baseline
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.contracts.ended import EndedContracts
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import Records
from coalesce_sim.policies.protocol import Policy
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
