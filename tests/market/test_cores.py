"""Two cores, one market: what the compiled one plays, when it does, and what is said of it."""

from __future__ import annotations

import dataclasses
import sys
from typing import ClassVar

import pytest

import coalesce_sim
from coalesce_sim.experiments.cores import choose_core
from coalesce_sim.policies.bandits.greedy import Greedy
from coalesce_sim.policies.protocol import OracleView
from coalesce_sim.policies.topsis import Topsis
from coalesce_sim.scenario import learners, policy
from tests.market import trading
from verification.both_cores import assert_same_in_hindsight, assert_same_on_both_cores
from verification.contracts_at_random import market_with_contracts
from verification.learners_at_random import LEARNERS, learner_of_number
from verification.moving_at_random import moving_market_with_contracts
from verification.published_at_random import published_market
from verification.queues_at_random import market_with_queues

pytest.importorskip("numba")


@pytest.mark.parametrize("numbers", [range(begin, begin + 10) for begin in (0, 10, 20)])
def test_both_cores_play_the_same_to_the_last_bit(numbers):
    for number in numbers:
        assert_same_on_both_cores(coalesce_sim.load(published_market(number)))


@pytest.mark.parametrize("numbers", [range(begin, begin + 10) for begin in range(0, 40, 10)])
def test_both_cores_play_queues_the_same_to_the_last_bit(numbers):
    for number in numbers:
        assert_same_on_both_cores(coalesce_sim.load(market_with_queues(number)))


@pytest.mark.parametrize("kind", LEARNERS)
def test_whoever_learns_decides_the_same_to_the_last_bit(kind):
    for number, made in enumerate((published_market, market_with_queues, market_with_contracts)):
        assert_same_on_both_cores(
            coalesce_sim.load(made(number) | {"policy": learner_of_number(kind, number)})
        )


@pytest.mark.parametrize("numbers", [range(begin, begin + 20) for begin in range(0, 100, 20)])
def test_both_cores_play_contracts_the_same_to_the_last_bit(numbers):
    for number in numbers:
        assert_same_on_both_cores(coalesce_sim.load(market_with_contracts(number)))


@pytest.mark.parametrize("numbers", [range(begin, begin + 15) for begin in (0, 15)])
def test_both_cores_play_what_moves_and_goes_down_the_same_to_the_last_bit(numbers):
    for number in numbers:
        assert_same_on_both_cores(coalesce_sim.load(moving_market_with_contracts(number)))


def test_both_cores_look_back_the_same():
    for number in range(10):
        for market in (market_with_contracts(number), market_with_queues(number)):
            assert_same_in_hindsight(coalesce_sim.load(market))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("market_day", []),
        ("market_day", ["discovery={kind: gossip, k: 9, view_size: 12, round_s: 10}"]),
        ("market_day", ["discovery.outages=[{start_h: 0.1, hours: 0.2}]", "discovery.fallback=cached"]),
        ("market_day", ["reputation.model={kind: eigentrust, recompute_every: 20}"]),
        ("decentral", []),
        ("real_agents_twin", []),
    ],
)
def test_bundled_markets_are_the_same_on_both_cores(name, changes):
    assert_same_on_both_cores(coalesce_sim.load(name, ["workload.arrivals.limit=600", *changes]))


def test_ratings_count_for_trust_when_their_block_is_long_over(monkeypatch):
    monkeypatch.setattr("coalesce_sim.market.workload.BLOCK_TASKS", 40)
    changes = ["reputation.model={kind: eigentrust, recompute_every: 100}", "workload.arrivals.limit=400"]
    assert_same_on_both_cores(coalesce_sim.load("market_day", changes))


@pytest.mark.parametrize("decompose", ["always", "policy"])
@pytest.mark.parametrize("policy", ["cheapest", "topsis", "thompson"])
def test_projects_in_steps_are_the_same_on_both_cores(policy, decompose):
    in_steps = [f"workload.types.project.decompose={decompose}", f"policy={{kind: {policy}}}"]
    assert_same_on_both_cores(coalesce_sim.load("experiments_splitting", in_steps))


