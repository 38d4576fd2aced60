"""Others than the honest: each question of `behaviour` is answered otherwise, and the books still balance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim import RunResult
from coalesce_sim.adversaries.protocol import Effort
from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.contracts.behaviour import HONEST, Asking, Bidding, Conduct, Reception
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.market import Market
from coalesce_sim.market.presence import Presence
from coalesce_sim.market.roster import Roster, roster_of
from coalesce_sim.market.workload import Block
from coalesce_sim.reputation.rating import Ballot, Rating
from tests.market.trading import HOME, HOME_USD, Script, contractor, market

A, B = 0, 1
GIVE_UP = {"recovery": {"then": "give_up"}}


@pytest.fixture
def behave(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has everybody behave so from now on."""

    def behave(**otherwise: Any) -> None:
        monkeypatch.setattr("coalesce_sim.market.contracts.trade.HONEST", replace(HONEST, **otherwise))

    return behave


class Watching(coalesce_sim.Observer):
    """Keeps the market and the contracts that have ended in it."""

    market: Market

    def __init__(self) -> None:
        self.ended: list[Contract] = []

    def set_up(self, market: Market) -> None:
        self.market = market

    def contract_ended(self, contract: Contract) -> None:
        self.ended.append(contract)


def watched(scenario: dict[str, Any], *choices: str) -> Watching:
    """One replication, decided by a script; all books are checked at its end."""
    watching = Watching()
    script = Script(list(choices))
    loaded = coalesce_sim.load(scenario)
    coalesce_sim.stage(loaded, policy=script.policy, observer=watching, core="simpy").play()
    return watching


def run_of(scenario: dict[str, Any], **options: Any) -> RunResult:
    return coalesce_sim.run(coalesce_sim.load(scenario), replications=1, core="simpy", **options)


class Slacks(Conduct):
    """The first contractor delivers nothing good from some time on."""

    concerns = np.ones(4, dtype=bool)

    def __init__(self, from_s: float) -> None:
        self.from_s = from_s

    def effort(self, now_s: float, contractor: int, task: int) -> Effort | None:
        return Effort(success=0.0) if contractor == A and now_s >= self.from_s else None


def test_a_decision_to_slack_takes_effect_on_what_is_delivered_from_then_on(behave: Any) -> None:
    behave(conduct=Slacks(90))
    # A minute each: delivered after 60, 120 and 260 s.
    told = watched(market([0, 60, 200, 200], contractor("a"), contractor("b"), contracts=GIVE_UP), *"aaab")
    assert [each.good for each in told.ended] == [True, False, False, True]
    assert [each.reason for each in told.ended] == ["", "found bad", "found bad", ""]
    assert all(each.work.honest_good for each in told.ended)  # what honest work would have been


def test_only_work_that_is_bad_when_it_begins_breaks_off(behave: Any) -> None:
    behave(conduct=Slacks(90))
    told = watched(market([0, 60, 200], contractor("a"), contracts={**GIVE_UP, "failed_share": 1}), *"aaa")
    assert [each.state for each in told.ended] == ["completed", "completed", "failed"]


def test_the_oracle_is_told_how_contractors_will_work(behave: Any) -> None:
    cheap = contractor("a", price_usd=HOME_USD / 2)
    scenario = market([0, 60, 200], cheap, policy={"kind": "oracle"})
    honest = run_of(scenario).decisions
    behave(conduct=Slacks(90))
    slacking = run_of(scenario).decisions
    assert honest["contractor"].tolist() == ["a", "a", "a"]
    assert slacking["contractor"].isna().tolist() == [False, True, True]
    assert slacking["attempts"].tolist() == [1, 1, 1]  # no contract that would come to nothing
    assert slacking["realised_usd"].tolist() == pytest.approx([HOME_USD / 2, HOME_USD, HOME_USD])


def test_bad_work_is_billed_as_bad_work_is(behave: Any) -> None:
    behave(conduct=Slacks(90))
    billed = contractor("a", outcomes={"job": {"success": 1, "bill_usd": 2, "failed_bill_usd": 0.5}})
    told = watched(market([0, 200], billed, contracts=GIVE_UP | {"due_on_failure": 1}), *"aa")
    assert [each.paid_usd for each in told.ended] == [2, 0.5]


class Overbills(Conduct):
    """Everybody bills three times as much."""

    def bill_usd(self, now_s: float, contractor: int, due_usd: float, honest_usd: float) -> float:
        return 3 * due_usd


