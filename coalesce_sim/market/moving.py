"""Facts of contractors that move, as they are now: entered in the pool's columns when somebody asks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.luck import Luck
from coalesce_sim.market.courses import Course, Courses, course_of
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.queues import Queues
from coalesce_sim.market.roster import Roster
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.scenario.boxes import Box
from coalesce_sim.scenario.clients import ClientGroup, Clients
from coalesce_sim.scenario.moving import Moving, moving_in
from coalesce_sim.scenario.schema import Clock, Scenario

Unit = Callable[[FloatArray], FloatArray]
"""From the unit in which a number is written to that in which it is reckoned with."""

_UNITS: Final[dict[str, Unit]] = {
    "latency_min": lambda minutes: 60 * minutes,
    "slot_usd_per_h": lambda usd: usd / 3600,
    "network_ms": lambda ms: ms / 1000,
    "prefill_tokens_per_s": lambda rate: 1 / rate,
    "decode_tokens_per_s": lambda rate: 1 / rate,
    "input_usd_per_mtok": lambda usd: usd / 1e6,
    "cache_read_usd_per_mtok": lambda usd: usd / 1e6,
    "output_usd_per_mtok": lambda usd: usd / 1e6,
}


Timed = list[tuple[str, FloatArray]]
"""Known times of work by type, an entry a contractor, and the field that each follows from."""


class Column(NamedTuple):
    """A column of the pool, in which the numbers of some contractors move: `moves` says of whom. `unit` is
    that of the column, for what is written in another."""

    values: FloatArray
    courses: Courses
    moves: BoolArray
    unit: Unit

    def course(self, who: int) -> Course:
        """How the number of a contractor in whom it moves does so."""
        course = self.courses.of(who)
        return course._replace(values=self.unit(course.values))


class MovingFacts:
    """What is listed, claimed and agreed on, where it moves.

    Only the columns' entries of those who are asked for are brought up to date, and only when they have
    changed, so that a task takes as long as it does with facts that stand still.
    """

    def __init__(self, pool: Pool, timed: Timed, queues: Queues, clock: Clock, luck: Luck) -> None:
        self._queues = queues
        self.columns: list[Column] = []
        self._next_s = np.full(len(pool), math.inf)
        for name, values, whose in [*_columns(pool, queues.slots), *((name, s, None) for name, s in timed)]:
            courses = courses_of(name, pool.roster, clock, luck)
            if courses is not None:
                moves = courses.moves if whose is None else courses.moves & whose
                unit = _UNITS.get(name.rpartition(".")[2], _as_it_is)
                self.columns.append(Column(values, courses, moves, unit))
                self._next_s[moves] = 0.0

    def turn(self, now_s: float, ids: IntArray) -> IntArray:
        """Bring what is known of the contractors `ids` up to now; those of whom something has changed."""
        due: IntArray = ids[self._next_s.take(ids) <= now_s]
        for who in due.tolist():
            next_s = math.inf
            for values, courses, moves, unit in self.columns:
                if moves[who]:
                    course = courses.of(who)
                    place = course.place(now_s)
                    values[who] = unit(course.values[place : place + 1])[0]
                    if values is self._queues.slots:
                        self._queues.contractor(who)
                    if place + 1 < len(course.at_s):
                        next_s = min(next_s, float(course.at_s[place + 1]))
            self._next_s[who] = next_s
        return due


def moving_facts(
    scenario: Scenario, pool: Pool, service_s: FloatArray, queues: Queues, luck: Luck
) -> MovingFacts | None:
    """What moves in the columns of the pool, in that of its slots and in its known times of work, (types,
    contractors); None where nothing does."""
    names = [f"outcomes.{name}.latency_min" for name in scenario.workload.types]
    timed = list(zip(names, service_s, strict=True))
    return MovingFacts(pool, timed, queues, scenario.clock, luck) if any(pool.roster.moving) else None


def courses_of(
    name: str, roster: Roster, clock: Clock, luck: Luck, adapted_as: str | None = None
) -> Courses | None:
    """The courses of a field, in the unit in which it is written; None where it moves in nobody."""
    if not any(name in numbers for numbers in roster.moving):
        return None
    return Courses(name, roster, clock, luck(f"walk.{name}"), adapted_as)


def course_of_home(number: float | Moving, name: str, clock: Clock, luck: Luck) -> Course | None:
    """The course of a number of the clients, all of whom it moves in alike; None where it stands still."""
    if not isinstance(number, Moving):
        return None
    draws = luck(f"walk.{name}")
    return course_of(number, name, clock, lambda count: draws.of_tasks(LOCAL, 0, count))


def outcome_courses(
    scenario: Scenario, roster: Roster, luck: Luck, *fields: str
) -> dict[tuple[int, str], Courses]:
    """The courses of what is stated by type of task, where it moves in any contractor."""
    found = {
        (type_id, field): courses_of(f"outcomes.{name}.{field}", roster, scenario.clock, luck)
        for type_id, name in enumerate(scenario.workload.types)
        for field in fields
    }
    return {place: courses for place, courses in found.items() if courses is not None}


class Success:
    """How good everybody's work is at any time, where that moves: `moves` says of whom, of the clients' homes
    by its last entries."""

    def __init__(
        self,
        stated: Courses | None,
        claimed: Courses | None,
        who_claims: BoolArray,
        homes: Sequence[Course | None],
    ) -> None:
        self._stated, self._claimed, self._homes = stated, claimed, homes
        nobody = np.zeros(len(who_claims), dtype=bool)
        self._as_stated = nobody if stated is None else stated.moves
        as_claimed = nobody if claimed is None else claimed.moves & who_claims
        self.moves: BoolArray = np.append(
            self._as_stated | as_claimed, [course is not None for course in homes]
        )

    def of(self, column: int) -> Course:
        """The probability that work is good which the worker of an entry delivers, in whom it moves; homes
        count from the end."""
        if column < 0:
            home = self._homes[column]
            assert home is not None
            return home
        courses = self._stated if self._as_stated[column] else self._claimed
        assert courses is not None
        return courses.of(column)


def moving_success(scenario: Scenario, roster: Roster, luck: Luck) -> Success | None:
    """The success that moves; None where none does. Where a contractor states none it is as good as it
    claims."""
    clock = scenario.clock
    stated = courses_of("success", roster, clock, luck)
    claimed = courses_of("reliability", roster, clock, luck, adapted_as="success")
    homes = [course_of_home(home.success, "success", clock, luck) for home in scenario.clients.homes]
    if stated is None and claimed is None and not any(homes):
        return None
    silent = [
        kind.success is None and "success" not in numbers
        for kind, numbers in zip(roster.kinds, roster.moving, strict=True)
    ]
    claims = np.array(silent)[roster.kind]
    return Success(stated, claimed, claims, homes)


def told(scenario: Scenario, roster: Roster, luck: Luck) -> list[dict[str, Course]]:
    """What moves of each contractor: its course, as it is written, by field."""
    clock = scenario.clock
    found: list[dict[str, Course]] = [{} for _ in roster.names]
    for name in dict.fromkeys(name for numbers in roster.moving for name in numbers):
        courses = courses_of(name, roster, clock, luck)
        if courses is not None:
            for who in np.flatnonzero(courses.moves).tolist():
                found[who][name] = courses.of(who)
    success = moving_success(scenario, roster, luck)
    if success is not None:
        for who in np.flatnonzero(success.moves[: len(found)]).tolist():
            found[who]["success"] = success.of(who)
    return found


def told_of_homes(stated: Clients | ClientGroup | Box, clock: Clock, luck: Luck) -> dict[str, Course]:
    """What moves of the homes of clients, or of a group, by field, but for rents (`rent_of`)."""
    numbers = moving_in(stated)
    courses = {
        name: course_of_home(numbers[name], name, clock, luck)
        for name in ("price_usd", "success", "budget_usd_per_day")
        if name in numbers
    }
    return {name: course for name, course in courses.items() if course is not None}


def _columns(pool: Pool, slots: FloatArray) -> list[tuple[str, FloatArray, BoolArray | None]]:
    """The columns of the pool by the fields that they follow from, where those may move, and in whom they do;
    None for all."""
    rates, roster = pool.tariff.base, pool.roster
    uncached = [
        kind.cache_read_usd_per_mtok is None and "cache_read_usd_per_mtok" not in numbers
        for kind, numbers in zip(roster.kinds, roster.moving, strict=True)
    ]
    as_uncached = np.array(uncached)[roster.kind]
    return [
        ("input_usd_per_mtok", rates.cache_read_usd_per_token, as_uncached),
        ("slots", slots, None),
        ("price_usd", pool.base_price_usd, None),
        ("latency_min", pool.latency_s, None),
        ("network_ms", pool.network_s, None),
        ("prefill_tokens_per_s", pool.prefill_s_per_token, None),
        ("decode_tokens_per_s", pool.decode_s_per_token, None),
        ("reliability", pool.reliability, None),
        ("own_cost_share", pool.own_cost_share, None),
        ("slot_usd_per_h", pool.own_usd_per_s, None),
        ("security_risk", pool.security_risk, None),
        ("quality_risk", pool.quality_risk, None),
        ("unreachable_rate", pool.unreachable_rate, None),
        ("input_usd_per_mtok", rates.input_usd_per_token, None),
        ("cache_read_usd_per_mtok", rates.cache_read_usd_per_token, None),
        ("output_usd_per_mtok", rates.output_usd_per_token, None),
        ("request_usd", rates.request_usd, None),
    ]


def _as_it_is(values: FloatArray) -> FloatArray:
    return values
