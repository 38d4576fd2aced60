"""How clients find contractors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from coalesce_sim.arrays import FloatArray
from coalesce_sim.luck import Luck
from coalesce_sim.market.contracts.discovery import Discovery, Found, Gossip
from coalesce_sim.market.presence import Presence
from coalesce_sim.scenario import discovery as settings
from tests.market.trading import HOME, HOME_USD, contractor, market, play, run_of

ADAPTER: TypeAdapter[Any] = TypeAdapter(settings.Discovery)

REGISTRY: dict[str, Any] = {"kind": "registry", "k": 4, "newcomer_share": 0}
GOSSIP: dict[str, Any] = {"kind": "gossip", "k": 4, "view_size": 8, "newcomer_share": 0}
CONTRACTORS = 30
MERIT = np.vstack([np.arange(CONTRACTORS), -np.arange(CONTRACTORS)]).astype(float)


def luck(contractors: int, seed: int = 4) -> Luck:
    return Luck(seed, 0, np.arange(contractors, dtype=np.uint64))


def all_there(contractors: int) -> Presence:
    """Nobody comes or goes."""
    return Presence(np.zeros(contractors), np.full(contractors, np.inf))


def discovery(
    fields: dict[str, Any], clients: int = 5, seed: int = 1, contractors: int = CONTRACTORS
) -> Discovery:
    return Discovery(
        ADAPTER.validate_python(fields), clients, 2, all_there(contractors), luck(contractors, seed)
    )


def ask(
    finder: Discovery, now_s: float = 0.0, client: int = 0, type_id: int = 0, merit: FloatArray = MERIT
) -> Found:
    return finder.candidates(now_s, client, type_id, lambda: merit)


def test_a_registry_finds_the_best_k_for_the_type_ascending() -> None:
    finder = discovery(REGISTRY | {"latency_ms": 80})
    assert ask(finder, type_id=0).ids.tolist() == [26, 27, 28, 29]
    assert ask(finder, type_id=1).ids.tolist() == [0, 1, 2, 3]
    assert ask(finder).latency_s == 0.08


def test_who_does_not_fit_the_type_is_never_found() -> None:
    merit = np.full((2, CONTRACTORS), -np.inf)
    merit[0, [3, 17]] = 0.0
    for fields in (REGISTRY, REGISTRY | {"newcomer_share": 0.5}, GOSSIP | {"view_size": CONTRACTORS}):
        finder = discovery(fields)
        assert ask(finder, 1e6, merit=merit).ids.tolist() == [3, 17]
        assert ask(finder, 1e6, type_id=1, merit=merit).ids.tolist() == []
        assert (finder.queries, finder.empty, finder.unanswered) == (2, 1, 0)


def test_a_ranking_is_served_until_it_is_refreshed() -> None:
    finder = discovery(REGISTRY | {"refresh_s": 60})
    assert ask(finder, 0.0).age_s == 0.0
    stale = ask(finder, 59.0, merit=-MERIT)
    assert (stale.ids.tolist(), stale.age_s) == ([26, 27, 28, 29], 59.0)
    fresh = ask(finder, 60.0, merit=-MERIT)
    assert (fresh.ids.tolist(), fresh.age_s) == ([0, 1, 2, 3], 0.0)
    assert finder.mean_age_s == pytest.approx(59 / 3)


def test_a_merit_table_that_goes_on_changing_does_not_change_a_ranking() -> None:
    merit = MERIT.copy()
    finder = discovery(REGISTRY)
    ask(finder, 0.0, merit=merit)
    merit[:] = 0.0
    assert ask(finder, 1.0, type_id=1).ids.tolist() == [0, 1, 2, 3]


def test_equals_are_not_chosen_by_their_place_in_the_scenario() -> None:
    even = np.zeros((2, CONTRACTORS))
    first = [tuple(ask(discovery(REGISTRY, seed=seed), merit=even).ids.tolist()) for seed in range(20)]
    assert len(set(first)) > 10
    assert len({each for ids in first for each in ids}) > CONTRACTORS / 2


@pytest.mark.parametrize("refresh_s", [0, 7, 1000])
def test_places_for_newcomers_go_round_so_that_all_are_found(refresh_s: float) -> None:
    """One place of four: three are always the best, the 27 others are each found once in 27 queries."""
    finder = discovery(REGISTRY | {"newcomer_share": 0.25, "refresh_s": refresh_s})
    found = [ask(finder, float(now)).ids for now in range(27)]
    assert all({27, 28, 29} < set(ids.tolist()) for ids in found)
    assert sorted(int(min(ids)) for ids in found) == list(range(27))
    assert all(len(ids) == 4 and bool((np.diff(ids) > 0).all()) for ids in found)


def test_several_places_for_newcomers_are_of_different_contractors() -> None:
    finder = discovery(REGISTRY | {"k": 5, "newcomer_share": 0.8}, contractors=6)
    merit = MERIT[:, :6]
    found = [ask(finder, merit=merit).ids.tolist() for _ in range(5)]
    assert all(len(set(ids)) == 5 and 5 in ids for ids in found)
    assert set().union(*found) == set(range(6))


TWO_OF_FIVE = {"k": 5, "newcomer_share": 0.4}
TURNS = [(0, 1), (2, 3), (4, 5), (0, 6), (1, 2), (3, 4), (5, 6), (0, 1)]
"""Seven contractors beside the best three of ten, two at a time, each as often as the others."""


@pytest.mark.parametrize("refresh_s", [0, 3, 1000])
def test_two_places_for_newcomers_go_round_two_by_two(refresh_s: float) -> None:
    finder = discovery(REGISTRY | TWO_OF_FIVE | {"refresh_s": refresh_s}, contractors=10)
    found = [ask(finder, float(now), merit=MERIT[:, :10]).ids.tolist() for now in range(len(TURNS))]
    assert found == [[*turn, 7, 8, 9] for turn in TURNS]


def test_the_round_goes_on_after_the_last_who_had_a_turn_when_others_are_the_best() -> None:
    finder = discovery(REGISTRY | TWO_OF_FIVE | {"refresh_s": 2}, contractors=10)
    merits = [MERIT[:, :10]] * 2 + [-MERIT[:, :10]] * 4
    found = [ask(finder, float(now), merit=merit).ids.tolist() for now, merit in enumerate(merits)]
    assert found[:2] == [[0, 1, 7, 8, 9], [2, 3, 7, 8, 9]]
    assert found[2:] == [[0, 1, 2, *turn] for turn in ((4, 5), (6, 7), (8, 9), (3, 4))]


def test_in_gossip_each_client_goes_its_own_round() -> None:
    """Both know all ten, and are told anew of them in every round."""
    finder = discovery(GOSSIP | TWO_OF_FIVE | {"view_size": 10}, contractors=10)
    for number, turn in enumerate(TURNS):
        now_s = 60.0 * (1000 + number)
        assert ask(finder, now_s, client=1, merit=MERIT[:, :10]).ids.tolist() == [*turn, 7, 8, 9]
        other = TURNS[number // 2]
        if number % 2 == 0:
            assert ask(finder, now_s, client=2, merit=MERIT[:, :10]).ids.tolist() == [*other, 7, 8, 9]


BROADCAST: dict[str, Any] = {"kind": "broadcast", "k": 4, "newcomer_share": 0}


def test_a_broadcast_finds_the_best_as_things_stand_and_takes_two_messages_a_contractor() -> None:
    finder = discovery(BROADCAST | {"message_ms": 120, "wait_ms": 300})
    found = ask(finder, 59.0)
    assert (found.ids.tolist(), found.age_s) == ([26, 27, 28, 29], 0.0)
    assert found.latency_s == pytest.approx(0.54)
    assert found.messages == 2 * CONTRACTORS
    assert ask(finder, 59.0, merit=-MERIT).ids.tolist() == [0, 1, 2, 3], "nothing is remembered"
    assert (finder.mean_age_s, finder.messages, finder.unanswered) == (0.0, 4 * CONTRACTORS, 0)
    merit = np.full((2, CONTRACTORS), -np.inf)
    assert ask(finder, merit=merit).ids.tolist() == []


def test_by_broadcast_newcomers_have_their_turn_at_each_client() -> None:
    finder = discovery(BROADCAST | TWO_OF_FIVE, contractors=10)
    for turn in TURNS:
        for client in (1, 2):
            assert ask(finder, client=client, merit=MERIT[:, :10]).ids.tolist() == [*turn, 7, 8, 9]


def test_a_query_at_a_registry_is_two_messages_and_one_while_it_is_silent() -> None:
    outage = {"outages": [{"start_h": 1, "hours": 1}], "timeout_ms": 500}
    finder = discovery(REGISTRY | outage | {"latency_ms": 80, "message_ms": 100})
    up, down = ask(finder), ask(finder, 3600.0)
    assert up.latency_s == pytest.approx(0.28)
    assert up.messages == 2
    assert (down.latency_s, down.messages) == (0.5, 1)


def test_what_is_heard_in_a_round_of_gossip_is_known_two_messages_later_and_each_round_is_paid_for_once() -> (
    None
):
    finder = discovery(GOSSIP | {"fanout": 2, "round_s": 60, "message_ms": 5000})
    assert (ask(finder, 9.9).ids.tolist(), ask(finder, 9.9).messages) == ([], 0)
    at_once, late = discovery(GOSSIP | {"fanout": 2}), discovery(GOSSIP | {"fanout": 2, "message_ms": 5000})
    for seconds in (60.0 * 50 + 9.0, 60.0 * 51 + 9.0):
        same = ask(at_once, seconds - 10.0).ids.tolist()
        assert ask(late, seconds).ids.tolist() == same
    assert [ask(finder, now_s).messages for now_s in (10.0, 69.0, 70.0, 310.0)] == [4, 0, 4, 16]


def test_before_anything_is_heard_of_a_round_a_query_takes_no_messages() -> None:
    finder = discovery(GOSSIP | {"fanout": 2, "round_s": 1, "message_ms": 5000})
    assert [ask(finder, now_s).messages for now_s in (0.0, 4.0, 10.5)] == [0, 0, 4]


OUTAGE = {"outages": [{"start_h": 1, "hours": 1}], "timeout_ms": 500}


def test_a_registry_that_is_down_finds_nobody() -> None:
    finder = discovery(REGISTRY | OUTAGE)
    assert len(ask(finder, 3599.0).ids) == 4
    down = ask(finder, 3600.0)
    assert (len(down.ids), down.latency_s, np.isnan(down.age_s)) == (0, 0.5, True)
    assert len(ask(finder, 7199.0).ids) == 0
    assert ask(finder, 7200.0).age_s == 0.0
    assert (finder.queries, finder.empty, finder.unanswered) == (4, 2, 2)


def test_a_client_falls_back_on_its_own_last_answer() -> None:
    finder = discovery(REGISTRY | OUTAGE | {"fallback": "cached"})
    before = ask(finder, 3590.0, client=1)
    ask(finder, 3599.0, client=2)
    down = ask(finder, 4000.0, client=1, merit=-MERIT)
    assert (down.ids.tolist(), down.age_s, down.latency_s) == (before.ids.tolist(), 410.0, 0.5)
    assert len(ask(finder, 4000.0, client=3).ids) == 0  # never asked before
    assert len(ask(finder, 4000.0, client=1, type_id=1).ids) == 0  # nor this one for the type
    assert (finder.queries, finder.empty, finder.unanswered) == (5, 2, 3)


def played_forwards(finder: Gossip, rounds: int, agents: int, contractors: int) -> FloatArray:
    """When each agent's entry of each contractor was made, all agents being played round by round."""
    clients = agents - contractors
    made_s = np.full((agents, contractors), -np.inf)
    for number in range(rounds):
        for who in range(contractors):
            made_s[clients + who, who] = finder.made_s(number, np.array([who]))[0]
        before = made_s.copy()
        for agent in range(agents):
            for (peer,) in finder.asked(number, np.array([agent])):
                made_s[agent] = np.maximum(made_s[agent], before[peer])
    return made_s