@pytest.mark.parametrize("bills", [{}, {"outcomes": {"job": {"success": 1, "bill_usd": 1}}}])
def test_a_bill_may_exceed_what_was_agreed_on(behave: Any, bills: dict[str, Any]) -> None:
    behave(conduct=Overbills())
    result = run_of(market([0, 600], contractor("a", **bills), clients={"slots": 0}))
    assert result.contracts["agreed_usd"].tolist() == [1, 1]
    assert result.contracts["paid_usd"].tolist() == [3, 3]
    assert result.decisions["realised_usd"].tolist() == pytest.approx([3, 3])


def test_a_price_that_the_client_has_fixed_is_paid_whatever_is_billed(behave: Any) -> None:
    behave(conduct=Overbills())
    scenario = market([0], contractor("a"), clients={"slots": 0}, policy={"kind": "vickrey"})
    (contract,) = run_of(scenario).contracts.to_dict("records")
    assert contract["paid_usd"] == contract["agreed_usd"] > 0


class _Compared(Watching):
    """Compares the luck of one worker with that of all."""

    slacked = 0

    def block_opened(self, block: Block) -> None:
        assert isinstance(self.market.trade, ContractTrade)
        results, ids = self.market.trade.truth.of(block), np.arange(len(self.market.pool))
        for task in range(len(block)):
            works = [results.work(task, who, 0.0) for who in ids.tolist()]
            honest_p = results.honest_ps(task, ids, np.zeros(len(ids)))
            assert honest_p.tolist() == [work.honest_p for work in works]
            honest = results.good(task, ids, honest_p).tolist()
            assert honest == [work.honest_good for work in works]
            for share in (0.0, 0.45, 1.0):
                slack = results.good(task, ids, share * honest_p).tolist()
                assert slack == [work.is_good(share * work.honest_p) for work in works]
                assert not any(good and not before for good, before in zip(slack, honest, strict=True))
                self.slacked += honest != slack


@pytest.mark.parametrize("name", ["market", "real_agents_twin", "real_agents"])
def test_less_effort_turns_good_work_bad_and_no_bad_work_good(
    name: str, request: pytest.FixtureRequest
) -> None:
    overrides = ["workload.arrivals.limit=40"]
    if name == "real_agents":
        data = request.getfixturevalue("shared_data")
        overrides = [
            f"records.path={data / 'openhands_instances.csv'}",
            f"records.models_path={data / 'openhands_models.csv'}",
        ]
    compared = _Compared()
    scenario = coalesce_sim.load(name, [*overrides, "policy={kind: always_local}"])
    coalesce_sim.stage(scenario, observer=compared, core="simpy").play()
    assert compared.slacked > 0


class AsksDouble(Asking):
    """The first contractor asks twice what its list says, and says that it takes half as long."""

    def ask_usd(self, now_s: float, task: int, ids: IntArray, list_usd: FloatArray) -> FloatArray:
        return np.where(ids == A, 2.0, 1.0) * list_usd

    def latency_s(self, now_s: float, task: int, ids: IntArray, true_s: FloatArray) -> FloatArray:
        return np.where(ids == A, 0.5, 1.0) * true_s


TOKENS = {"prompt_tokens": 200, "output_tokens": 50, "expected_output_tokens": 100}
BY_TOKEN = contractor("a", price_usd=0, input_usd_per_mtok=1000, output_usd_per_mtok=10_000)


@pytest.mark.parametrize(
    ("pricing", "seller", "agreed_usd", "paid_usd"),
    [
        ({"kind": "flat"}, contractor("a"), 2, 2),
        ({"kind": "per_token"}, BY_TOKEN, 2.4, 1.4),
        ({"kind": "load", "slope": 0.5}, BY_TOKEN | {"price_usd": 1, "slots": 1}, 4.4, 3.4),
    ],
)
def test_a_price_is_asked_for_in_the_quote_and_due_for_what_is_written(
    behave: Any, pricing: dict[str, Any], seller: dict[str, Any], agreed_usd: float, paid_usd: float
) -> None:
    behave(asking=AsksDouble())
    scenario = market(
        [0],
        seller,
        contractor("b", price_usd=3),
        attributes=TOKENS,
        external={"pricing": pricing},
        clients={"slots": 0},
        cost_model={"late_usd_per_min": 0},
    )
    told = watched(scenario, "a")
    (contract,) = told.ended
    assert contract.agreed_usd == pytest.approx(agreed_usd)
    assert contract.paid_usd == pytest.approx(paid_usd)
    assert told.market.accounts.revenue_usd == pytest.approx([paid_usd, 0])
    assert contract.quoted_s == pytest.approx(30)
    assert contract.ended_s == pytest.approx(60)


