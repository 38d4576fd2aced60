"""How numbers that move go: the values that are written, drawn or read, before anything is played."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray
from coalesce_sim.inputs.history import read_history
from coalesce_sim.luck import Draws, normals
from coalesce_sim.market.roster import Roster
from coalesce_sim.scenario.boxes import Box
from coalesce_sim.scenario.clients import ClientGroup, Clients, Home
from coalesce_sim.scenario.distributions import Distribution
from coalesce_sim.scenario.moving import Moving, Walk
from coalesce_sim.scenario.schema import Clock
from coalesce_sim.streams import Streams

Uniforms = Callable[[int], FloatArray]
"""Gives so many draws on (0, 1)."""


class Course(NamedTuple):
    """A number from the start of the run on: ``values[i]`` from ``at_s[i]`` on, of which the first is 0."""

    at_s: FloatArray
    values: FloatArray

    def place(self, now_s: float) -> int:
        """Which of the values holds now."""
        return int(self.at_s.searchsorted(now_s, side="right")) - 1

    def value(self, now_s: float) -> float:
        """What the number is now."""
        return float(self.values[self.place(now_s)])

    def values_at(self, when_s: FloatArray) -> FloatArray:
        """What the number is at those times."""
        values: FloatArray = self.values[self.at_s.searchsorted(when_s, side="right") - 1]
        return values


def course_of(number: Moving, name: str, clock: Clock, luck: Uniforms) -> Course:
    """The course of a number in a field of that name; a walk is drawn by its luck."""
    if number.at_hours is not None:
        return listed_course(number.at_hours)
    if number.csv is not None:
        hours, values = read_history(number.csv, name, clock.start)
        return Course(3600 * hours, values)
    if number.trend is not None:
        at_s = _times(number.trend.every_min, clock)
        days: FloatArray = at_s / 86_400
        return Course(at_s, number.trend.start + number.trend.per_day * days)
    assert number.walk is not None
    at_s = _times(number.walk.every_min, clock)
    return Course(at_s, _walked(number.walk, luck(len(at_s) - 1)))


def course_by(
    number: Distribution | Moving, name: str, clock: Clock, luck: Callable[[], np.random.Generator]
) -> Distribution | Course:
    """The course of a number that moves, drawn from a stream; a distribution as it is."""
    if not isinstance(number, Moving):
        return number
    return course_of(number, name, clock, lambda count: luck().random(count))


def rent_of(home: Home | ClientGroup | Clients | Box, clock: Clock, streams: Streams) -> Course | None:
    """What a slot costs in an hour, where that is stated; a walk is one and the same for all who state it."""
    name, stated = "slot_usd_per_h", home.slot_usd_per_h
    if stated is None:
        return None
    if not isinstance(stated, Moving):
        return Course(np.zeros(1), np.array([stated]))
    return course_of(stated, name, clock, lambda count: streams(f"walk.{name}").random(count))


def listed_course(at_hours: Sequence[Sequence[float]]) -> Course:
    """The course that is written down, in pairs of an hour and a value."""
    hours, values = np.array(at_hours).T
    return Course(3600 * hours, values)


def _times(every_min: float, clock: Clock) -> FloatArray:
    """When a number moves that does so regularly, up to the end of the clock."""
    steps: FloatArray = np.arange(math.floor(clock.horizon_s / (60 * every_min)) + 1, dtype=np.float64)
    return 60 * every_min * steps


def _walked(walk: Walk, luck: FloatArray) -> FloatArray:
    """A free walk, folded at its bounds: of the same law as one that turns round there, for its steps are
    symmetric (the reflection principle)."""
    sd = walk.sd_per_sqrt_h * math.sqrt(walk.every_min / 60)
    free: FloatArray = np.cumsum(np.concatenate(([walk.start], sd * normals(luck))))
    width = walk.high - walk.low
    off = np.mod(free - walk.low, 2 * width)
    values: FloatArray = np.clip(walk.low + np.minimum(off, 2 * width - off), walk.low, walk.high)
    values[0] = walk.start
    return values


class Courses:
    """The courses of one field of contractors; each is laid out when somebody first asks for it.

    `moves` says in whom the field moves. A drawn contractor's own numbers follow from its type's as
    `Roster.adapted` says, by `adapted_as` where that is another field.
    """

    def __init__(
        self, name: str, roster: Roster, clock: Clock, draws: Draws, adapted_as: str | None = None
    ) -> None:
        self._name, self._clock, self._draws = name, clock, draws
        self._kind, self._numbers = roster.kind, [each.get(name) for each in roster.moving]
        self._adapted = roster.adapted.get(adapted_as or name)
        self.moves: BoolArray = np.array([each is not None for each in self._numbers])[roster.kind]
        self._laid_out: dict[int, Course] = {}

    def of(self, who: int) -> Course:
        """The course of a contractor in whom it moves."""
        course = self._laid_out.get(who)
        if course is None:
            number = self._numbers[self._kind[who]]
            assert number is not None
            course = course_of(
                number, self._name, self._clock, lambda count: self._draws.of_tasks(who, 0, count)
            )
            if self._adapted is not None:
                course = course._replace(values=self._adapted.of(course.values, who))
            self._laid_out[who] = course
        return course