def test_steps_are_the_same_on_both_cores_where_every_contractor_delivers():
    types = {
        "whole": {
            "max_latency_min": 4,
            "steps": {"one": {"type": "a"}, "two": {"type": "a", "after": ["one"]}},
        },
        "a": {"max_latency_min": 1, "local_min": 0.5},
    }
    tasks = [{"type": "whole", "arrival_s": 10.0 * each} for each in range(9)]
    scenario = trading.market(tasks, trading.contractor("c"))
    scenario["workload"]["types"] = types
    del scenario["contracts"]
    assert_same_on_both_cores(coalesce_sim.load(scenario))


def test_the_fitted_hour_of_code_completion_is_the_same_on_both_cores():
    assert_same_on_both_cores(coalesce_sim.load("azure_code_like"))


def test_tables_and_metrics_are_the_same_whoever_plays():
    scenario = coalesce_sim.load("dur_02")
    simpy, compiled = (
        coalesce_sim.run(scenario, replications=2, core=core) for core in ("simpy", "compiled")
    )
    assert simpy.replications == compiled.replications
    assert simpy.decisions.equals(compiled.decisions)
    assert simpy.timeline.equals(compiled.timeline)
    assert simpy.summary | {"core": None} == compiled.summary | {"core": None}
    assert (simpy.summary["core"], compiled.summary["core"]) == ({"played": "simpy"}, {"played": "compiled"})


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("market_day", ["workload.arrivals.limit=400"]),
        ("experiments_splitting", ["workload.types.project.decompose=always", "reputation={}"]),
        ("experiments_splitting", ["reputation={}"]),
    ],
)
def test_all_tables_of_a_market_with_contracts_are_the_same_whoever_plays(name, changes):
    scenario = coalesce_sim.load(name, changes)
    simpy, compiled = (
        coalesce_sim.run(scenario, replications=2, core=core) for core in ("simpy", "compiled")
    )
    assert compiled.summary["core"] == {"played": "compiled"}
    assert repr(simpy.replications) == repr(compiled.replications), "nan as well"
    for table in ("decisions", "contracts", "ratings", "estimation_error", "timeline", "sellers"):
        assert getattr(simpy, table).equals(getattr(compiled, table)), table
    assert simpy.routing.equals(compiled.routing)


def test_a_crowd_finds_room_on_the_compiled_core():
    crowded = [
        "workload.arrivals={kind: renewal, gap_s: 0.01, limit: 3000}",
        "clients.count=900",
        "contracts.input_required_rate=0.2",
    ]
    assert_same_on_both_cores(coalesce_sim.load("market_day", crowded))


class _Bargain(coalesce_sim.Policy):
    """The first offer at a price of its own, unless what came of that was dear."""

    told: ClassVar[list] = []
    dear_usd = 0.0

    def decide(self, view):
        numbers = (view.task, view.type_id, view.client, view.now_s, view.internal_usd)
        arrays = (view.ids, view.price_usd, view.external_usd, view.latency_s, view.reliability)
        seen = (*arrays, view.security, view.skill, view.eligible)
        self.told.append((numbers, [each.tobytes() for each in seen]))
        if view.contractors and self.dear_usd < 50 and view.draw("bargain") < 0.7:
            return coalesce_sim.Decision(0, True, 0.9, 0.5, price_usd=0.5 * float(view.price_usd[0]))
        return coalesce_sim.Decision(coalesce_sim.LOCAL)

    def observe(self, outcome):
        self.told.append(dataclasses.astuple(outcome))
        self.dear_usd += max(0.0, outcome.realised_usd - outcome.estimated_usd) - 0.02


class _Prophet(coalesce_sim.Policy):
    """Told the truth, it takes the best third offer."""

    view_type = OracleView
    told: ClassVar[list] = []

    def decide(self, view):
        self.told.append((view.realised_internal_usd, view.realised_external_usd.tobytes()))
        away = view.contractors > 2 and view.realised_external_usd[2] < view.realised_internal_usd
        return coalesce_sim.Decision(2 if away else coalesce_sim.LOCAL)


_QUEUES = ["clock.days=2", "clients.slots=1", "contractors.types.gpu_specialist.slots=1"]
_LATE = ["cost_model.late_usd_per_min=0.5", "cost_model.realised.basis=physical"]


