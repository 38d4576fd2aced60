"""Slots that are taken and not used, worked out by hand: who waits for how long, and who bears what."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim import Adversary, Hold, Sight
from coalesce_sim.experiments.diagnosis.warnings import oddities
from tests.adversaries.playing import RATED, Told, cheating, seller, told
from tests.adversaries.test_kinds import OWNED, TWO
from tests.market.test_batches import CURVE
from tests.market.test_outages import down
from tests.market.trading import HOME, contractor

BY: dict[str, Any] = {"kind": "slot_blocking", "who": {"clients": 0.5}, "targets": ["a"]}
"""One client takes a slot of a's at 3600 s, and every hour after that, for half an hour."""


def blocked(arrivals: list[Any], *sellers: dict[str, Any], by: Any = BY, **sections: Any) -> dict[str, Any]:
    return cheating(arrivals, *sellers, by=by, **(TWO | sections))


def shams(came: Told) -> tuple[float, float]:
    """How many were made, and the share that was refused in percent."""
    figures = came.market.figures()
    return figures["sham_contracts"], figures["sham_contracts_refused_rate"]


def test_who_comes_while_a_slot_is_held_waits_for_its_deadline() -> None:
    sellers = seller("a", slots=1), seller("b", slots=1)
    came = told(blocked([0, 3700, 3700], *sellers), *"aab")
    assert came.sellers == ["a", "b", "a"]
    assert came.each("ended_s") == [60, 3760, 5460]
    assert shams(came) == (1, 0)


def test_another_slot_is_free_and_dearer_by_load() -> None:
    load = {"pricing": {"kind": "load", "slope": 0.5}}
    came = told(blocked([0, 3700], seller("a", slots=2), external=load), *"aa")
    assert came.each("agreed_usd") == [1, 1.25]
    assert came.each("ended_s") == [60, 3760]


def test_held_for_no_time_it_stands_in_the_queue_until_its_turn() -> None:
    a, by = seller("a", slots=1, queue_limit=1), BY | {"hold_min": 0}
    came = told(blocked([3590, 3610, 3655], a, by=by), *"aaa")
    assert came.each("reason") == ["full", "", ""]
    assert came.each("ended_s") == [3610, 3650, 3715]
    roomy = told(blocked([3590, 3610], a | {"queue_limit": 2}, by=by), *"aa")
    assert roomy.each("ended_s") == [3650, 3710]
    honest = told(blocked([3590, 3610], a, by=[]), *"aa")
    assert honest.each("ended_s") == [3650, 3710]


def test_a_full_queue_refuses_those_that_will_be_cancelled_too() -> None:
    came = told(blocked([3590, 3595], seller("a", slots=1, queue_limit=1)), *"aa")
    assert came.each("ended_s") == [3650, 3710]
    assert shams(came) == (1, 100)
    nothing = told(blocked([3590], seller("a", slots=0), seller("b")), "b")
    assert shams(nothing) == (1, 100)


def test_of_several_at_once_each_takes_a_slot_or_a_place() -> None:
    four, a = {"clients": {"count": 4}}, seller("a", slots=2, queue_limit=1)
    came = told(blocked([3590, 3700], a, **four), *"aa")  # one takes a slot, one waits until 3650
    assert shams(came) == (2, 0)
    assert came.each("reason") == ["", ""]
    assert came.each("ended_s") == [3650, 5460]


def test_the_best_is_taken_and_of_those_for_whom_it_is_done_none() -> None:
    a, b = seller("a", price_usd=0.5, slots=1), seller("b", price_usd=0.6, slots=1)
    by = BY | {"targets": "best"}
    best = told(blocked([3700, 3700], a, b, by=by, **RATED), *"ab")  # nobody is known: the cheapest
    assert dict(zip(best.sellers, best.each("ended_s"), strict=True)) == {"a": 5460, "b": 3760}
    for targets in ("best", "all", ["contractor"]):
        friends = by | {"targets": targets, "sellers": ["a"]}
        mine = told(blocked([3700, 3700], a, b, by=friends, **RATED), *"ab")
        assert dict(zip(mine.sellers, mine.each("ended_s"), strict=True)) == {"a": 3760, "b": 5460}
        (part,) = mine.market.pool.cast.parts  # type: ignore[union-attr]
        assert part.strategy.beneficiaries == (0,)


