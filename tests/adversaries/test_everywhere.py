"""Every kind on small random markets: the books balance, and played again they are the same to the byte."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim import LOCAL, Decision, Policy, RunResult, Surroundings, View
from coalesce_sim.experiments.attacks.twins import honest
from coalesce_sim.market.contracts.states import COMPLETED, FAILED
from coalesce_sim.scenario.adversaries import AdversarySettings
from tests.adversaries.playing import Told, seller
from tests.market.trading import market

KINDS: dict[str, dict[str, Any]] = {
    "on_off": {"success": 0},
    "exit_scam": {"from_hour": 3},
    "substitution": {"share": 0.7},
    "lowball": {},
    "cartel": {"deviants": 1, "deviate_from_hour": 6, "trigger": {"punish_hours": 3}},
    "exploration_farming": {"identities": 2},
    "sybil": {"identities": 3},
    "whitewashing": {"success": 0, "identities": 5, "at_once": 2},
    "skill_inflation": {},
    "withholding": {},
    "first_mover": {},
    "honest": {},
    "absent": {},
}
OF_CLIENTS: dict[str, dict[str, Any]] = {
    "bad_mouthing": {"per_hour": 0.5},
    "ballot_stuffing": {"targets": "all"},
    "work_ring": {},
    "non_payment": {"share": 0.5},
    "false_rejection": {"share": 0.5},
    "slot_blocking": {"targets": "all", "contracts_per_hour": 2, "hold_min": 20},
}
POLICIES: tuple[dict[str, Any], ...] = (
    {"kind": "topsis"},
    {"kind": "optimistic_greedy"},
    {"kind": "lin_ucb"},
    {"kind": "vickrey"},
    {"kind": "exp3"},
    {"kind": "random"},
)
MODELS: tuple[dict[str, Any], ...] = (
    {"kind": "beta"},
    {"kind": "ewma"},
    {"kind": "eigentrust"},
    {"kind": "whitby"},
)
DEFENCES: tuple[dict[str, Any], ...] = (
    {},
    {"entry_fee_usd": 0.2, "stake_usd": 0.5, "platform_fee_share": 0.1, "explore_at_most": 5},
    {"dues_usd": 1, "audit": {"share": 0.5, "usd": 0.1, "raise_with_risk": True}, "ratings": "contracts"},
    {"reserve_price": True, "commitment": {"usd_per_slot_h": 0.1}},
)
CONTRACTS: dict[str, Any] = {
    "verification": {"automated": {"sensitivity": 0.8, "specificity": 0.9}},
    "failed_share": 0.3,
    "due_on_failure": 0.5,
    "timeout_factor": 3,
    "recovery": {"retries": 1},
}
OWNED: dict[str, Any] = {"memory_gb": 10, "peak_flop_s": 1e30, "tdp_w": 500, "purchase_usd": 7.2}
OWNED |= {"lifetime_h": 1, "compute_usd_per_h": 0.72, "electricity_usd_per_kwh": 0.3}
DRAWN: dict[str, Any] = {
    "count": 6,
    "types": {
        "edge": {"share": 1, "price_usd": 0.5, "latency_min": 2, "reliability": 0.6, "own_cost_share": 0.5},
        "cloud": {"share": 1, "price_usd": 1.0, "latency_min": 1, "reliability": 0.9, "hardware": OWNED},
    },
    "price_factor": {"uniform": {"low": 0.8, "high": 1.2}},
    "success_shift": {"uniform": {"low": -0.1, "high": 0.1}},
}
for _type in DRAWN["types"].values():
    _type["slots"] = 2


def at_random(number: int, *, drawn: bool) -> dict[str, Any]:
    """A market of forty tasks of three clients, whose rules follow from the number."""
    rng = np.random.default_rng(number)
    tasks = [
        {"type": "job", "arrival_s": at_s, "client": int(client)}
        for at_s, client in zip(
            np.sort(rng.uniform(0, 12 * 3600, 40)).tolist(), rng.integers(0, 3, 40), strict=True
        )
    ]
    sellers = [
        seller(name, price_usd=float(price), success=float(success), slots=2)
        for name, price, success in zip("abcdef", rng.uniform(0.2, 2, 6), rng.uniform(0.3, 1, 6), strict=True)
    ]
    sellers[1] = seller("b", price_usd=0.7, hardware=OWNED, slots=2, reliability=0.8) | {
        "own_cost_share": None
    }
    sellers[2] |= {"owner": "conglomerate"}
    sellers[3] |= {"owner": "conglomerate"}
    fields = market(tasks, *sellers, clients={"count": 3}, contracts=CONTRACTS)
    fields |= {"reputation": {"model": MODELS[number % 4]}, "defences": DEFENCES[number // 2 % 4]}
    if drawn:
        fields["contractors"] = DRAWN
    return fields | {"policy": POLICIES[number % len(POLICIES)]}


def followed(kind: str, number: int, *, drawn: bool) -> dict[str, Any]:
    """The strategy of that kind, by some contractors or clients."""
    if kind in OF_CLIENTS:
        more = {"sellers": [0, "cloud"] if drawn else ["a", "b"]} if kind == "work_ring" else {}
        return {"kind": kind, "who": {"clients": 0.34}} | OF_CLIENTS[kind] | more
    whose: list[dict[str, Any]] = [
        {"share": 0.5},
        {"members": [0, 3] if drawn else ["a", "c"]},
        {"join": 2, "like": "edge" if drawn else "b"},
    ]
    who = whose[0] if kind == "withholding" else whose[number % 3]
    return {"kind": kind, "who": who} | KINDS[kind]


def played(scenario: coalesce_sim.Scenario) -> tuple[dict[str, float], Told]:
    told = Told()
    metrics = coalesce_sim.stage(scenario, observer=told, core="simpy").play()
    return metrics, told


CASES = list(
    itertools.starmap(
        lambda number, case: (*case, number),
        enumerate(itertools.product((*KINDS, *OF_CLIENTS), (False, True))),
    )
)


@pytest.mark.parametrize(("kind", "drawn", "number"), CASES)
def test_books_balance_and_repeat(kind: str, drawn: bool, number: int) -> None:
    fields = at_random(number, drawn=drawn)
    scenario = coalesce_sim.load(fields | {"adversaries": [followed(kind, number, drawn=drawn)]})
    metrics, told = played(scenario)
    assert played(scenario)[0] == metrics
    pool, trade = told.market.pool, told.market.trade
    books, now_s = trade.books, told.market.ended_s  # type: ignore[union-attr]
    ids, paid_usd = told.each("contractor"), told.each("paid_usd")
    assert np.bincount(ids, paid_usd, len(pool)) == pytest.approx(books.revenue_usd)
    assert np.bincount(ids, told.each("own_usd"), len(pool)) == pytest.approx(books.work_usd)
    spent_usd = books.work_usd + books.idle_usd(now_s) + books.levied_usd(now_s)
    assert books.profit_usd(now_s) == pytest.approx(books.revenue_usd - spent_usd)
    assert np.isfinite(books.profit_usd(now_s)).all()
    assert (books.idle_usd(now_s) >= 0).all()
    assert (books.levied_usd(now_s) >= 0).all()
    rules = scenario.defences
    slashed = sum(each.reason in ("found bad", "broke off") for each in told.ended)
    due_usd = rules.stake_usd * slashed + rules.platform_fee_share * sum(paid_usd)
    due_usd += rules.entry_fee_usd * np.count_nonzero(pool.roster.presence.entered(now_s))
    if kind not in ("work_ring", "withholding"):
        assert books.levied_usd(now_s).sum() == pytest.approx(due_usd)
    for each in told.ended:
        assert each.paid_usd + each.waived_usd in (0, pytest.approx(each.billed_usd))
        assert each.manipulated or each.harm_usd == 0
        assert each.state in (COMPLETED, FAILED) or each.harm_usd == each.paid_usd == 0
    assert not any(told.each("manipulated")) or kind not in (
        *("sybil", "honest", "absent", "skill_inflation", "first_mover", "slot_blocking"),
    )


OF_CHEATS = ["manipulated", "harm_usd", "manipulated_rate", "direct_harm_usd"]
"""What is told only where somebody may cheat."""


def same(one: RunResult, other: RunResult) -> bool:
    """Metrics and all rows of all tables; names that do not occur in them are in none."""
    metrics = [
        {name: value for name, value in result.replications[0].items() if name not in OF_CHEATS}
        for result in (one, other)
    ]
    return metrics[0] == metrics[1] and all(
        getattr(one, name).drop(columns=OF_CHEATS, errors="ignore").to_csv()
        == getattr(other, name).drop(columns=OF_CHEATS, errors="ignore").to_csv()
        for name in ("decisions", "contracts", "ratings", "sellers")
    )


def run(scenario: coalesce_sim.Scenario) -> RunResult:
    return coalesce_sim.run(scenario, replications=1, core="simpy")


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("kind", ["on_off", "lowball", "skill_inflation", "sybil", "withholding"])
def test_the_honest_twin_is_the_market_without_the_section(kind: str, drawn: bool) -> None:
    fields = at_random(5, drawn=drawn)
    chosen = followed(kind, 0, drawn=drawn)
    twin = honest(coalesce_sim.load(fields | {"adversaries": [chosen]}))
    behaves = coalesce_sim.load(fields | {"adversaries": [{"kind": "honest", "who": chosen["who"]}]})
    plain = run(coalesce_sim.load(fields))
    assert same(run(twin), plain)
    assert same(run(behaves), plain)


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("drawn", [False, True])
def test_names_that_are_not_used_change_no_byte(drawn: bool, number: int) -> None:
    """Spare names of one who never leaves, in a market whose sellers otherwise stay as they are."""
    fields = at_random(number, drawn=drawn)
    who = {"members": [0, 1] if drawn else ["a", "b"]}
    spare = {"kind": "whitewashing", "who": who, "leave_below": 0}
    one, fifty = (
        run(coalesce_sim.load(fields | {"adversaries": [spare | {"identities": many}]})) for many in (1, 50)
    )
    assert same(one, fifty)


def test_larger_shares_hold_smaller_ones() -> None:
    def cheats(share: float, of: str, replication: int) -> set[int]:
        kind = "lowball" if of == "share" else "non_payment"
        fields = at_random(0, drawn=False) | {"adversaries": [{"kind": kind, "who": {of: share}}]}
        market_ = coalesce_sim.stage(coalesce_sim.load(fields), replication=replication).market
        (part,) = market_.pool.cast.parts  # type: ignore[union-attr]
        return {agent.names[0] for agent in part.agents} | set(part.clients)

    for replication in range(5):
        nested = [cheats(share, "share", replication) for share in (0.17, 0.34, 0.5, 1.0)]
        assert [len(each) for each in nested] == [1, 2, 3, 6]
        assert all(small < large for small, large in itertools.pairwise(nested))
        few, many = (cheats(share, "clients", replication) for share in (0.34, 0.67))
        assert few < many
    assert len({tuple(sorted(cheats(0.34, "share", each))) for each in range(8)}) > 3


def test_a_member_is_in_no_share() -> None:
    by = [{"kind": "lowball", "who": {"share": 0.5}}, {"kind": "sybil", "who": {"members": ["a", "b"]}}]
    for replication in range(6):
        fields = at_random(0, drawn=False) | {"adversaries": by}
        market_ = coalesce_sim.stage(coalesce_sim.load(fields), replication=replication).market
        shared, members = market_.pool.cast.parts  # type: ignore[union-attr]
        assert [agent.names[0] for agent in members.agents] == [0, 1]
        assert not {agent.names[0] for agent in shared.agents} & {0, 1}


def test_names_are_told_under_their_owner() -> None:
    by = {"kind": "sybil", "who": {"members": ["d"]}, "identities": 2}
    sellers = run(coalesce_sim.load(at_random(1, drawn=False) | {"adversaries": [by]})).sellers
    owners = dict(zip(sellers["contractor"], sellers["owner"], strict=True))
    assert (owners["c"], owners["d"], owners["d#2"], owners["a"]) == ("c", "c", "c", "a")


def test_a_moving_success_is_that_of_all_names() -> None:
    """A drawn contractor's own shift goes with every name that it takes."""
    moving = {"at_hours": [[0.0, 0.9], [6.0, 0.4]]}
    drawn = DRAWN | {"types": {"edge": DRAWN["types"]["edge"] | {"success": moving}}, "latency_factor": 2.0}
    by = {"kind": "sybil", "who": {"members": [0]}, "identities": 3}
    fields = at_random(0, drawn=True) | {"contractors": drawn, "adversaries": [by]}
    market_ = coalesce_sim.stage(coalesce_sim.load(fields), core="simpy").market
    truth = market_.trade.truth  # type: ignore[union-attr]
    for now_s in (0.0, 7 * 3600.0):
        assert len({truth.success_at(now_s, 0, who) for who in (0, 6, 7)}) == 1
    assert {market_.pool.latency_s.item(who) for who in (0, 6, 7)} == {240}


