"""What each kind does: who pays what, who is rated what, at whose cost."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from tests.adversaries.playing import ALWAYS, GIVE_UP, PAID, RATED, Told, cheating, offered, seller, told
from tests.market.trading import HOME, HOME_USD, VALUE_USD, contractor

OWNED: dict[str, Any] = {"memory_gb": 10, "peak_flop_s": 1e30, "tdp_w": 0, "purchase_usd": 7.2}
OWNED |= {"lifetime_h": 1, "compute_usd_per_h": 0, "electricity_usd_per_kwh": 0}
HOURLY = [3600.0 * hour for hour in range(8)]
A = {"members": ["a"]}
LIARS = {"clients": 0.5}
TWO: dict[str, Any] = {"clients": {"count": 2}}


def by_clients(*clients: int) -> list[dict[str, Any]]:
    """A task of each of these clients, one an hour."""
    return [{"type": "job", "arrival_s": 3600.0 * hour, "client": each} for hour, each in enumerate(clients)]


def test_substituted_work_is_bad_and_cheap() -> None:
    came = told(cheating([0], seller("a"), by=ALWAYS | {"who": A}, contracts=PAID), "a")
    (contract,) = came.ended
    assert (contract.honest_good, contract.good, contract.reported) == (True, False, False)
    assert [contract.paid_usd, contract.own_usd] == pytest.approx([1, 0.05])
    assert contract.manipulated
    assert contract.harm_usd == VALUE_USD  # it pays as much, and has a loss
    assert came.books("a")["profit"] == pytest.approx(0.95)


def test_substitution_by_another_contractor_has_its_success_and_costs() -> None:
    better = seller("b", price_usd=0.4, own_cost_share=0.25)
    worse = seller("c", price_usd=0.2, success=0)
    for like, good, own_usd in (("b", True, 0.1), ("c", False, 0.1)):
        by = {"kind": "substitution", "who": A, "with": like}
        (contract,) = told(cheating([0], seller("a"), better, worse, by=by), "a").ended
        assert contract.good == good
        assert contract.own_usd == pytest.approx(own_usd)
        assert contract.harm_usd == (0 if good else VALUE_USD - 1)


def test_a_share_of_contracts_is_substituted_by_luck_that_is_not_that_of_the_work() -> None:
    by = ALWAYS | {"who": A, "share": 0.5}
    came = told(cheating([60.0 * each for each in range(100)], seller("a"), by=by), *["a"] * 100)
    cheated = came.each("manipulated")
    assert cheated == [not good for good in came.each("good")]
    assert 35 < sum(cheated) < 65


def test_an_exit_scam_begins_at_its_hour() -> None:
    by = ALWAYS | {"kind": "exit_scam", "who": A, "from_hour": 2}
    assert told(cheating(HOURLY, seller("a"), by=by), *["a"] * 8).each("good") == [True] * 2 + [False] * 6


def test_on_off_dances_about_its_thresholds() -> None:
    """Beta(1, 1): after two good jobs the score is 3/4, after a bad one 3/5, then 4/6, 5/7, 6/8, 6/9."""
    by = {"kind": "on_off", "who": A, "success": 0, "cheat_above": 0.75, "behave_below": 0.7}
    came = told(cheating(HOURLY, seller("a"), by=by, **RATED), *["a"] * 8)
    assert came.each("good") == [True, True, False, True, True, True, False, True]


def test_on_off_that_begins_with_a_high_score_cheats_at_once() -> None:
    by = {"kind": "on_off", "who": A, "success": 0}
    warm = {"reputation": {"start": "warm", "model": {"kind": "beta"}}}
    assert told(cheating([0], seller("a"), by=by, **warm), "a").each("good") == [False]


def test_metering_bills_more_than_was_used() -> None:
    billed = seller("a", outcomes={"job": {"success": 1, "bill_usd": 2}})
    came = told(cheating([0], billed, by={"kind": "metering", "who": A, "factor": 1.5}), "a")
    (contract,) = came.ended
    assert (contract.paid_usd, contract.harm_usd, contract.manipulated) == (3, 1, True)


def test_lowball_quotes_little_and_bills_much() -> None:
    came = told(cheating([0], seller("a"), by={"kind": "lowball", "who": A}), "a")
    (contract,) = came.ended
    assert [contract.agreed_usd, contract.paid_usd, contract.harm_usd] == pytest.approx([0.5, 1.5, 0.5])
    assert came.books("a")["work"] == 0.5  # its own cost goes by what it lists


def test_a_cartel_asks_more_until_one_of_it_deviates() -> None:
    by = {"kind": "cartel", "who": {"members": ["a", "b"]}, "markup": 3}
    by |= {"deviants": 1, "deviate_from_hour": 2, "trigger": {"punish_hours": 2}}
    scenario = cheating(HOURLY[:5], seller("a"), seller("b"), by=by)
    assert told(scenario, *"ababb").each("agreed_usd") == [3, 3, 1, 1, 3]
    forever = cheating(HOURLY[:5], seller("a"), seller("b"), by=by | {"trigger": {}})
    assert told(forever, *"bbbbb").each("agreed_usd") == [3, 3, 1, 1, 1]
    assert told(scenario, *"ababb").each("harm_usd") == pytest.approx([2, 2, 0, 0, 2])


def test_a_cartel_bids_more_under_seal_too() -> None:
    by = {"kind": "cartel", "who": A, "markup": 1.5}
    scenario = cheating([0], seller("a"), seller("b", own_cost_share=0.9), by=by, clients={"slots": 0})
    came = told(scenario | {"policy": {"kind": "vickrey"}})
    assert (came.sellers, came.each("paid_usd")) == (["a"], [pytest.approx(0.9)])
    dearer = cheating([0], seller("a"), seller("b", own_cost_share=0.7), by=by, clients={"slots": 0})
    came = told(dearer | {"policy": {"kind": "vickrey"}})
    assert (came.sellers, came.each("paid_usd")) == (["b"], [pytest.approx(0.75)])


def test_exploration_farming_asks_a_hundredfold_under_several_names() -> None:
    by = {"kind": "exploration_farming", "who": A, "identities": 2}
    scenario = cheating([0], seller("a"), seller("b"), by=by)
    assert offered(scenario, HOME) == [["a", "b", "a#2"]]
    assert told(scenario, "a#2").each("paid_usd") == [100]


def test_names_of_a_sybil_share_luck_and_machine() -> None:
    by = {"kind": "sybil", "who": A, "identities": 3}
    half = seller("a", success=0.5, slots=1)
    came = told(cheating([0, 0, 0], half, seller("b"), by=by), "a", "a#2", "a#3")
    assert came.each("ended_s") == [60, 120, 180]
    pool, luck = came.market.pool, came.market.trade.truth.work  # type: ignore[union-attr]
    assert [luck.draw(who, 7) for who in (0, 2, 3)] == [luck.draw(0, 7)] * 3
    assert pool.owner.tolist() == [0, 1, 0, 0]
    assert not any(came.each("manipulated"))  # its work is honest


CURVE = {"base_ms_per_token": 100.0, "per_job_ms": 100.0, "max_jobs": 8}


@pytest.mark.parametrize(
    ("machine", "ends_s"),
    [({"slots": 2}, [60, 60]), ({"box": "lab"}, [60, 120]), ({"batch_curve": CURVE}, [30, 30])],
)
def test_names_share_whatever_machine_their_agent_has(machine: dict[str, Any], ends_s: list[float]) -> None:
    """Two jobs at once: in two slots, in the one of a box, or on a machine that serves them together."""
    by = {"kind": "sybil", "who": A, "identities": 2}
    one = seller("a", **machine) | ({"latency_min": 0} if "batch_curve" in machine else {})
    boxes = {"lab": {"slots": 1, "hardware": OWNED}} if "box" in machine else {}
    sections: dict[str, Any] = {"boxes": boxes} if boxes else {}
    tokens = {"prompt_tokens": 0, "output_tokens": 100, "expected_output_tokens": 100}
    came = told(cheating([0, 0], one, by=by, attributes=tokens, **sections), "a", "a#2")
    assert came.each("ended_s") == ends_s
    assert came.books("a#2")["idle"] == 0


def test_idle_hardware_is_paid_for_once_and_for_as_long_as_its_agent_is_there() -> None:
    owned = seller("a", hardware=OWNED, slots=1) | {"own_cost_share": None}
    by = ALWAYS | {"kind": "whitewashing", "who": A, "identities": 3}
    scenario = cheating([0, 3600], owned, by=by, **RATED)
    came = told(scenario, "a", "a#2")
    usd_per_s = 7.2 / 3600
    assert came.books("a")["idle"] == pytest.approx(usd_per_s * (3660 - 120))
    assert came.books("a#2")["idle"] == 0
    twin = told(scenario | {"adversaries": []}, "a", "a")
    assert twin.books("a")["idle"] == came.books("a")["idle"]


def test_names_leave_with_their_agent() -> None:
    leaves = seller("a", leave_h=1.5)
    scenario = cheating(HOURLY[:3], leaves, seller("b"), by={"kind": "sybil", "who": A, "identities": 2})
    assert offered(scenario, *[HOME] * 3) == [["a", "b", "a#2"]] * 2 + [["b"]]


def test_whitewashing_changes_its_name_once_its_score_is_low() -> None:
    by = ALWAYS | {"kind": "whitewashing", "who": {"join": 1, "like": "b"}, "identities": 3}
    scenario = cheating(HOURLY[:4], seller("b"), by=by, contracts=PAID, **RATED)
    names = ["joined_1", "joined_1#2", "joined_1#3", "joined_1#3"]  # the last it keeps
    assert offered(scenario, *names) == [["b", name] for name in names]
    came = told(scenario, *names)
    assert [came.books(name)["revenue"] for name in ("joined_1", "joined_1#2", "joined_1#3")] == [1, 1, 2]
    assert came.market.pool.roster.presence.leave_s[1] == 60
    fee = told(scenario | {"defences": {"entry_fee_usd": 0.3}}, *names)
    assert [fee.books(name)["levied"] for name in ("b", *names[:3])] == pytest.approx([0.3] * 4)


def test_whitewashing_may_count_bad_ratings() -> None:
    by = ALWAYS | {"kind": "whitewashing", "who": A, "leave_below": 0, "leave_after_bad": 2, "at_once": 2}
    scenario = cheating(HOURLY[:4], seller("a"), by=by | {"identities": 4}, **RATED)
    seen = offered(scenario, "a", "a", HOME)
    assert seen == [["a", "a#2"]] * 2 + [["a#2", "a#3"]] * 2


def liars_of(scenario: dict[str, Any]) -> tuple[Told, int, int]:
    """Who lies of two clients, and who does not."""
    (liar,) = (came := told(scenario, HOME)).liars
    return came, liar, 1 - liar


def test_lying_clients_rate_their_target_down_and_others_as_they_think() -> None:
    by = {"kind": "bad_mouthing", "who": LIARS}
    sellers = seller("a", price_usd=0.5), seller("b", price_usd=0.6)
    _, liar, honest = liars_of(cheating([0], *sellers, by=by, **TWO, **RATED))
    # Nobody is known, so that the cheapest is the best; after its bad rating it is the other.
    scenario = cheating(by_clients(honest, liar, liar, liar), *sellers, by=by, **TWO, **RATED)
    came = told(scenario, *"abab")
    assert [(name, rating) for *_, name, rating in came.rated] == [("a", 1), ("b", 1), ("a", 0), ("b", 0)]
    assert came.each("paid_usd") == [0.5, 0.6, 0.5, 0.6]  # they pay for it all the same


def test_liars_may_write_by_the_hour_with_no_contract_behind() -> None:
    by = {"kind": "bad_mouthing", "who": LIARS, "targets": "all", "per_hour": 0.5}
    scenario = cheating([0, 5 * 3600], seller("a"), seller("b"), by=by, **TWO, **RATED)
    came, liar, _ = liars_of(scenario)
    times = [7200.0, 7200.0, 14400.0, 14400.0]
    assert came.rated == [(at, liar, name, 0) for at, name in zip(times, ["a", "b"] * 2, strict=True)]
    assert came.market.ended_s == 5 * 3600 + 60  # ratings alone do not go on
    assert told(scenario | {"defences": {"ratings": "contracts"}}, HOME).rated == []


def test_ballots_praise_their_friends_whatever_they_deliver() -> None:
    by = {"kind": "ballot_stuffing", "who": LIARS, "targets": ["a"]}
    sellers = seller("a", success=0), seller("b", success=0)
    _, liar, honest = liars_of(cheating([0], *sellers, by=by, **TWO, **RATED))
    came = told(cheating(by_clients(liar, liar, honest), *sellers, by=by, **TWO, **RATED), *"aba")
    assert [rating for *_, rating in came.rated] == [1, 0, 0]
    assert came.each("paid_usd") == [0, 0, 0]  # it is praised, and not paid


def test_a_work_ring_pays_what_the_market_keeps() -> None:
    by = {"kind": "work_ring", "who": LIARS, "sellers": ["a"], "contracts_per_hour": 2}
    rules = {"platform_fee_share": 0.1, "ratings": "contracts", "stake_usd": 5, "dues_usd": 5}
    scenario = cheating([0, 3600], seller("a"), seller("b"), by=by, **TWO, **RATED)
    came = told(scenario | {"defences": rules}, HOME)
    assert [(at, rating) for at, *_, rating in came.rated] == [(1800, 1), (3600, 1)]
    assert came.books("a") == {"revenue": 0, "work": 0, "idle": 0, "levied": 0.2, "profit": -0.2}


def test_inflated_skills_are_offered_and_work_is_as_it_was() -> None:
    types = {"job": {"skills": ["python"]}}
    by = {"kind": "skill_inflation", "who": A}
    poor = seller("a", reliability=0.4, skills=["law"]), contractor("b", reliability=0.4, skills=["python"])
    tasks = [60.0 * each for each in range(40)]
    scenario = cheating(tasks, *poor, by=by, types=types)
    came = told(scenario, *["a"] * 40)
    pool = came.market.pool
    assert pool.skills == (("law", "python"), ("python",))
    assert (pool.reliability.tolist(), pool.success.tolist()) == ([1, 0.4], [0.4, 0.4])
    honest = told(scenario | {"adversaries": []}, *["a"] * 40)
    assert came.each("good") == honest.each("good")


def test_inflated_claims_do_not_lower_the_risk_of_incidents() -> None:
    incidents = {"shares": {"leaked": 1}, "leak_usd": {"low": 1, "medium": 1, "high": 1}}
    risk = {"security_risk": {"base": 0.5, "slope": 0.5}, "quality_risk": {"base": 0.5, "slope": 0.5}}
    by = {"kind": "skill_inflation", "who": A}
    scenario = cheating(
        [0],
        seller("a", reliability=0.4),
        by=by,
        contracts={"security": {"incidents": incidents}},
        external=risk,
    )
    honest = told(scenario | {"adversaries": []}, HOME).market.pool
    pool = told(scenario, HOME).market.pool
    assert pool.security_risk.tolist() == honest.security_risk.tolist() == [0.8]
    assert pool.quality_risk.tolist() != honest.quality_risk.tolist()  # what clients believe


def test_withheld_slots_are_not_there_and_may_cost_something() -> None:
    by = {"kind": "withholding", "who": A, "share": 0.5}
    load = {"pricing": {"kind": "load", "slope": 0.5}}
    scenario = cheating([0, 1, 2], seller("a", slots=4), by=by, external=load)
    came = told(scenario | {"defences": {"commitment": {"usd_per_slot_h": 3}}}, *"aaa")
    honest = told(scenario | {"adversaries": []}, *"aaa")
    assert honest.each("agreed_usd") == [1, 1.125, 1.25]
    assert came.each("agreed_usd") == [1, 1.25, 1.5]
    assert came.each("ended_s") == [60, 61, 120]
    assert came.books("a")["levied"] == pytest.approx(2 * 3 * 120 / 3600)


def test_clients_who_prefer_what_comes_first_hire_whoever_sees_to_that() -> None:
    sellers = seller("a"), seller("b", network_ms=0.5), seller("c", network_ms=9), seller("d")
    sellers[0]["network_ms"] = sellers[3]["network_ms"] = 1
    by = {"kind": "first_mover", "who": {"members": ["c"]}}
    often = [60.0 * each for each in range(60)]

    def hired(bias: float, **sections: Any) -> list[str]:
        clients = {"clients": {"position_bias": bias}}
        scenario = cheating(often, *sellers, **({"by": by} | clients | sections))
        return told(scenario, *["d"] * 60).sellers

    assert hired(0.0) == ["d"] * 60
    assert hired(1.0) == ["c"] * 60
    assert hired(1.0, by=[]) == ["b"] * 60
    half = hired(0.5)
    assert set(half) == {"c", "d"}
    assert 20 <= half.count("c") <= 40
    mixed = hired(1.0, defences={"random_order": True})
    assert all(5 <= mixed.count(name) <= 25 for name in "abcd")


def test_clients_who_do_not_pay() -> None:
    by = {"kind": "non_payment", "who": LIARS}
    _, liar, honest = liars_of(cheating([0], seller("a"), by=by, **TWO, **RATED))
    came = told(cheating(by_clients(liar, honest), seller("a"), by=by, **TWO, **RATED), *"aa")
    assert came.each("paid_usd") == [0, 1]
    assert came.each("harm_usd") == [-1, 0]
    assert (came.each("reported"), came.each("manipulated")) == ([True, True], [True, False])
    assert [rating for *_, rating in came.rated] == [1, 1]
    assert came.books("a") == {"revenue": 1, "work": 1, "idle": 0, "levied": 0, "profit": 0}


def test_clients_who_reject_good_work_and_keep_it() -> None:
    by = {"kind": "false_rejection", "who": LIARS}
    sellers = seller("a"), seller("b", success=0)
    _, liar, honest = liars_of(cheating([0], *sellers, by=by, **TWO, **RATED))
    staked = {"defences": {"stake_usd": 2}}
    arrivals = by_clients(liar, honest, liar)
    came = told(cheating(arrivals, *sellers, by=by, **TWO, **RATED, **staked), *"aab")
    assert (came.each("reported"), came.each("kept")) == ([False, True, False], [True, True, False])
    assert (came.each("paid_usd"), came.each("harm_usd")) == ([0, 1, 0], [-1, 0, 0])
    assert [rating for *_, rating in came.rated] == [0, 1, 0]
    assert came.books("a")["levied"] == 2  # an honest seller loses its stake to a liar


def test_honest_joiners_are_like_those_of_the_pool_and_the_absent_never_enter() -> None:
    by: list[dict[str, Any]] = [
        {"kind": "honest", "who": {"join": 2, "like": "a"}},
        {"kind": "honest", "who": {"join": 1, "facts": seller("x", price_usd=3) | {"type": "new"}}},
        {"kind": "absent", "who": {"members": ["b"]}},
    ]
    del by[1]["who"]["facts"]["name"]
    scenario = cheating([0], seller("a"), seller("b"), by=by)
    came = told(scenario, "joined_3")
    assert came.market.pool.names == ("a", "b", "joined_1", "joined_2", "joined_3")
    assert came.market.pool.types[2:] == ("contractor", "contractor", "new")
    assert offered(scenario, HOME) == [["a", "joined_1", "joined_2", "joined_3"]]
    assert came.each("paid_usd") == [3]


def test_work_that_breaks_off_is_compared_with_what_honest_work_would_have_been() -> None:
    by, fees = ALWAYS | {"who": A}, {"integration_usd": 0.25}
    rules = GIVE_UP | {"failed_share": 1}
    sellers = seller("a"), seller("b", success=0)
    (good,) = told(cheating([0], *sellers, by=by, contracts=rules, external=fees), "a").ended
    assert (good.state, good.reason) == ("failed", "broke off")
    assert good.harm_usd == VALUE_USD - 1 - 0.25
    bad = ALWAYS | {"who": {"members": ["b"]}}
    (bad_anyway,) = told(cheating([0], *sellers, by=bad, contracts=rules, external=fees), "b").ended
    assert (bad_anyway.manipulated, bad_anyway.harm_usd) == (True, 0)


def test_the_oracle_is_told_how_contractors_will_cheat() -> None:
    cheap = seller("a", price_usd=HOME_USD / 2)
    by = ALWAYS | {"kind": "exit_scam", "who": A, "from_hour": 1.5}
    scenario = cheating(HOURLY[:3], cheap, by=by, policy={"kind": "oracle"})
    result = coalesce_sim.run(coalesce_sim.load(scenario), replications=1)
    assert result.decisions["contractor"].isna().tolist() == [False, False, True]