def test_nobody_pays_nothing_is_rated_and_the_slot_stands_idle() -> None:
    a = contractor("a", slots=1, hardware=OWNED)
    scenario = blocked([0, 7100], a, **RATED)
    came, honest = told(scenario, "a", HOME), told(scenario | {"adversaries": []}, "a", HOME)
    assert came.market.ended_s == honest.market.ended_s == 7160
    assert came.books("a") == honest.books("a")
    assert (len(came.ended), came.rated) == (1, honest.rated)
    ours, theirs = came.market.figures(), honest.market.figures()
    assert ours["contractor_utilisation"] == pytest.approx(theirs["contractor_utilisation"])
    assert ours["contractor_idle_usd"] == theirs["contractor_idle_usd"]


def test_the_market_ends_with_its_last_task() -> None:
    scenario = blocked([0, 3640], seller("a", slots=1), by=BY | {"hold_min": 600})
    came = told(scenario, "a", HOME)  # the slot is held for ten hours
    assert came.market.ended_s == 3700
    assert shams(came) == (1, 0)
    over = told(blocked([0], seller("a", slots=1)), "a")
    assert over.market.ended_s == 60
    assert "sham_contracts" not in over.market.figures()


def test_who_is_not_in_the_market_is_not_asked() -> None:
    sellers = seller("a", slots=1, enter_h=1.01), seller("b")
    assert told(blocked([0, 3700], *sellers), *"ba").each("ended_s") == [60, 3760]


def test_slots_that_move_serve_those_who_wait() -> None:
    moving, four = {"at_hours": [[0, 1], [1.5, 2]]}, {"clients": {"count": 4}}
    by = BY | {"hold_min": 60}
    came = told(blocked([0, 5000], seller("a", slots=moving), by=by, **four), *"aa")
    # One has the slot from 3600 s on, the other that which comes at 5400 s; the first is free at 7200 s.
    assert came.each("ended_s") == [60, 7260]
    assert shams(came) == (4, 0)


def test_repairs_are_waited_for_and_who_is_down_is_not_reached() -> None:
    outage = down((4500, 5400), running="resumes")
    came = told(blocked([0, 4000], seller("a", slots=1, **outage)), *"aa")
    assert came.each("ended_s") == [60, 3600 + 1800 + 900 + 60]
    lost = told(blocked([0, 4000], seller("a", slots=1, **down((4500, 5400)))), *"aa")
    assert lost.each("ended_s") == [60, 5460]  # the slot is free when the outage begins
    away = told(blocked([0, 3700], seller("a", slots=1, **down((3500, 3650)))), *"aa")
    assert away.each("ended_s") == [60, 3760]
    assert shams(away) == (1, 100)


def test_on_one_machine_it_slows_the_others_as_a_job_does() -> None:
    a = seller("a", latency_min=0.0, batch_curve=CURVE)
    job = {"type": "job", "arrival_s": 3590, "output_tokens": 1000}
    came = told(blocked([job], a, attributes={"expected_output_tokens": 1000}), "a")
    assert came.each("ended_s") == pytest.approx([3600 + 0.03 * 500])  # 500 tokens alone, 500 beside it


def test_the_oracle_knows_how_long_a_slot_is_held() -> None:
    a = seller("a", price_usd=0.01, slots=1)
    scenario = blocked([3700, 5390], a, policy={"kind": "oracle"}) | {"contracts": {}}
    assert told(scenario).each("submitted_s") == [5390]  # 1,700 s late are dearer than home


class Holds(Adversary):
    """Takes a slot of the first contractor every hundred seconds, for 250."""

    acts_every_s = 100.0

    def blocks(self, sight: Sight) -> list[Hold]:
        return [Hold(0, 250.0)]


def test_a_class_of_ones_own_may_take_slots() -> None:
    by = {"class": f"{__name__}:Holds", "who": {"clients": 0.5}}
    came = told(blocked([0, 110], seller("a", slots=2), by=by), *"aa")
    # From 100 s and from 200 s on; the task has the second slot from 110 to 170 s.
    assert came.each("ended_s") == [60, 170]
    full = told(blocked([0, 210], seller("a", slots=2), by=by), *"aa")
    assert full.each("ended_s") == [60, 410]


def test_unlimited_slots_cannot_be_taken() -> None:
    scenario = blocked([0, 3700], seller("a"))
    assert oddities(coalesce_sim.load(scenario))[-1:] == [
        "adversaries[0]: slot_blocking takes slots, which are unlimited"
    ]
    came = told(scenario, *"aa")
    assert came.each("ended_s") == [60, 3760]
    assert not [
        each
        for each in oddities(coalesce_sim.load(blocked([0], seller("a", slots=1))))
        if "unlimited" in each
    ]