@pytest.mark.parametrize("fanout", [1, 2])
def test_a_view_is_what_playing_every_round_of_all_agents_gives(fanout: int) -> None:
    fields = ADAPTER.validate_python(GOSSIP | {"fanout": fanout})
    for rounds in (1, 2, 5, 12):
        finder = Gossip(fields, 6, 2, all_there(15), luck(15))
        made_s = played_forwards(finder, rounds, 6 + 15, 15)
        for client in range(6):
            known = [each for each in np.argsort(-made_s[client]).tolist() if made_s[client, each] > -np.inf]
            assert finder.view(rounds - 1, client).ids.tolist() == known[:8]


def test_in_gossip_everybody_asks_all_others_and_nobody_itself() -> None:
    finder = Gossip(ADAPTER.validate_python(GOSSIP | {"fanout": 3}), 4, 2, all_there(6), luck(6))
    agents = np.arange(4 + 6)
    asked = np.concatenate([finder.asked(number, agents) for number in range(100)])
    for agent in agents.tolist():
        assert set(asked[:, agent].tolist()) == set(agents.tolist()) - {agent}


def test_gossip_spreads_until_views_are_full() -> None:
    fields = GOSSIP | {"k": 8}
    sizes = []
    for number in (0, 2, 4, 20):
        finder = discovery(fields, clients=40)
        sizes.append(np.mean([len(ask(finder, 60.0 * number, client).ids) for client in range(40)]))
    assert sizes[0] < 2
    assert sizes[0] < sizes[1] < sizes[2] <= sizes[3] == 8


