"""What happens next: the events of SimPy's queue, in its order, as a heap of rows.

Of events at the same time urgent ones come first, then those that were scheduled first. An event that nothing
hangs on is not kept; the order of the others does not change by that.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.rows import Table

ARRIVAL: Final[Any] = np.int64(0)
GO_ON: Final[Any] = np.int64(1)
"""An attempt begins, or what it waited for is over."""
GRANTED: Final[Any] = np.int64(2)
"""A slot was given to whoever asked for it."""
DEADLINE: Final[Any] = np.int64(3)
"""A client waits no longer for a slot."""
EITHER: Final[Any] = np.int64(4)
"""A slot or the deadline, whichever came first, is there."""
RELEASED: Final[Any] = np.int64(5)
"""A slot is free to be given on."""
TO_COORDINATE: Final[Any] = np.int64(6)
"""Coordination of a step begins."""
COORDINATED: Final[Any] = np.int64(7)
"""It is over."""
SLOTS_CHANGE: Final[Any] = np.int64(8)
"""Somebody waits at a contractor whose slots change. These are numbers of numpy, for a function is compiled
for every literal."""

_NORMAL: Final = 2**60


URGENT: Final[Any] = np.bool_(True)
NORMAL: Final[Any] = np.bool_(False)
"""Whether an event comes before all others of its time that are not urgent."""


class Event:
    """One event: the place of the job or worker that it is about, or the number of the task; the job's serial
    number, by which one is told from another that has taken its place."""

    at_s: float
    order: int
    kind: int
    subject: int
    serial: int


class Agenda:
    """The time, how many events are pending and were ever scheduled, the last one that was taken, and the
    latest time of all: SimPy's clock ends there, whether or not anything still hangs on it."""

    now_s: float
    pending: int
    scheduled: int
    kind: int
    subject: int
    serial: int
    latest_s: float


@part
def schedule(
    at_s: float,
    kind: int,
    subject: int,
    serial: int,
    urgent: bool,
    events: Table[Event],
    agenda: Agenda,
) -> None:
    """Add an event."""
    order = agenda.scheduled if urgent else agenda.scheduled + _NORMAL
    agenda.scheduled += 1
    agenda.latest_s = max(agenda.latest_s, at_s)
    place = agenda.pending
    agenda.pending += 1
    while place > 0:
        above = (place - 1) >> 1
        other = events[above]
        if other.at_s < at_s or (other.at_s == at_s and other.order < order):
            break
        _copy(other, events[place])
        place = above
    here = events[place]
    here.at_s, here.order, here.kind, here.subject, here.serial = at_s, order, kind, subject, serial


@part
def take_next(events: Table[Event], agenda: Agenda) -> None:
    """Go on to the next event; there must be one."""
    first = events[0]
    agenda.now_s, agenda.kind = first.at_s, first.kind
    agenda.subject, agenda.serial = first.subject, first.serial
    agenda.pending -= 1
    moved, count, place = events[agenda.pending], agenda.pending, 0
    while True:
        below = 2 * place + 1
        if below >= count:
            break
        if below + 1 < count and _before(events[below + 1], events[below]):
            below += 1
        if not _before(events[below], moved):
            break
        _copy(events[below], events[place])
        place = below
    _copy(moved, events[place])


@part
def _before(one: Event, other: Event) -> bool:
    return one.at_s < other.at_s or (one.at_s == other.at_s and one.order < other.order)


@part
def _copy(one: Event, other: Event) -> None:
    other.at_s, other.order, other.kind = one.at_s, one.order, one.kind
    other.subject, other.serial = one.subject, one.serial
