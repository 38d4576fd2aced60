"""Whatever comes in whatever order, and wherever a sweep is interrupted: the same runs are asked for."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from coalesce_sim.sweeps.agenda import Agenda
from coalesce_sim.sweeps.plan import Plan
from coalesce_sim.sweeps.playing import Run
from coalesce_sim.sweeps.shards import Done
from tests.sweeps.small import planned, row

PRECISE = {"metric": "cost_reduction", "half_width": 0.6, "look_ahead": 2, "minimum": 3, "cap": 30}


@cache
def plan_of(*, precise: bool) -> Plan:
    return planned(replications=PRECISE if precise else 4)


def value_of(run: Run) -> float:
    """What a run comes to: it follows from the run, as in a market; wider from point to point."""
    return (1 + run.point) * float(np.random.default_rng((run.point, run.replication)).normal())


def fails(run: Run) -> bool:
    return (7 * run.point + run.replication) % 11 == 5


def store_of(made: set[Run]) -> Done:
    runs = sorted(made, key=lambda run: (run.point, run.replication))
    return Done(
        np.array([run.point for run in runs], dtype=np.int64),
        np.array([run.replication for run in runs], dtype=np.int32),
        np.zeros(len(runs), dtype=np.int32),
        np.array([fails(run) for run in runs], dtype=np.bool_),
        np.array([np.nan if fails(run) else value_of(run) for run in runs], dtype=np.float64),
    )


def play(plan: Plan, made: set[Run], chance: random.Random, until: int | None = None) -> set[Run]:
    """Take, play in any order and tell, until nothing is left or so many are made; what there is then."""
    agenda, under_way, made = Agenda(plan, store_of(made)), [], set(made)
    played: set[Run] = set()
    while until is None or len(played) < until:
        under_way += agenda.take(chance.randint(1, 5))
        if not under_way:
            assert not agenda.pending()
            assert agenda.points_done == agenda.points
            break
        chance.shuffle(under_way)
        run = under_way.pop()
        assert run not in made, "played twice"
        made.add(run)
        played.add(run)
        agenda.told([row(run.point, run.replication, value_of(run), error="no" if fails(run) else None)])
    return made


@cache
def undisturbed(*, precise: bool) -> frozenset[Run]:
    return frozenset(play(plan_of(precise=precise), set(), random.Random(0)))


@given(st.integers(0, 2**32), st.lists(st.integers(0, 25), max_size=4), st.booleans())
@settings(max_examples=30)
def test_interrupted_anywhere_and_in_any_order_the_same_runs_are_made(
    seed: int, interruptions: list[int], precise: bool
):
    chance, plan, made = random.Random(seed), plan_of(precise=precise), set[Run]()
    for until in interruptions:
        made = play(plan, made, chance, until)
    assert play(plan, made, chance) == undisturbed(precise=precise)


@given(st.integers(0, 2**32), st.floats(0, 1))
@settings(max_examples=30)
def test_whatever_part_of_the_rows_is_there_only_the_rest_is_made(seed: int, share: float):
    chance = random.Random(seed)
    runs = sorted(undisturbed(precise=True), key=str)
    there = {run for run in runs if chance.random() < share}
    assert play(plan_of(precise=True), there, chance) == undisturbed(precise=True)


def test_points_stop_at_different_numbers_of_replications():
    made = undisturbed(precise=True)
    counts = [sum(run.point == point for run in made) for point in range(3)]
    assert counts == sorted(counts)
    assert len(set(counts)) > 1
    assert len(undisturbed(precise=False)) == 3 * 4


def test_failed_runs_are_made_again_only_on_demand():
    plan, made = plan_of(precise=False), set(undisturbed(precise=False))
    failed = {run for run in made if fails(run)}
    assert failed
    assert Agenda(plan, store_of(made)).take(100) == []
    again = Agenda(plan, store_of(made), again=True)
    assert set(again.take(100)) == failed
    assert again.points_done == 3 - len({run.point for run in failed})
    again.told([row(run.point, run.replication) for run in failed])
    assert again.points_done == 3


def test_runs_are_handed_out_point_by_point():
    runs = Agenda(plan_of(precise=False), store_of(set())).take(6)
    assert [(run.point, run.replication) for run in runs] == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1)]