def test_a_view_changes_so_that_all_contractors_are_found_in_the_end() -> None:
    finder = discovery(GOSSIP)
    found: set[int] = set()
    for number in range(200):
        found.update(ask(finder, 60.0 * number, merit=np.zeros((2, CONTRACTORS))).ids.tolist())
    assert found == set(range(CONTRACTORS))


def test_gossip_is_as_old_as_its_rounds_are_long() -> None:
    ages = []
    for round_s in (60, 600):
        finder = discovery(GOSSIP | {"round_s": round_s})
        for number in range(20, 120):
            ask(finder, round_s * (number + 0.5))
        ages.append(finder.mean_age_s)
    assert ages[0] > 60
    assert ages[1] == pytest.approx(10 * ages[0])


def test_what_a_client_hears_does_not_depend_on_who_else_looks_or_when() -> None:
    busy, quiet = discovery(GOSSIP), discovery(GOSSIP)
    for number in range(500):
        ask(busy, 60.0 * number, client=number % 5, type_id=number % 2)
    assert ask(busy, 30_000.0).ids.tolist() == ask(quiet, 30_000.0).ids.tolist()
    assert ask(busy, 30_000.0).latency_s == 0.0


def test_gossip_goes_on_beyond_the_rounds_that_can_be_counted() -> None:
    finder = discovery(GOSSIP)
    assert len(ask(finder, 1e27).ids) == len(ask(finder, 1e29).ids) == 4


