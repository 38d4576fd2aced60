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
from coalesce_sim.scenario.clients import ClientGroup, Clients
from coalesce_sim.scenario.moving import RANGES, Moving, moving_in
from coalesce_sim.scenario.schema import Clock, Scenario

Unit = Callable[[FloatArray], FloatArray]
"""From the unit in which a number is written to that in which it is reckoned with."""

_UNITS: Final[dict[str, Unit]] = {
    "latency_min": lambda minutes: 60 * minutes,
    "network_ms": lambda ms: ms / 1000,
    "prefill_tokens_per_s": lambda rate: 1 / rate,
    "decode_tokens_per_s": lambda rate: 1 / rate,
    "input_usd_per_mtok": lambda usd: usd / 1e6,
    "cache_read_usd_per_mtok": lambda usd: usd / 1e6,
    "output_usd_per_mtok": lambda usd: usd / 1e6,
}


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

    def __init__(self, pool: Pool, queues: Queues, clock: Clock, luck: Luck) -> None:
        self._queues = queues
        self.columns: list[Column] = []
        self._next_s = np.full(len(pool), math.inf)
        for name, values, whose in _columns(pool, queues.slots):
            courses = courses_of(name, pool.roster, clock, luck)
            if courses is not None:
                moves = courses.moves if whose is None else courses.moves & whose
                self.columns.append(Column(values, courses, moves, _UNITS.get(name, _as_it_is)))
                self._next_s[moves] = 0.0

    def turn(self, now_s: float, ids: IntArray) -> None:
        """Bring what is known of the contractors `ids` up to now."""
        for who in ids[self._next_s.take(ids) <= now_s].tolist():
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


def moving_facts(scenario: Scenario, pool: Pool, queues: Queues, luck: Luck) -> MovingFacts | None:
    """What moves in the columns of the pool, and in that of its slots; None where nothing does."""
    return MovingFacts(pool, queues, scenario.clock, luck) if any(pool.roster.moving) else None


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
    for name in RANGES:
        courses = courses_of(name, roster, clock, luck)
        if courses is not None:
            for who in np.flatnonzero(courses.moves).tolist():
                found[who][name] = courses.of(who)
    success = moving_success(scenario, roster, luck)
    if success is not None:
        for who in np.flatnonzero(success.moves[: len(found)]).tolist():
            found[who]["success"] = success.of(who)
    return found


def told_of_homes(stated: Clients | ClientGroup, clock: Clock, luck: Luck) -> dict[str, Course]:
    """What moves of the homes of clients, or of a group, by field."""
    numbers = moving_in(stated)
    courses = {
        name: course_of_home(numbers[name], name, clock, luck)
        for name in ("price_usd", "success")
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
        ("unreachable_rate", pool.unreachable_rate, None),
        ("input_usd_per_mtok", rates.input_usd_per_token, None),
        ("cache_read_usd_per_mtok", rates.cache_read_usd_per_token, None),
        ("output_usd_per_mtok", rates.output_usd_per_token, None),
        ("request_usd", rates.request_usd, None),
    ]


def _as_it_is(values: FloatArray) -> FloatArray:
    return values