@pytest.mark.parametrize("own", [_Bargain, _Prophet])
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("market_day", ["workload.arrivals.limit=300"]),
        ("dur_02", ["clock.days=2"]),
        ("dur_02", _QUEUES),
        ("dur_02", _QUEUES + _LATE),
    ],
)
def test_a_policy_of_ones_own_sees_and_is_told_the_same(own, name, changes):
    scenario, told = coalesce_sim.load(name, changes), []
    for core in ("simpy", "compiled"):
        own.told.clear()
        result = coalesce_sim.run(scenario, replications=1, core=core, policy=own)
        told.append((sorted(map(repr, own.told)), result.decisions.to_csv()))
    assert result.summary["core"] == {"played": "compiled"}
    assert told[0] == told[1]
    assert result.decisions["contractor"].notna().any()


class _Curious(coalesce_sim.Policy):
    """Splits every third task, and looks at what is expected of both ways when it decides on the others."""

    def splits(self, view):
        return view.task % 3 == 0

    def decide(self, view):
        if view.whole is None or not view.contractors:
            return coalesce_sim.Decision(int(view.external_usd.argmin()) if view.contractors else -1)
        ways = view.whole.cheapest, view.whole.at_home, view.split.cheapest, view.split.at_home
        return coalesce_sim.Decision(0, score=sum(way.usd for way in ways), confidence=ways[2].turnaround_s)


def test_a_policy_of_ones_own_splits_by_what_it_is_shown():
    learning = ["reputation={}", "calibration={rate: 0.3, proven_only: false}"]
    late = ["clients.count=5", "workload.types.project.max_latency_min=10"]
    scenario = coalesce_sim.load("experiments_splitting", learning + late)
    simpy, compiled = (
        coalesce_sim.run(scenario, replications=1, core=core, policy=_Curious)
        for core in ("simpy", "compiled")
    )
    assert compiled.summary["core"] == {"played": "compiled"}
    assert simpy.decisions.equals(compiled.decisions)
    assert simpy.decisions["split"].any()
    assert simpy.decisions["score"].nunique() > 10


class _FirstOfGreedy(Greedy):
    """A policy of one's own that is made of a built-in one, which is compiled."""

    def __init__(self):
        super().__init__(learners.Greedy(kind="greedy"))

    def decide(self, view):
        return coalesce_sim.Decision(coalesce_sim.LOCAL) if view.task % 3 == 0 else super().decide(view)


class _DoubtfulTopsis(Topsis):
    def __init__(self):
        super().__init__(policy.Topsis(kind="topsis", epsilon=0.2))

    def decide(self, view):
        return coalesce_sim.Decision(coalesce_sim.LOCAL) if view.task % 2 else super().decide(view)


@pytest.mark.parametrize("own", [_FirstOfGreedy, _DoubtfulTopsis])
def test_what_is_made_of_a_compiled_policy_is_played_as_it_is_written(own):
    scenario = coalesce_sim.load("market_day", ["workload.arrivals.limit=150"])
    simpy, compiled = (
        coalesce_sim.run(scenario, replications=1, core=core, policy=own) for core in ("simpy", "compiled")
    )
    assert compiled.summary["core"] == {"played": "compiled"}
    assert simpy.decisions.equals(compiled.decisions)
    assert simpy.contracts.equals(compiled.contracts)


class _Fails(coalesce_sim.Policy):
    def decide(self, view):
        if view.task == 7:
            raise ValueError("no more")
        return coalesce_sim.Decision(coalesce_sim.LOCAL)


@pytest.mark.parametrize("core", ["simpy", "compiled"])
def test_what_a_policy_raises_is_told_alike(core):
    scenario = coalesce_sim.load("market_day", ["workload.arrivals.limit=30"])
    with pytest.raises(
        coalesce_sim.PolicyError, match=r"_Fails: task 7, replication 0, seed 1: decide raised"
    ):
        coalesce_sim.run(scenario, replications=1, core=core, policy=_Fails)


def test_a_comparison_is_the_same_whoever_plays():
    scenario = coalesce_sim.load("dur_02", ["clock.days=1"])
    policies = ["topsis", "topsis(within_budget=true)", "cheapest", "greedy"]
    simpy, compiled = (
        coalesce_sim.compare(scenario, policies, replications=2, core=core) for core in ("simpy", "compiled")
    )
    assert simpy.runs_table().equals(compiled.runs_table())
    assert simpy.learning_table().equals(compiled.learning_table())
    assert simpy.routing_table().equals(compiled.routing_table())
    assert simpy.summary | {"core": None} == compiled.summary | {"core": None}
    assert compiled.summary["core"] == {"played": "compiled"}