RECORDED = "policy={kind: optimistic_greedy}"


@pytest.fixture
def recorded(shared_data: Path) -> list[str]:
    return [
        "workload.arrivals.limit=60",
        f"records.path={shared_data / 'openhands_instances.csv'}",
        f"records.models_path={shared_data / 'openhands_models.csv'}",
        "contractors.recorded.own_cost_share=0.7",
        RECORDED,
    ]


def with_adversaries(
    overrides: list[str], *chosen: dict[str, Any], clients: int = 1
) -> coalesce_sim.Scenario:
    said = [f"clients.count={clients}", f"adversaries={list(chosen)!r}"]
    return coalesce_sim.load("real_agents", [*overrides, *said])


class Hires(Policy):
    """One contractor, where it offers."""

    def __init__(self, name: str) -> None:
        self._name = name

    def start(self, surroundings: Surroundings) -> None:
        self._who = surroundings.contractor_names.index(self._name)

    def decide(self, view: View) -> Decision:
        ids = view.ids.tolist()
        return Decision(ids.index(self._who) if self._who in ids else LOCAL)


def test_recorded_runs_are_substituted_by_recorded_runs(recorded: list[str]) -> None:
    plain = coalesce_sim.stage(coalesce_sim.load("real_agents", recorded), core="simpy").market
    dear, cheap = (plain.pool.names[int(place)] for place in np.argsort(plain.pool.base_price_usd)[[-1, 0]])
    by = {"kind": "substitution", "who": {"members": [dear]}, "with": cheap}
    joins = {"kind": "honest", "who": {"join": 1, "like": cheap}}
    scenario = with_adversaries(recorded, by, joins)
    told = Told()
    coalesce_sim.stage(scenario, observer=told, policy=lambda: Hires(dear), core="simpy").play()
    pool, truth = told.market.pool, told.market.trade.truth  # type: ignore[union-attr]
    at = pool.names.index(cheap)
    manipulated = [each for each in told.ended if each.manipulated]
    assert len(told.ended) > len(manipulated) > 30
    for each in manipulated:
        results = each.opened.results
        assert each.good == (results.honest_p(each.row, at, 0.0) == 1)
        assert each.own_usd == pytest.approx(0.7 * results.bill_usd(each.row, at, 0.0, good=True))
        assert each.honest_good == (results.honest_p(each.row, each.contractor, 0.0) == 1)
        joined = pool.names.index("joined_1")
        assert results.honest_p(each.row, joined, 0.0) == results.honest_p(each.row, at, 0.0)
        assert results.bill_usd(each.row, joined, 0.0, good=True) == results.bill_usd(
            each.row, at, 0.0, good=True
        )
    assert truth.bills