class Ring(Bidding):
    """The cheapest bids twice its cost, and the second stays away."""

    def bids_usd(self, now_s: float, task: int, ids: IntArray, own_usd: FloatArray) -> FloatArray:
        return np.select([ids == A, ids == B], [2 * own_usd, np.inf], own_usd)


@pytest.mark.parametrize("auction", ["vickrey", "score_auction"])
def test_a_ring_of_the_two_cheapest_wins_at_the_bid_of_the_third(behave: Any, auction: str) -> None:
    sellers = [contractor(name, own_cost_share=cost) for name, cost in (("a", 0.2), ("b", 0.3), ("c", 0.5))]
    scenario = market([0], *sellers, clients={"slots": 0}, policy={"kind": auction})
    honest = run_of(scenario).contracts
    behave(bidding=Ring())
    ring = run_of(scenario).contracts
    assert honest["contractor"].tolist() == ring["contractor"].tolist() == ["a"]
    assert (honest["paid_usd"].tolist(), ring["paid_usd"].tolist()) == ([0.3], [0.5])


class Receives(Reception):
    """All clients say and keep what is stated here, whatever passed."""

    def __init__(self, *, reports: bool, keeps: bool) -> None:
        self._reports, self._keeps = reports, keeps

    def reports(self, contract: Contract) -> bool:
        return self._reports

    def keeps(self, contract: Contract) -> bool:
        return self._keeps


FEES: dict[str, Any] = {"external": {"integration_usd": 0.5}}
RATED: dict[str, Any] = {"reputation": {"model": {"kind": "beta"}}}


def test_work_that_is_kept_may_be_reported_bad_and_is_not_paid_for(behave: Any) -> None:
    behave(reception=Receives(reports=False, keeps=True))
    result = run_of(market([0], contractor("a"), clients={"slots": 0}, **FEES, **RATED))
    (contract,) = result.contracts.to_dict("records")
    assert (contract["accepted"], contract["good"], contract["reason"]) == (False, True, "found bad")
    assert (contract["paid_usd"], contract["fees_usd"]) == (0, 0.5)
    assert result.ratings["rating"].tolist() == [0]
    (task,) = result.decisions.to_dict("records")
    assert (task["attempts"], task["realised_usd"]) == (1, 0.5)  # it is done: no second attempt, no loss


def test_work_that_is_given_back_may_be_reported_good_and_paid_for(behave: Any) -> None:
    behave(reception=Receives(reports=True, keeps=False))
    rules = {"recovery": {"then": "local"}}
    told = watched(market([0], contractor("a"), contracts=rules, **FEES, **RATED), "a")
    (contract,) = told.ended
    assert (contract.passed, contract.accepted, contract.kept, contract.reason) == (True, True, False, "")
    assert (contract.paid_usd, contract.fees_usd) == (1, 0)
    assert told.market.accounts.realised_usd == pytest.approx(1 + HOME_USD)


def test_a_policy_is_told_what_the_check_said_whatever_the_client_reports(behave: Any) -> None:
    behave(reception=Receives(reports=False, keeps=True))
    script = Script(["a"])
    loaded = coalesce_sim.load(market([0], contractor("a")))
    coalesce_sim.run(loaded, replications=1, policy=script.policy, core="simpy")
    (outcome,) = script.outcomes
    assert (outcome.success, outcome.price_usd, outcome.realised_usd) == (True, 0, 0)


class BadMouths(Rating):
    """Whoever rates praises its contractor and has two other clients slander the second."""

    def rate(self, now_s: float, cast: Ballot) -> Iterator[Ballot]:
        yield cast._replace(rating=1.0)
        for client in (1, 2):
            yield Ballot(client, B, cast.type_id, 0.0, contract=False)


class ContractsOnly(BadMouths):
    """Only those who had a contract may rate."""

    def rate(self, now_s: float, cast: Ballot) -> Iterator[Ballot]:
        return (each for each in super().rate(now_s, cast) if each.contract)


