"""Slots and who waits for them, compiled: `market.queues` and SimPy's resources, in their words.

Workers are the contractors and, after them, the clients. A job joins a queue in its owner's books first and
asks for a slot then; the two queues differ while work is on its way.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.compiled.agenda import GRANTED, NORMAL, RELEASED, Agenda, Event, schedule
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.rows import Table

NOBODY: Final[Any] = np.int64(-1)
"""Ends lists of places."""


class Worker:
    """A capacity queue. `users` have a slot, `asking` wait for one, from `first_asking` on; in the books
    `waiting` wait, from `first_waiting` on, and `at_work` are at work: their times lie from `first_end`."""

    limited: bool
    slots: int
    waiting: int
    at_work: int
    network_s: float
    coming: int
    queue_limit: int
    first_end: int
    users: int
    asking: int
    first_asking: int
    last_asking: int
    first_waiting: int
    last_waiting: int
    queued_s: float
    busy_s: float


@part
def has_slots(worker: Worker) -> bool:
    """Whether anything can be done there."""
    return not worker.limited or worker.slots > 0


class Waiting:
    """A job in the books of a queue: when it arrives, how long it is expected to take, and who follows."""

    arrival_s: float
    expected_s: float
    next: int


class Books(NamedTuple):
    """What queues keep: the workers, those who wait, and by slot the times `ENDS`, at which work is expected
    to end, and `FREE`, at which slots really will be free; the latter only where the oracle asks. Last comes
    room for as many times as anybody has slots."""

    workers: Table[Worker]
    waiting: Table[Waiting]
    times_s: FloatArray


ROOM: Final = 0
ENDS: Final = 1
FREE: Final = 2
"""Rows of `Books.times_s`."""


@part
def jobs_of(worker: Worker) -> int:
    """`Queue.jobs`."""
    return worker.waiting + worker.at_work if worker.limited else 0


@part
def takes_in(worker: Worker) -> bool:
    """`Queue.takes_in`; a `queue_limit` below 0 is none."""
    if not worker.limited:
        return True
    most = worker.slots + worker.queue_limit
    return worker.slots > 0 and (worker.queue_limit < 0 or jobs_of(worker) + worker.coming < most)


@part
def expected_wait_s(worker: Worker, now_s: float, arrival_s: float, books: Books) -> float:
    """`Queue.expected_wait_s`."""
    jobs, slots = jobs_of(worker), worker.slots
    if not worker.limited or jobs < slots or slots == 0:
        return 0.0
    count: Any = np.int64(0)
    first, times_s = worker.first_end, books.times_s
    for place in range(first, first + worker.at_work):
        count = _enter(times_s[ENDS, place], count, times_s)
    place = worker.first_waiting
    for _ in range(min(slots - worker.at_work, worker.waiting)):
        waits = books.waiting[place]
        if waits.arrival_s <= now_s:
            count = _enter(now_s + waits.expected_s, count, times_s)
        place = waits.next
    turn = jobs - slots
    if turn < count:
        return float(max(0.0, times_s[ROOM, turn] - arrival_s))
    left_s = 0.0
    for place in range(first, first + worker.at_work):
        if times_s[ENDS, place] > now_s:
            left_s += times_s[ENDS, place] - now_s
    return max(0.0, now_s + (worker.queued_s + left_s) / slots - arrival_s)


@part
def _enter(at_s: float, count: int, times_s: FloatArray) -> int:
    """Enter a time among so many that are sorted; how many they are then."""
    place = count
    while place > 0 and times_s[ROOM, place - 1] > at_s:
        times_s[ROOM, place] = times_s[ROOM, place - 1]
        place -= 1
    times_s[ROOM, place] = at_s
    return count + 1


@part
def true_wait_s(worker: Worker, arrival_s: float, books: Books) -> float:
    """`Forecast.wait_s`."""
    if not worker.limited or worker.slots == 0:
        return 0.0
    return float(max(0.0, books.times_s[FREE, first_free(worker, books)] - arrival_s))


@part
def first_free(worker: Worker, books: Books) -> int:
    """Which of its slots will be free first."""
    best = worker.first_end
    for place in range(worker.first_end, worker.first_end + worker.slots):
        if books.times_s[FREE, place] < books.times_s[FREE, best]:
            best = place
    return best


@part
def join(
    place: int, arrival_s: float, expected_s: float, true_s: float, worker: Worker, books: Books
) -> None:
    """`Queue.join`, with the row `place` of those who wait."""
    if len(books.times_s) > FREE:
        free = first_free(worker, books)
        books.times_s[FREE, free] = max(arrival_s, books.times_s[FREE, free]) + true_s
    row = books.waiting[place]
    row.arrival_s, row.expected_s, row.next = arrival_s, expected_s, NOBODY
    if worker.waiting == 0:
        worker.first_waiting = place
    else:
        books.waiting[worker.last_waiting].next = place
    worker.last_waiting = place
    worker.waiting += 1
    worker.queued_s += expected_s


@part
def leave(place: int, worker: Worker, books: Books) -> None:
    """`Queue.leave`."""
    _take_out(place, worker, books)
    _one_less(worker, books.waiting[place].expected_s)


@part
def _take_out(place: int, worker: Worker, books: Books) -> None:
    """Take a row out of the list of those who wait."""
    before, here = NOBODY, worker.first_waiting
    while here != place:
        before, here = here, books.waiting[here].next
    following = books.waiting[place].next
    if before == NOBODY:
        worker.first_waiting = following
    else:
        books.waiting[before].next = following
    if worker.last_waiting == place:
        worker.last_waiting = before


@part
def begin(place: int, now_s: float, expected_s: float, worker: Worker, books: Books) -> float:
    """`Queue.begin` of the job in the row `place` of those who wait: when it is expected to end."""
    _take_out(place, worker, books)
    _one_less(worker, expected_s)
    worker.busy_s -= now_s
    books.times_s[ENDS, worker.first_end + worker.at_work] = now_s + expected_s
    worker.at_work += 1
    return now_s + expected_s


@part
def _one_less(worker: Worker, expected_s: float) -> None:
    worker.waiting -= 1
    worker.queued_s = worker.queued_s - expected_s if worker.waiting else 0.0


@part
def end(now_s: float, expected_end_s: float, worker: Worker, books: Books) -> None:
    """`Queue.end`."""
    worker.busy_s += now_s
    first, last = worker.first_end, worker.first_end + worker.at_work
    place = first
    while books.times_s[ENDS, place] != expected_end_s:
        place += 1
    for following in range(place + 1, last):
        books.times_s[ENDS, following - 1] = books.times_s[ENDS, following]
    worker.at_work -= 1


@part
def resize(
    slots: int, worker: Worker, jobs: Table[Any], books: Books, events: Table[Event], agenda: Agenda
) -> None:
    """`Queue.resize`, `Forecast.resize` and `Slots.resize`."""
    if len(books.times_s) > FREE:
        for last in range(worker.slots - 1, slots - 1, -1):
            worker.slots = last + 1
            books.times_s[FREE, first_free(worker, books)] = books.times_s[FREE, worker.first_end + last]
        for place in range(worker.first_end + worker.slots, worker.first_end + slots):
            books.times_s[FREE, place] = agenda.now_s
    worker.slots = slots
    for _ in range(min(worker.asking, slots - worker.users)):
        give_on(worker, jobs, events, agenda)


@part
def ask(place: int, worker: Worker, jobs: Table[Any], events: Table[Event], agenda: Agenda) -> None:
    """A job asks for a slot; whoever has asked first is given one if one is free."""
    jobs[place].next = NOBODY
    if worker.asking == 0:
        worker.first_asking = place
    else:
        jobs[worker.last_asking].next = place
    worker.last_asking = place
    worker.asking += 1
    give_on(worker, jobs, events, agenda)


@part
def give_on(worker: Worker, jobs: Table[Any], events: Table[Event], agenda: Agenda) -> None:
    """Give a free slot, if there is one, to whoever has asked first."""
    if worker.asking == 0 or (worker.limited and worker.users >= worker.slots):
        return
    place = worker.first_asking
    job = jobs[place]
    worker.first_asking = job.next
    worker.asking -= 1
    worker.users += 1
    job.granted = True
    schedule(agenda.now_s, GRANTED, place, job.serial, NORMAL, events, agenda)


@part
def ask_no_more(place: int, worker: Worker, jobs: Table[Any]) -> None:
    """A job that was not given a slot takes its question back."""
    before, here = NOBODY, worker.first_asking
    while here != place:
        before, here = here, jobs[here].next
    if before == NOBODY:
        worker.first_asking = jobs[place].next
    else:
        jobs[before].next = jobs[place].next
    if worker.last_asking == place:
        worker.last_asking = before
    worker.asking -= 1


@part
def release(number: int, worker: Worker, events: Table[Event], agenda: Agenda) -> None:
    """A slot is given back, to be given on in an event of its own."""
    worker.users -= 1
    schedule(agenda.now_s, RELEASED, number, NOBODY, NORMAL, events, agenda)