def test_a_comparison_of_learners_is_the_same_whoever_plays():
    scenario = coalesce_sim.load("real_agents_twin", ["workload.arrivals.limit=60"])
    policies = ["topsis", "greedy", "thompson", "vickrey"]
    simpy, compiled = (
        coalesce_sim.compare(scenario, policies, replications=2, core=core) for core in ("simpy", "compiled")
    )
    assert simpy.runs_table().equals(compiled.runs_table())
    assert simpy.learning_table().equals(compiled.learning_table())
    assert compiled.summary["core"] == {"played": "compiled"}


def test_an_observer_is_told_the_same_blocks():
    class Counting(coalesce_sim.Observer):
        def __init__(self):
            self.told = []

        def block_opened(self, block):
            self.told.append(("opened", len(block)))

        def block_recorded(self, records):
            self.told.append(("recorded", len(records.block)))

    scenario = coalesce_sim.load("dur_02")
    watching = {core: Counting() for core in ("simpy", "compiled")}
    coalesce_sim.stage(scenario, observer=watching["simpy"], core="simpy").play()
    coalesce_sim.stage(scenario, observer=watching["compiled"], core="compiled").play()
    assert sorted(watching["simpy"].told) == sorted(watching["compiled"].told)


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        (
            "market_day",
            ["contracts.security.incidents={shares: {leaked: 1}, leak_usd: {low: 1, medium: 2, high: 4}}"],
            r"incidents \(contracts.security.incidents\)",
        ),
        (
            "market_day",
            ["reputation.model={kind: sliding_window}"],
            r"reputation by a sliding window \(reputation.model\)",
        ),
        (
            "market_day",
            ["turnover={exit: {per_day: 1, in_the_red: {usd: 1, hours: 2}}}"],
            r"contractors that give up \(turnover.exit.in_the_red\)",
        ),
    ],
)
def test_what_is_not_covered_is_refused_by_name(name, changes, reason):
    scenario = coalesce_sim.load(name, changes)
    with pytest.raises(coalesce_sim.CoreError, match=f"^core: the compiled core does not play {reason}$"):
        coalesce_sim.run(scenario, replications=1, core="compiled")
    chosen = choose_core("auto", [scenario], runs=1_000_000)
    assert chosen.core == "simpy"
    assert "the compiled core does not play" in (chosen.because or "")


def test_it_takes_over_where_that_pays(monkeypatch):
    scenario = coalesce_sim.load("dur_02")
    assert choose_core("auto", [scenario], runs=1).core == "simpy"
    assert choose_core("auto", [scenario], runs=100_000).core == "compiled"
    monkeypatch.setattr("coalesce_sim.market.compiled.building.is_kept", lambda _: True)
    assert choose_core("auto", [scenario], runs=300).core == "compiled"
    monkeypatch.setattr("coalesce_sim.market.compiled.building.is_kept", lambda _: False)
    assert choose_core("auto", [scenario], runs=300).core == "simpy"
    in_steps = coalesce_sim.load("experiments_splitting")
    assert choose_core("auto", [in_steps], runs=400).core == "compiled"


def test_what_compiling_a_policy_takes_is_reckoned_with(monkeypatch):
    monkeypatch.setattr("coalesce_sim.market.compiled.building.is_kept", lambda name: "kernel" in name)
    played = {
        (kind, runs): choose_core("auto", [coalesce_sim.load("market_day", [kind])], runs=runs).core
        for kind in ("policy={kind: topsis}", "policy={kind: thompson}")
        for runs in (2, 10)
    }
    assert list(played.values()) == ["compiled", "compiled", "simpy", "compiled"]


def test_without_numba_simpy_plays(monkeypatch):
    monkeypatch.setitem(sys.modules, "coalesce_sim.market.compiled.building", None)
    scenario = coalesce_sim.load("dur_02")
    chosen = choose_core("auto", [scenario], runs=100_000)
    assert chosen.core == "simpy"
    assert "numba cannot be imported" in (chosen.because or "")
    with pytest.raises(coalesce_sim.CoreError, match="numba cannot be imported"):
        choose_core("compiled", [scenario], runs=1)


def test_a_core_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"core: must be auto, simpy or compiled \(got 'fast'\)"):
        choose_core("fast", [coalesce_sim.load("dur_02")], runs=1)  # type: ignore[arg-type]