@pytest.mark.parametrize("model", ["beta", "ewma", "eigentrust"])
def test_ballots_may_be_false_and_without_a_contract_and_those_may_be_refused(
    behave: Any, model: str
) -> None:
    def scenario() -> dict[str, Any]:
        return market(
            [{"type": "job", "arrival_s": 0, "client": 0}],
            contractor("a", success=0),
            contractor("b"),
            clients={"count": 3},
            contracts=GIVE_UP,
            reputation={"model": {"kind": model}},
            policy={"kind": "fixed", "contractor": "a"},
        )

    behave(rating=BadMouths())
    ratings = run_of(scenario()).ratings
    assert list(zip(ratings["client"], ratings["contractor"], ratings["rating"], strict=True)) == [
        (0, "a", 1),
        (1, "b", 0),
        (2, "b", 0),
    ]
    assert ratings["score_after"].iloc[-1] < 0.5 or model == "eigentrust"
    behave(rating=ContractsOnly())
    assert run_of(scenario()).ratings["contractor"].tolist() == ["a"]


@pytest.fixture
def renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first contractor goes by the second's name from 1,000 s on, and is the same."""

    def renamed(*given: Any) -> tuple[Roster, None]:
        roster = roster_of(*given)
        same = np.array([A, A, *range(2, len(roster.names))])
        enter_s, leave_s = np.zeros(len(same)), np.full(len(same), np.inf)
        leave_s[A] = enter_s[B] = 1000
        presence = Presence(enter_s, leave_s)
        return replace(roster, identities=roster.identities[same], owner=same, presence=presence), None

    monkeypatch.setattr("coalesce_sim.market.pool.everyone", renamed)


HALF = {"success": 0.5}
FIND: dict[str, dict[str, Any]] = {
    "everybody": {},
    "by type": {},
    "registry": {"discovery": {"kind": "registry", "k": 2, "newcomer_share": 0, "refresh_s": 0}},
    "broadcast": {"discovery": {"kind": "broadcast", "k": 2, "newcomer_share": 0}},
    "gossip": {"discovery": {"kind": "gossip", "k": 2, "view_size": 3, "round_s": 10, "newcomer_share": 0}},
}


@pytest.mark.usefixtures("renamed")
@pytest.mark.parametrize("find", FIND)
def test_only_who_is_active_is_found_and_offers(find: str) -> None:
    other = contractor("d", outcomes={"else": {"success": 1}})
    sellers = [*map(contractor, "abc"), other] if find == "by type" else map(contractor, "abc")
    scenario = market([400, 800, 1200, 1600], *sellers, types={"job": {}, "else": {}}, **FIND[find])
    script = Script([HOME] * 4)
    coalesce_sim.run(coalesce_sim.load(scenario), replications=1, policy=script.policy, core="simpy")
    assert [names for _, names in script.offered] == [["a", "c"], ["a", "c"], ["b", "c"], ["b", "c"]]


@pytest.mark.usefixtures("renamed")
def test_a_registry_still_names_who_has_left_since_it_last_looked() -> None:
    registry = {"kind": "registry", "k": 1, "newcomer_share": 0, "refresh_s": 700}
    scenario = market([400, 1050, 1200], contractor("a"), contractor("b"), discovery=registry)
    script = Script([HOME] * 3)
    coalesce_sim.run(coalesce_sim.load(scenario), replications=1, policy=script.policy, core="simpy")
    assert [names for _, names in script.offered] == [["a"], [], ["b"]]


@pytest.mark.usefixtures("renamed")
def test_another_name_of_the_same_identity_has_its_luck_and_owner_and_a_score_of_its_own() -> None:
    tasks = [60.0 * each for each in range(40)]
    told = watched(
        market(tasks, contractor("a", **HALF), contractor("b", **HALF), contracts=GIVE_UP, **RATED),
        *["a"] * 17,
        *["b"] * 23,
    )
    pool, accounts = told.market.pool, told.market.accounts
    assert [each.contractor for each in told.ended] == [A] * 17 + [B] * 23
    luck = told.market.trade.truth.work  # type: ignore[union-attr]
    assert [each.work.luck for each in told.ended] == [luck.draw(A, task) for task in range(40)]
    paid_usd = sum(each.paid_usd for each in told.ended)
    assert np.bincount(pool.owner, accounts.revenue_usd).tolist() == [pytest.approx(paid_usd)]
    assert min(accounts.revenue_usd) > 0