@pytest.mark.parametrize("kind", ["whitewashing", "metering", "sybil", "bad_mouthing", "false_rejection"])
def test_recorded_runs_with_cheats_balance(recorded: list[str], kind: str) -> None:
    clients = kind in OF_CLIENTS
    more = OF_CLIENTS[kind] if clients else KINDS.get(kind, {})
    like = "Qwen3.5-Flash"
    who = {"clients": 0.5} if clients else {"join": 2, "like": like}
    scenario = with_adversaries(recorded, {"kind": kind, "who": who} | more, clients=2)
    metrics, told = played(scenario)
    assert metrics == played(scenario)[0]
    assert told.ended


def test_policies_bear_that_nobody_dear_is_tried() -> None:
    fields = at_random(0, drawn=False) | {"defences": {"explore_at_most": 0}}
    for kind in ("epsilon_greedy", "ucb1", "thompson", "exp3", "lin_ucb", "posted_price", "topsis"):
        metrics, _ = played(coalesce_sim.load(fields | {"policy": {"kind": kind}}))
        assert metrics["tasks"] == 40


def kinds_there_are() -> set[str]:
    annotated = AdversarySettings.__args__[0]
    tags = {each.__metadata__[0].tag for each in annotated.__args__}
    return tags - {"class", "metering"}


def test_all_kinds_are_played() -> None:
    assert kinds_there_are() == {*KINDS, *OF_CLIENTS}
