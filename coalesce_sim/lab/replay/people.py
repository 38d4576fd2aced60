"""Who is drawn: the clients and contractors of a market with their machines, and those who are summed up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.lab.replay.columns import Machines, Workers
from coalesce_sim.market.logged.trade import LoggedTrade
from coalesce_sim.market.market import Market
from coalesce_sim.numbers import plural
from coalesce_sim.reputation.ratings import first_scores
from coalesce_sim.scenario.schema import Scenario

MOST_CLIENTS, MOST_CONTRACTORS = 40, 60
"""How many rows of each are drawn; of more, those with the least work are summed up in one row."""

Slots = tuple[tuple[float, int | None], ...]

HONEST_KINDS = ("honest", "absent")
"""Strategies of those who do nothing wrong."""


class People(NamedTuple):
    """Everybody in a market, clients first, and the machines they work on."""

    workers: Workers
    machines: Machines


def everybody(market: Market, scenario: Scenario) -> People:
    """All clients and contractors of a market that has been played; `scenario` is that which was."""
    clients, pool, queues = scenario.clients, market.pool, market.queues
    logged = isinstance(market.trade, LoggedTrade)
    names: list[str] = []
    slots: list[Slots] = []
    places: dict[tuple[str, int | str], int] = {}

    def machine(key: tuple[str, int | str], name: str, has: Slots) -> int:
        if key not in places:
            places[key] = len(names)
            names.append(name)
            slots.append(((0.0, None),) if logged else has)
        return places[key]

    machine_of = []
    for client in range(clients.total):
        group = clients.of(client)
        limit = _limit(group.home.slots, group.home.batch_curve)
        key = ("home", client) if group.box is None else ("box", group.box)
        machine_of.append(machine(key, group.box or "", ((0.0, limit),)))
    for who, box in enumerate(pool.boxes):
        has: Slots = ((0.0, _limit(pool.slots[who], pool.curves[who])),)
        if who in queues.slot_courses:
            course = queues.slot_courses[who]
            has = tuple(
                (at_s, int(many))
                for at_s, many in zip(course.at_s.tolist(), course.values.tolist(), strict=True)
            )
        key = ("contractor", who) if box is None else ("box", box)
        machine_of.append(machine(key, box or "", has))
    shared = np.bincount(np.array(machine_of, dtype=np.int64), minlength=len(names)) > 1
    told = tuple(name if several else "" for name, several in zip(names, shared.tolist(), strict=True))
    return People(_workers(market, scenario, machine_of), Machines(told, tuple(slots)))


def _limit(slots: Any, curve: Any) -> int | None:
    """How many work at once: where a machine serves all its jobs at once, those that it takes."""
    if curve is not None:
        return int(curve.max_jobs)
    return int(slots) if isinstance(slots, int) else None


def _workers(market: Market, scenario: Scenario, machine_of: Sequence[int]) -> Workers:
    clients, pool = scenario.clients, market.pool
    of_clients, presence, owner = clients.total, pool.roster.presence, pool.owner.tolist()
    strategies = [""] * (of_clients + len(pool))
    for part, chosen in zip(() if pool.cast is None else pool.cast.parts, scenario.adversaries, strict=True):
        kind = getattr(chosen, "kind", "own strategy")
        if kind in HONEST_KINDS:
            continue
        for client in part.clients:
            strategies[client] = kind
        for agent in part.agents:
            for who in agent.names:
                strategies[of_clients + who] = kind
    if scenario.reputation is None:
        score = pool.reliability
    else:
        score = first_scores(scenario.reputation, pool.reliability)
    names = [f"client {client}" for client in range(of_clients)]
    return Workers(
        name=(*names, *pool.names),
        is_client=np.arange(of_clients + len(pool)) < of_clients,
        kind=(*(clients.group_names or ("",) * of_clients), *pool.types),
        owner=(
            *("",) * of_clients,
            *("" if whose == who else pool.names[whose] for who, whose in enumerate(owner)),
        ),
        strategy=tuple(strategies),
        machine=np.array(machine_of, dtype=np.int64),
        enter_s=np.append(np.zeros(of_clients), presence.enter_s).round(3),
        leave_s=np.append(np.full(of_clients, np.inf), presence.leave_s).round(3),
        stands_for=np.ones(of_clients + len(pool), dtype=np.int64),
        first_score=np.append(np.full(of_clients, np.nan), score).round(4),
    )


class Drawn(NamedTuple):
    """Those who are drawn; `place_of` says where each of everybody is now, -1 for those who never entered,
    and `told` who is summed up, empty if nobody is."""

    people: People
    place_of: IntArray
    told: str


def drawn(people: People, jobs_of: IntArray, until_s: float) -> Drawn:
    """Of everybody who enters before `until_s` those with the most jobs, all who share a machine together;
    `jobs_of` counts them by worker. The others become one row of clients and one of contractors."""
    workers = people.workers
    there = (workers.enter_s < until_s) & (workers.enter_s < workers.leave_s)
    sides = ((workers.is_client, MOST_CLIENTS), (~workers.is_client, MOST_CONTRACTORS))
    kept = [_busiest(np.flatnonzero(side & there), workers.machine, jobs_of, most) for side, most in sides]
    left = [
        np.setdiff1d(np.flatnonzero(side & there), keep) for (side, _), keep in zip(sides, kept, strict=True)
    ]
    place_of = np.full(len(workers.name), -1, dtype=np.int64)
    rows: list[IntArray] = []
    told = []
    for keep, others, word in zip(kept, left, ("client", "contractor"), strict=True):
        place_of[keep] = len(rows) + np.arange(len(keep))
        rows += [np.array([who]) for who in keep.tolist()]
        if len(others):
            place_of[others] = len(rows)
            rows.append(others)
            all_of = plural(len(keep) + len(others), word)
            told.append(f"Of {all_of} those {len(keep)} with the most work have rows, all others share one.")
    return Drawn(_summed(people, rows), place_of, " ".join(told))


def _busiest(who: IntArray, machine: IntArray, jobs_of: IntArray, most: int) -> IntArray:
    """Those of the busiest machines, as many as there is room for, in their own order; one place is kept for
    the others."""
    if len(who) <= most:
        return who
    of_machine = np.bincount(machine[who], jobs_of[who], minlength=int(machine.max()) + 1)
    kept: list[int] = []
    for each in np.argsort(-of_machine, kind="stable")[: np.count_nonzero(of_machine)].tolist():
        names = who[machine[who] == each].tolist()
        if len(kept) + len(names) < most:
            kept += names
        if len(kept) == most - 1:
            break
    return np.sort(np.array(kept, dtype=np.int64))


def _summed(people: People, rows: Sequence[IntArray]) -> People:
    """One worker a row; several in one row become one, with all their slots."""
    workers, machines = people
    firsts = np.array([row[0] for row in rows], dtype=np.int64)
    several = [len(row) > 1 for row in rows]
    place: dict[tuple[int, ...], int] = {}
    machine_of = []
    for row in rows:
        key = tuple(sorted(set(workers.machine[row].tolist())))
        machine_of.append(place.setdefault(key, len(place)))

    def column(values: Sequence[str]) -> tuple[str, ...]:
        firsts_of = (values[first] for first in firsts.tolist())
        return tuple("" if many else value for many, value in zip(several, firsts_of, strict=True))

    def times(values: FloatArray, otherwise: float) -> FloatArray:
        return np.where(several, otherwise, values[firsts])

    names = [
        plural(len(row), "other client" if workers.is_client[row[0]] else "other contractor")
        if many
        else workers.name[row[0]]
        for row, many in zip(rows, several, strict=True)
    ]
    return People(
        Workers(
            name=tuple(names),
            is_client=workers.is_client[firsts],
            kind=column(workers.kind),
            owner=column(workers.owner),
            strategy=column(workers.strategy),
            machine=np.array(machine_of, dtype=np.int64),
            enter_s=times(workers.enter_s, 0.0),
            leave_s=times(workers.leave_s, np.inf),
            stands_for=np.array([len(row) for row in rows], dtype=np.int64),
            first_score=times(workers.first_score, np.nan),
        ),
        Machines(
            tuple(machines.name[key[0]] if len(key) == 1 else "" for key in place),
            tuple(_all_slots([machines.slots[each] for each in key]) for key in place),
        ),
    )


def _all_slots(several: Sequence[Slots]) -> Slots:
    """The slots of several machines together, unlimited where any of them are or change."""
    if len(several) == 1:
        return several[0]
    counts = [steps[0][1] if len(steps) == 1 else None for steps in several]
    if None in counts:
        return ((0.0, None),)
    return ((0.0, sum(count for count in counts if count is not None)),)
