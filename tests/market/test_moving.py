"""Numbers that move: read when the market reaches for them, and laid out by everybody's own luck."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.luck import Luck, identities_of, normal
from coalesce_sim.market.courses import Course
from coalesce_sim.market.moving import told
from coalesce_sim.market.roster import roster_of
from coalesce_sim.streams import Streams
from tests.market.trading import HOME_USD, VALUE_USD, contractor, market, play, run_of
from verification.both_cores import assert_same_on_both_cores
from verification.plain_and_simulator import differences

HIRE: dict[str, Any] = {"clients": {"slots": 0}, "policy": {"kind": "always_outsource"}}


def steps(*pairs: tuple[float, float]) -> dict[str, Any]:
    return {"at_hours": [list(pair) for pair in pairs]}


def contracts_of(scenario: dict[str, Any]) -> list[dict[str, Any]]:
    return run_of(scenario).contracts.astype(object).to_dict("records")  # type: ignore[return-value]


def test_work_is_as_good_as_its_contractor_is_when_it_delivers() -> None:
    falls = contractor("a", success=steps((0, 1), (1, 0)))
    # The second job begins a minute before the hour and is delivered a second after it.
    rows = contracts_of(market([0, 3541], falls, **HIRE))
    assert [row["ended_s"] for row in rows] == [60, 3601]
    assert [row["good"] for row in rows] == [True, False]


def test_bad_work_breaks_off_by_how_good_it_is_when_it_begins() -> None:
    rises = contractor("a", success=steps((0, 0), (1, 1)))
    rows = contracts_of(market([3541], rises, **HIRE, contracts={"failed_share": 1}))
    assert (rows[0]["state"], rows[0]["reason"]) == ("failed", "broke off")
    (good,) = contracts_of(market([3541], rises, **HIRE))
    assert good["good"]


def test_prices_are_those_of_the_quote_and_speed_that_of_the_agreement() -> None:
    moving = contractor("a", price_usd=steps((0, 1), (0.5, 2)), latency_min=steps((0, 1), (0.5, 10)))
    rows = contracts_of(market([0, 1799, 1800], moving, **HIRE))
    assert [row["paid_usd"] for row in rows] == [1, 1, 2]
    assert [row["ended_s"] for row in rows] == [60, 1859, 1800 + 600]


def test_token_prices_move_and_what_is_cached_costs_as_much_where_nothing_else_is_said() -> None:
    moving = contractor("a", price_usd=0, input_usd_per_mtok=steps((0, 10), (1, 30)), request_usd=0.5)
    tokens = {"prompt_tokens": 1e5, "cached_tokens": 4e4}
    by_token: dict[str, Any] = {"external": {"pricing": {"kind": "per_token"}}, "attributes": tokens}
    rows = contracts_of(market([0, 3600], moving, **HIRE, **by_token))
    assert [row["paid_usd"] for row in rows] == pytest.approx([1.5, 3.5])


def test_demand_prices_follow_the_listed_price() -> None:
    moving = contractor("a", price_usd=steps((0, 1), (1, 3)), demand=0.7, available_capacity=0.2)
    pricing = {"kind": "demand", "load_slope": 1, "complexity_slope": 0}
    rows = contracts_of(market([0, 3600], moving, **HIRE, external={"pricing": pricing}))
    assert [row["paid_usd"] for row in rows] == pytest.approx([1.5, 4.5])


def test_who_cannot_be_reached_and_how_far_away_one_is_move() -> None:
    moving = contractor("a", network_ms=steps((0, 2000), (1, 5000)), unreachable_rate=steps((0, 0), (2, 1)))
    rows = contracts_of(market([0, 3600, 7200], moving, **HIRE))
    assert [row["reason"] == "unreachable" for row in rows] == [False, False, True]
    assert [row["working_s"] for row in rows[:2]] == [2, 3605]


def test_more_slots_serve_those_who_wait_and_fewer_let_work_finish() -> None:
    # Three jobs of 60 s at once; the second slot comes after 10 s, and from 30 s on there is one again.
    moving = contractor("a", slots=steps((0, 1), (10 / 3600, 2), (30 / 3600, 1)))
    rows = contracts_of(market([0, 0, 0], moving, **HIRE))
    assert [(row["working_s"], row["ended_s"]) for row in rows] == [(0, 60), (10, 70), (70, 130)]


def test_all_slots_that_come_at_once_serve_those_who_wait() -> None:
    moving = contractor("a", slots=steps((0, 1), (10 / 3600, 3)))
    rows = contracts_of(market([0, 0, 0], moving, **HIRE))
    assert [row["working_s"] for row in rows] == [0, 10, 10]


def test_the_run_does_not_last_until_slots_change() -> None:
    own, changing = {"slots": 1}, contractor("a", slots=steps((0, 1), (20, 2)))
    always_local = run_of(market([0, 0, 0], changing, clients=own, policy={"kind": "always_local"}))
    half, _ = play(market([0, 0, 0], changing, clients=own), "a", "a", "home")
    assert always_local.replications[0]["home_utilisation"] == pytest.approx(100)
    assert half.replications[0]["home_utilisation"] == pytest.approx(50)
    assert "contractor_utilisation" not in half.replications[0]


def test_the_own_agent_is_as_good_as_it_is_at_the_end_and_believed_at_the_beginning() -> None:
    own = {"success": steps((0, 1), (1, 0)), "price_usd": steps((0, 0), (0.5, 0.2)), "slots": 1}
    result, script = play(market([0, 3550, 3700], contractor("a"), clients=own), "home", "home", "home")
    known_usd = [0.0, 0.2, 0.2 + VALUE_USD]
    assert script.internal_usd == pytest.approx([HOME_USD + usd for usd in known_usd])
    assert result.decisions["loss_usd"].tolist() == [0, VALUE_USD, VALUE_USD]


def test_what_work_is_worth_goes_by_its_arrival() -> None:
    worth = {"value_usd": steps((0, 4), (1, 9))}
    bad = contractor("a", success=0)
    result = run_of(market([0, 3599, 3600], bad, attributes=worth, clients={"slots": 0}))
    assert result.decisions["loss_usd"].tolist() == [4, 4, 9]


def test_claims_that_move_are_believed_and_true_where_nothing_else_is_said() -> None:
    claims = contractor("a", reliability=steps((0, 1), (1, 0.5)))
    result, script = play(market([0, 3600], claims), "a", "a")
    assert [each["a"] for each in script.external_usd] == pytest.approx([1, 1 + 0.5 * script.internal_usd[1]])
    twice = [claims, claims | {"name": "b", "success": 1}]
    goods = run_of(market([7000 + k for k in range(60)], *twice, policy={"kind": "random"})).contracts
    assert 0 < goods[goods["contractor"] == "a"]["good"].mean() < 1
    assert goods[goods["contractor"] == "b"]["good"].all()
    assert len(result.contracts) == 2


def test_the_oracle_is_told_how_good_work_will_be() -> None:
    falls = contractor("a", success=steps((0, 1), (1, 0)))
    oracle: dict[str, Any] = {
        "policy": {"kind": "oracle"},
        "clients": {"price_usd": 0},
        "attributes": {"value_usd": 0.05},
    }
    cheap = [falls | {"price_usd": 0.01}, contractor("b", price_usd=0.02)]
    result = run_of(market([0, 3541], *cheap, **oracle))
    assert result.decisions["contractor"].tolist() == ["a", "b"]


def test_what_an_hour_of_hardware_costs_goes_by_when_work_begins() -> None:
    # The bid of the second is made by the price of 3,590 s, and its work begins at 3,600.
    rented = contractor("a", slot_usd_per_h=steps((0, 60), (1, 120)), network_ms=10_000)
    pricing = {"kind": "bargained", "client_weight": 1.0}
    result = run_of(market([0, 3590], rented, **HIRE, external={"pricing": pricing}))
    assert result.contracts["own_usd"].tolist() == pytest.approx([1, 2])
    assert result.contracts["agreed_usd"].tolist() == pytest.approx([1, 1])


def test_what_an_hour_at_home_costs_goes_by_when_the_task_arrives() -> None:
    own = {"slot_usd_per_h": steps((0, 3600), (1, 7200)), "slots": 1}
    result, script = play(market([0, 3590, 3600], contractor("a"), clients=own), "home", "home", "home")
    assert script.internal_usd == pytest.approx([1, 1, 2])
    assert result.decisions["home_compute_usd"].tolist() == pytest.approx([1, 1, 2])
    assert result.decisions[["home_energy_usd", "home_depreciation_usd"]].to_numpy().sum() == 0


def test_risks_are_reckoned_with_by_the_offer_and_happen_by_the_contract() -> None:
    risky = contractor("a", security_risk=steps((0, 0), (1, 1)), quality_risk=steps((0, 0), (0.5, 0.25)))
    _, script = play(market([0, 1800, 3600], risky), "a", "a", "a")
    assert [each["a"] for each in script.external_usd] == pytest.approx(
        [1, 1 + 0.25 * VALUE_USD, 1 + 1.25 * VALUE_USD]
    )
    leaks = {"shares": {"leaked": 1}, "leak_usd": {"low": 2, "medium": 2, "high": 2}}
    far = risky | {"network_ms": 60_000}
    rows = contracts_of(market([3599, 3600], far, **HIRE, contracts={"security": {"incidents": leaks}}))
    assert [row["incident"] == "leaked" for row in rows] == [False, True]


def test_outcomes_of_a_type_move() -> None:
    outcome = {"success": steps((0, 1), (1, 0)), "bill_usd": steps((0, 2), (1, 3))}
    outcome |= {"failed_bill_usd": steps((0, 0.5), (2, 0.7)), "latency_min": steps((0, 1), (1, 2))}
    rows = contracts_of(market([0, 3541, 3600, 7200], contractor("a", outcomes={"job": outcome}), **HIRE))
    assert [row["good"] for row in rows] == [True, False, False, False]
    # Bad work is found, and paid as `due_on_failure` has it; the bill is that of its end.
    assert [row["ended_s"] for row in rows] == [60, 3601, 3720, 7320]
    everything = {"due_on_failure": 1.0}
    dear = market([0, 3541, 7200], contractor("a", outcomes={"job": outcome}), **HIRE, contracts=everything)
    assert [row["paid_usd"] for row in contracts_of(dear)] == [2, 0.5, 0.7]


def test_a_limit_of_those_who_wait_goes_by_the_arrival_of_the_work() -> None:
    full = contractor("a", slots=1, queue_limit=steps((0, 0), (0.01, 1)))
    rows = contracts_of(market([0, 10, 40], full, **HIRE))
    assert [row["reason"] == "full" for row in sorted(rows, key=lambda row: row["task"])] == [
        False,
        True,
        False,
    ]


def test_one_step_is_the_constant() -> None:
    still: dict[str, Any] = {
        "price_usd": 0.7,
        "success": 0.8,
        "latency_min": 0.5,
        "network_ms": 300.0,
        "slots": 2,
    }
    still |= {"unreachable_rate": 0.2, "reliability": 0.9, "own_cost_share": 0.5, "request_usd": 2.0}
    still |= {"slot_usd_per_h": 0.3, "security_risk": 0.1, "quality_risk": 0.2, "queue_limit": 3}
    moving: dict[str, Any] = {name: steps((0, value)) for name, value in still.items()}
    outcome = {"success": 0.7, "bill_usd": 0.6, "latency_min": 0.4}
    still["outcomes"] = {"job": outcome}
    moving["outcomes"] = {"job": {name: steps((0, value)) for name, value in outcome.items()}}
    sections: dict[str, Any] = {"reputation": {"model": {"kind": "beta"}}, "policy": {"kind": "greedy"}}
    sections["external"] = {"pricing": {"kind": "load", "slope": 0.5, "max_load": 2}}
    arrivals = [7.0 * k for k in range(80)]
    runs = [run_of(market(arrivals, contractor("c", **each), **sections)) for each in (still, moving)]
    for table in ("decisions", "contracts", "ratings"):
        one, other = (getattr(run, table) for run in runs)
        assert one.equals(other), table
    constant, constant_too = (run.replications[0] for run in runs)
    assert "contractor_utilisation" in constant.keys() - constant_too.keys()
    assert {name: constant[name] for name in constant_too} == constant_too


WALK = {"start": 0.8, "sd_per_sqrt_h": 0.3, "low": 0.6, "high": 0.9, "every_min": 30}
TREND = {"start": 1.0, "per_day": 2.0, "every_min": 60}


def courses(*contractors: dict[str, Any], **changes: Any) -> list[dict[str, Course]]:
    scenario = coalesce_sim.load(market([0], *contractors, **changes))
    roster = roster_of(scenario, Streams(scenario.seed, 0))
    return told(scenario, roster, Luck(scenario.seed, 0, roster.identities))


def test_a_trend_is_a_straight_line_in_steps_and_ends_with_the_clock() -> None:
    course = courses(contractor("a", price_usd={"trend": TREND}))[0]["price_usd"]
    assert course.at_s.tolist() == [3600.0 * hour for hour in range(25)]
    assert course.values == pytest.approx([1 + hour / 12 for hour in range(25)])
    assert course.value(3599.9) == 1.0
    assert course.value(1e9) == course.values[-1] == 3.0


def test_a_walk_is_folded_at_its_bounds_and_its_contractors_own() -> None:
    walks = contractor("a", success={"walk": WALK})
    course = courses(walks)[0]["success"]
    draws = Luck(1, 0, identities_of(["a"]))("walk.success")
    free, expected = 0.8, [0.8]
    for step in range(48):
        free += 0.3 * math.sqrt(0.5) * normal(draws.draw(0, step))
        off = (free - 0.6) % 0.6
        expected.append(0.6 + min(off, 0.6 - off))
    assert course.values == pytest.approx(expected)
    assert course.values.min() >= 0.6
    assert course.values.max() <= 0.9
    with_others = courses(contractor("first", success={"walk": WALK}), walks, seed=1)
    assert with_others[1]["success"].values.tolist() == course.values.tolist()
    assert with_others[0]["success"].values.tolist() != course.values.tolist()


def test_drawn_contractors_have_the_course_of_their_type_times_their_own_factor_within_what_can_be() -> None:
    kinds = {"x": {"share": 1, "price_usd": steps((0, 1), (5, 4)), "success": steps((0, 0.5), (5, 0.9))}}
    kinds["x"] |= {"reliability": 0.9, "latency_min": {"trend": TREND}, "request_usd": steps((0, 2))}
    drawn = {"uniform": {"low": 0.5, "high": 1.5}}
    pool = {"count": 6, "types": kinds, "price_factor": drawn, "latency_factor": drawn, "min_price_usd": 0.8}
    pool |= {"success_shift": {"uniform": {"low": -0.3, "high": 0.3}}}
    scenario = coalesce_sim.load(market([0]) | {"contractors": pool})
    roster = roster_of(scenario, Streams(scenario.seed, 0))
    found = told(scenario, roster, Luck(scenario.seed, 0, roster.identities))
    shift = np.array([each["success"].values[0] for each in found]) - 0.5
    assert len({*roster.price_factor.tolist()}) == 6
    for factor, moved, each in zip(roster.price_factor, shift, found, strict=True):
        assert each["price_usd"].values == pytest.approx([max(0.8, factor), max(0.8, 4 * factor)])
        assert each["request_usd"].values == pytest.approx([2 * factor])
        assert each["success"].values[1] == pytest.approx(min(1.0, 0.9 + moved))
        assert each["latency_min"].values / each["latency_min"].values[0] == pytest.approx(
            courses(contractor("a", price_usd={"trend": TREND}))[0]["price_usd"].values
        )


def test_a_history_is_read_by_hours_or_by_dates(tmp_path: Path) -> None:
    (tmp_path / "hours.csv").write_text("h,usd\n0,1\n2,3\n")
    (tmp_path / "dates.csv").write_text(
        "when,usd\n2026-05-30T00:00:00,9\n2026-05-31T12:00:00+00:00,1\n2026-06-01T02:00:00,3\n2026-07-01,7\n"
    )
    read = [
        courses(
            contractor("a", price_usd={"csv": {"path": str(tmp_path / file), "time": time, "value": "usd"}})
        )
        for file, time in (("hours.csv", "h"), ("dates.csv", "when"))
    ]
    (hours, *_), (dates, *_) = read
    assert hours["price_usd"].at_s.tolist() == [0, 7200]
    assert dates["price_usd"].at_s.tolist() == [0, 7200, 30 * 86_400]
    assert dates["price_usd"].values.tolist() == [1, 3, 7]


def test_the_plain_market_agrees() -> None:
    a = contractor("a", success={"walk": WALK}, price_usd={"trend": TREND}, slots=steps((0, 1), (0.1, 2)))
    b = contractor("b", reliability=steps((0, 0.9), (0.2, 0.3)), network_ms=steps((0, 0), (0.1, 900)))
    own = {"success": steps((0, 0.5), (0.3, 1)), "slots": 1}
    arrivals = [20.0 * k for k in range(80)]
    scenario = market(arrivals, a, b, clients=own, policy={"kind": "greedy"}, contracts={"failed_share": 0.5})
    assert differences(coalesce_sim.load(scenario)) == []


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ({"contractors": [contractor("a", security_risk=steps((0, 0), (1, 1)))]}, "contractors whose"),
        (
            {"contractors": [contractor("a", outcomes={"job": {"success": steps((0, 0), (1, 1))}})]},
            "contractors whose queue_limit, risks, slot_usd_per_h or outcomes change",
        ),
    ],
)
def test_what_the_compiled_core_does_not_play_it_refuses_by_name(stated: dict[str, Any], why: str) -> None:
    fields = market([0], contractor("a"), clients=stated.get("clients"))
    scenario = coalesce_sim.load(fields | {k: v for k, v in stated.items() if k == "contractors"})
    with pytest.raises(coalesce_sim.CoreError, match=why):
        coalesce_sim.run(scenario, replications=1, core="compiled")


@pytest.mark.parametrize("rated", [False, True])
@pytest.mark.parametrize("policy", ["cheapest", "oracle"])
def test_own_agents_that_change_are_the_same_on_both_cores(policy: str, *, rated: bool) -> None:
    """Of two homes one is known to change, the other states by type how good it is."""
    changing = {
        "count": 2,
        "success": {"walk": WALK | {"every_min": 1}},
        "price_usd": steps((0, 0.1), (0.2, 0.6)),
    }
    stated = {"count": 1, "success": steps((0, 0.1), (0.2, 0.9)), "outcomes": {"job": {"success": 0.4}}}
    own = {"slots": 1, "groups": {"changing": changing, "stated": stated}, "count": None}
    fields = market([11.0 * k for k in range(120)], contractor("a", price_usd=0.3), clients=own)
    fields["workload"]["failure_correlation"] = 0.4
    fields |= {"policy": {"kind": policy}} | ({"reputation": {}} if rated else {})
    assert_same_on_both_cores(coalesce_sim.load(fields))


@pytest.mark.parametrize("policy", ["cheapest", "oracle"])
@pytest.mark.parametrize("recovery", [{"retries": 1}, {"retries": 0, "then": "give_up"}])
def test_slots_that_change_are_the_same_on_both_cores(policy: str, recovery: dict[str, Any]) -> None:
    """Three jobs come at once; several slots come and go while some of them wait, until their deadline."""
    up_and_down = steps((0, 1), (0.01, 3), (0.02, 1), (0.03, 5), (0.2, 2), (0.21, 4))
    a = contractor("a", slots=up_and_down, queue_limit=6, price_usd=steps((0, 1), (0.1, 2)))
    b = contractor("b", slots=steps((0, 2), (0.05, 1), (0.15, 3)), success=0.7, network_ms=500)
    fields = market([20.0 * (k // 3) for k in range(120)], a, b, policy={"kind": policy})
    fields["contracts"] = {"timeout_factor": 2, "recovery": recovery}
    assert_same_on_both_cores(coalesce_sim.load(fields))