def test_clients_know_different_contractors_and_seeds_give_different_gossip() -> None:
    finder = discovery(GOSSIP)
    assert len({tuple(ask(finder, 6000.0, client).ids.tolist()) for client in range(5)}) == 5
    assert ask(discovery(GOSSIP, seed=2), 6000.0).ids.tolist() != ask(finder, 6000.0).ids.tolist()


@pytest.mark.parametrize("fields", [REGISTRY, GOSSIP], ids=["registry", "gossip"])
def test_merit_is_asked_for_once_in_a_while(fields: dict[str, Any]) -> None:
    finder = discovery(fields)
    calls: list[FloatArray] = []
    times = []

    def told() -> FloatArray:
        calls.append(MERIT)
        return MERIT

    for now in range(180):
        before = len(calls)
        finder.candidates(float(now), now % 5, now % 2, told)
        if len(calls) > before:
            times.append(now)
    assert times == [0, 60, 120]


def test_a_lone_client_and_a_lone_contractor_find_each_other() -> None:
    finder = discovery({"kind": "gossip", "k": 1, "newcomer_share": 0}, clients=1, contractors=1)
    assert ask(finder, merit=np.zeros((2, 1))).ids.tolist() == [0]


def test_merit_of_the_wrong_shape_or_without_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 30\) \(got \(1, 30\)\)"):
        ask(discovery(REGISTRY), merit=MERIT[:1])
    merit = MERIT.copy()
    merit[1, 7] = np.nan
    with pytest.raises(ValueError, match="contractor 7 for task type 1 is NaN"):
        ask(discovery(GOSSIP), merit=merit)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"kind": "registry", "k": 0}, "k"),
        ({"kind": "registry", "refresh_s": -1}, "refresh_s"),
        ({"kind": "registry", "outages": [{"start_h": 2, "hours": 0}]}, "hours"),
        ({"kind": "registry", "fallback": "hope"}, "fallback"),
        ({"kind": "registry", "k": 1}, "newcomer_share must be 0 where k is 1.*got 0.1"),
        ({"kind": "registry", "newcomer_share": 1.5}, "newcomer_share"),
        ({"kind": "gossip", "outages": []}, "outages"),
        ({"kind": "gossip", "view_size": 5}, "view_size must be at least k .got view_size 5, k 10"),
        ({"kind": "gossip", "round_s": 0}, "round_s"),
        ({"kind": "gossip", "fanout": 0}, "fanout"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_that_mean_nothing_are_refused_by_name(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told) as caught:
        ADAPTER.validate_python(fields)
    assert len(caught.value.errors()) == 1


MESSAGES = {"kind": "broadcast", "k": 2, "newcomer_share": 0, "message_ms": 1000, "message_usd": 0.01}


def test_a_client_pays_for_its_messages_whatever_it_then_decides() -> None:
    """Three contractors, six messages a query; work at a contractor begins two seconds later."""
    contractors = [contractor("a", success=0), contractor("b"), contractor("c", price_usd=5)]
    scenario = market([0, 100], *contractors, discovery=MESSAGES, contracts={"recovery": {"retries": 1}})
    result, _ = play(scenario, "a", "b", HOME)
    decisions = result.decisions
    assert decisions["search_usd"].tolist() == pytest.approx([0.12, 0.06]), "who tries again asks again"
    assert decisions["realised_usd"].tolist() == pytest.approx([1 + 0.12, HOME_USD + 0.06])
    assert decisions["all_local_usd"].tolist() == pytest.approx([HOME_USD] * 2), "nobody asks there"
    assert result.contracts["working_s"].tolist() == [2, 64]
    metrics = result.replications[0]
    assert metrics["search_usd"] == pytest.approx(0.18)
    assert metrics["messages_per_query"] == 6


@pytest.mark.parametrize(("message_usd", "hired"), [(0.0, "contractor"), (0.2, "local")])
def test_who_is_told_the_best_choice_beforehand_reckons_with_the_search(
    message_usd: float, hired: str
) -> None:
    """Home costs 0.1 USD more than hiring does; six messages cost 1.2."""
    contractors = [contractor(name, price_usd=HOME_USD - 0.09) for name in "abc"]
    discovery_rule = MESSAGES | {"message_usd": message_usd}
    scenario = market([0, 100], *contractors, discovery=discovery_rule, policy={"kind": "best_fixed"})
    decisions = run_of(scenario).decisions
    assert decisions["choice"].tolist() == [hired] * 2
    assert decisions["realised_usd"].tolist() == pytest.approx([0.01 if hired != "local" else HOME_USD] * 2)


def test_messages_that_cost_and_take_nothing_are_not_told_of() -> None:
    scenario = market([0], contractor("a"), contractor("b"), discovery={"kind": "registry", "k": 2})
    result = run_of(scenario)
    assert not {"search_usd", "messages_per_query"} & set(result.replications[0])
    assert "search_usd" not in result.decisions
