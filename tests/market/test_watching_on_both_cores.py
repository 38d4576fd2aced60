"""Whoever watches decisions and contracts one by one is told the same, whichever core plays."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.experiments.cores import choose_core
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.report.explanation import explain
from verification.both_cores import assert_told_the_same_by_both_cores
from verification.contracts_at_random import market_with_contracts
from verification.published_at_random import published_market
from verification.queues_at_random import market_with_queues

pytest.importorskip("numba")

CORES: tuple[Core, ...] = ("simpy", "compiled")
SHORT = "workload.arrivals.limit=120"


@pytest.mark.parametrize(
    ("made", "numbers", "told"),
    [
        (published_market, range(3), {"decided"}),
        (market_with_queues, range(3), {"decided"}),
        (market_with_contracts, range(10), {"decided", "considered", "contract_ended"}),
    ],
)
def test_who_watches_is_told_the_same_in_the_same_order(made, numbers, told, monkeypatch):
    monkeypatch.setattr("coalesce_sim.market.workload.BLOCK_TASKS", 7)
    seen: Counter[str] = Counter()
    for number in numbers:
        seen += assert_told_the_same_by_both_cores(coalesce_sim.load(made(number)))
    assert told < set(seen)
    assert seen["block_recorded"] > len(numbers), "blocks end while others are played"


@pytest.mark.parametrize(
    ("name", "changes", "task"),
    [
        ("market_day", [SHORT, "contracts.failed_share=0.9"], 70),
        ("experiments_splitting", ["workload.arrivals.limit=20", "reputation={}"], 8),
        ("dur_02", ["clock.days=1"], 31),
        ("dur_02", ["clock.days=1", "clients.slots=1"], 31),
    ],
)
def test_a_decision_is_explained_the_same(name, changes, task):
    scenario = coalesce_sim.load(name, changes)
    simpy, compiled = (explain(scenario, 1, 0, task, core) for core in CORES)
    assert simpy == compiled
    assert simpy.decision["verdict"]


@pytest.mark.parametrize(("name", "short"), [("market_day", SHORT), ("dur_02", "clock.days=1")])
def test_a_market_is_diagnosed_the_same(name, short):
    scenario = coalesce_sim.load(name, [short])
    simpy, compiled = (
        coalesce_sim.doctor(scenario, replications=1, core=core).summary for core in ("simpy", "compiled")
    )
    assert (simpy.pop("core"), compiled.pop("core")) == ({"played": "simpy"}, {"played": "compiled"})
    assert simpy == compiled


@pytest.mark.parametrize(("name", "short"), [("market_day", SHORT), ("dur_02", "clock.days=1")])
def test_the_table_of_offers_is_the_same_whoever_plays(name, short):
    scenario = coalesce_sim.load(name, [short])
    simpy, compiled = (
        coalesce_sim.run(scenario, replications=1, offers=True, core=core) for core in ("simpy", "compiled")
    )
    assert compiled.summary["core"] == {"played": "compiled"}
    assert simpy.offers.equals(compiled.offers)


@pytest.mark.parametrize("event", ["decided", "contract_ended", "considered"])
def test_what_an_observer_raises_ends_the_replication_and_reaches_the_caller(event):
    def stops(*_: Any) -> None:
        raise LookupError("enough")

    watching: Any = type("Stops", (coalesce_sim.Observer,), {event: stops})
    scenario = coalesce_sim.load("experiments_splitting", ["workload.arrivals.limit=20"])
    staged = coalesce_sim.stage(scenario, observer=watching(), core="compiled")
    assert staged.market.core == "compiled"
    with pytest.raises(LookupError, match="enough"):
        staged.play()


def test_simpy_tells_of_decisions_where_nobody_queues_and_there_is_a_choice():
    queues, none = coalesce_sim.load("market_day"), coalesce_sim.load("dur_03")
    for scenario, core in ((queues, "compiled"), (none, "simpy")):
        assert choose_core("auto", [scenario], runs=100_000, watched=True).core == core
