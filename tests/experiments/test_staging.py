"""Staging a replication, watching it, and stopping it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim import Observer
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import DecidedOffers
from coalesce_sim.market.published.trade import PublishedTrade
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block
from coalesce_sim.reputation.ratings import RatingRows

PUBLISHED = ("dur_02", ["clock.days=1"])
QUEUED = ("azure_code_like", ["workload.arrivals.limit=40"])
CONTRACTS = ("market_day", ["workload.arrivals.limit=60", "contracts.recovery.retries=1"])
MARKETS = pytest.mark.parametrize("market", [PUBLISHED, QUEUED, CONTRACTS], ids=lambda each: each[0])
Source = tuple[str, list[str]]


class Diary(Observer):
    """Writes down the name of each event."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.tasks = self.ratings_told = 0

    def set_up(self, market: Market) -> None:  # noqa: ARG002
        self.events.append("set up")

    def block_opened(self, block: Block) -> None:  # noqa: ARG002
        self.events.append("opened")

    def decided(self, decided: DecidedOffers) -> None:
        assert decided.breakdown().home
        self.events.append("decided" if decided.attempt == 0 else "decided again")

    def contract_ended(self, contract: Contract) -> None:
        assert np.isfinite(contract.ended_s)
        self.events.append("contract")

    def ratings(self, rows: RatingRows) -> None:
        self.ratings_told += len(rows.rating)

    def block_recorded(self, records: Records) -> None:
        self.events.append("recorded")
        self.tasks += len(records.block)


class Quitter(Observer):
    """Has had enough after some decisions."""

    def __init__(self, decisions: int) -> None:
        self.left = decisions

    def decided(self, decided: DecidedOffers) -> None:
        self.left -= 1
        if self.left == 0:
            raise EnoughError(decided.task, decided.attempt)


class EnoughError(Exception):
    """Takes other arguments than it keeps, as SimPy's copies do not bear."""

    def __init__(self, task: int, attempt: int) -> None:
        super().__init__(f"enough at task {task}, attempt {attempt}")


@MARKETS
def test_a_stage_plays_what_a_run_plays(market: Source) -> None:
    scenario = coalesce_sim.load(*market)
    played = coalesce_sim.run(scenario, seed=5, replications=2).replications[1]
    assert coalesce_sim.stage(scenario, seed=5, replication=1).play() == pytest.approx(played, nan_ok=True)


@MARKETS
def test_who_watches_changes_nothing(market: Source) -> None:
    scenario = coalesce_sim.load(*market)
    alone = coalesce_sim.stage(scenario, seed=2).play()
    assert coalesce_sim.stage(scenario, seed=2, observer=Diary()).play() == pytest.approx(
        alone, rel=0, abs=0, nan_ok=True
    )


def test_all_that_happens_is_told() -> None:
    scenario, diary = coalesce_sim.load(*CONTRACTS), Diary()
    coalesce_sim.stage(scenario, seed=2, observer=diary).play()
    run = coalesce_sim.run(scenario, seed=2, replications=1)
    told = Counter(diary.events)
    assert diary.events[:3] == ["set up", "opened", "decided"]
    assert diary.events[-1] == "recorded"
    assert told["decided"] == diary.tasks == len(run.decisions)
    assert told["contract"] == len(run.contracts)
    came_to_nothing = ~run.contracts["accepted"] & (run.contracts["attempt"] == 0)
    assert told["decided again"] == came_to_nothing.sum() > 0
    assert diary.ratings_told == len(run.ratings)


@MARKETS
def test_an_observer_stops_a_replication_with_its_own_exception(market: Source) -> None:
    quitter = Quitter(7)
    staged = coalesce_sim.stage(coalesce_sim.load(*market), seed=2, observer=quitter)
    with pytest.raises(EnoughError, match="enough at task"):
        staged.play()
    assert quitter.left == 0  # nothing is told after that, of the same instant either
    with pytest.raises(RuntimeError, match="a stage is played once"):
        staged.play()


def test_what_a_policy_raises_late_reaches_the_caller() -> None:
    class Sulking(coalesce_sim.Policy):
        def decide(self, view: coalesce_sim.View) -> coalesce_sim.Decision:
            return coalesce_sim.Decision(0 if view.contractors else coalesce_sim.LOCAL)

        def observe(self, outcome: coalesce_sim.Outcome) -> None:
            raise EnoughError(outcome.task, 0)

    with pytest.raises(coalesce_sim.PolicyError, match=r"observe raised .*EnoughError") as raised:
        coalesce_sim.stage(coalesce_sim.load(*CONTRACTS), policy=Sulking).play()
    assert isinstance(raised.value.__cause__, EnoughError)


@MARKETS
@pytest.mark.parametrize("policy", ["topsis", "oracle", "vickrey"])
def test_asking_for_a_quote_changes_nothing_however_often(
    market: Source, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, overrides = market
    scenario = coalesce_sim.load(name, [*overrides, f"policy={{kind: {policy}}}"])
    once = coalesce_sim.run(scenario, seed=3, replications=1, offers=True)
    for trade in (PublishedTrade, ContractTrade):
        ask = trade.quote

        def insistently(self: Any, opened: Any, tasks: slice, ask: Any = ask) -> Any:
            first = ask(self, opened, tasks)
            self.bids_usd(first)
            self.oracle_view(opened, first, tasks.start)
            self.breakdown(opened, first, tasks.start)
            return ask(self, opened, tasks)

        monkeypatch.setattr(trade, "quote", insistently)
    thrice = coalesce_sim.run(scenario, seed=3, replications=1, offers=True)
    assert thrice.offers.equals(once.offers)
    assert thrice.decisions.equals(once.decisions)
    assert thrice.replications[0] == pytest.approx(once.replications[0], rel=0, abs=0, nan_ok=True)


@pytest.mark.parametrize(
    "market",
    [
        PUBLISHED,
        CONTRACTS,
        ("azure_code_like", ["workload.arrivals.limit=60"]),
        ("dur_02", ["clock.days=1", "policy={kind: best_fixed}"]),
        ("market_day", ["workload.arrivals.limit=60", "policy={kind: best_fixed}"]),
    ],
    ids=lambda each: " ".join([each[0], *each[1]]),
)
def test_progress_is_told_within_a_replication(market: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coalesce_sim.market.workload.BLOCK_TASKS", 10)
    shares: list[float] = []
    coalesce_sim.stage(coalesce_sim.load(*market), seed=1).play(shares.append)
    assert len(shares) >= 4
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.2
    assert 0.75 < shares[-1] <= 1


def test_a_policy_told_the_best_choice_plays_its_baseline_once(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[Market] = []
    run = Market.run

    def counted(self: Market, *baseline: Any) -> None:
        played.append(self)
        run(self, *baseline)

    monkeypatch.setattr(Market, "run", counted)
    scenario = coalesce_sim.load(
        "real_agents_twin", ["workload.arrivals.limit=20", "policy={kind: best_fixed}"]
    )
    coalesce_sim.stage(scenario).play()
    assert len(played) == 2  # all-local, and the best choice


def test_what_is_staged_must_be_a_scenario() -> None:
    with pytest.raises(
        TypeError, match=r"scenario: must be what coalesce_sim.load\(\) gives \(got 'dur_03'\)"
    ):
        coalesce_sim.stage("dur_03")  # type: ignore[arg-type]
