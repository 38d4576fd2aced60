"""All queues of a market, clients' own and contractors', and what one may expect of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial

import numpy as np
import simpy

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.batches import Batch
from coalesce_sim.market.courses import Course, listed_course
from coalesce_sim.market.first_come import Occupied, Queue, Waiting
from coalesce_sim.market.outages import Breakdowns, Uptime
from coalesce_sim.market.pool import Pool
from coalesce_sim.scenario.batching import BatchCurve
from coalesce_sim.scenario.schema import Scenario


class Workers(dict[int, Queue]):
    """The queues of workers by number, who have so many `slots` each; made when they are first looked at, for
    most contractors of a large market never get work.

    `machines` says who share one, by one number for each, -1 where it is counted elsewhere; None where nobody
    does.
    """

    def __init__(
        self,
        slots: Sequence[int | None],
        make: Callable[[int], Queue],
        machines: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.slots, self._make, self._machines = slots, make, machines
        self._worked_s: list[float] | None = None

    def __missing__(self, number: int) -> Queue:
        queue = self[number] = self._make(number)
        return queue

    def take_over(self, worked_s: list[float]) -> None:
        """Enter the working time of each, which was played elsewhere."""
        self._worked_s = worked_s

    def utilisation(self, now_s: float, among: range | None = None) -> float:
        """Share of the slots' time, up to now, that was worked in, of all or `among` some; NaN where slots
        are unlimited or none."""
        among = range(len(self.slots)) if among is None else among
        if self._machines is not None:
            return self._of_machines(now_s, among, self._machines)
        slots = self.slots[among.start : among.stop]
        if None in slots or now_s == 0:
            return math.nan
        total = sum(count for count in slots if count is not None)
        if self._worked_s is None:
            worked_s = [self[number].busy_s for number in sorted(self) if number in among]
        else:
            worked_s = self._worked_s[among.start : among.stop]
        return _added(worked_s) / (total * now_s) if total else math.nan

    def utilisation_of(self, there_s: FloatArray, now_s: float) -> float:
        """The same of those who come and go, each in the market for so long; a machine that some share is
        there for as long as one of them. What is worked after that, on what was taken on before, is slot time
        too."""
        there: dict[int, float] = {}
        for who in np.flatnonzero(there_s > 0).tolist():
            machine = who if self._machines is None else self._machines[who]
            if machine >= 0:
                there[machine] = max(there.get(machine, 0.0), float(there_s[who]))
        slots = {machine: self.slots[machine] for machine in there}
        if None in slots.values():
            return math.nan
        always = sum(count or 0 for machine, count in slots.items() if there[machine] == now_s)
        kept = self._worked_s
        worked_s = {
            machine: self[machine].busy_s if kept is None else kept[machine] for machine in sorted(there)
        }
        passing = (
            max((count or 0) * there[machine], worked_s[machine])
            for machine, count in slots.items()
            if there[machine] < now_s
        )
        slots_s = always * now_s + _added(passing)
        return _added(worked_s.values() if kept is None else kept) / slots_s if slots_s else math.nan

    def _of_machines(self, now_s: float, among: range, machines: Sequence[int]) -> float:
        """The same where some share machines, which count once."""
        counted = {machines[number]: number for number in reversed(among) if machines[number] >= 0}
        numbers, kept = sorted(counted.values()), self._worked_s
        slots = [self.slots[number] for number in numbers]
        if None in slots or now_s == 0:
            return math.nan
        total = sum(count for count in slots if count is not None)
        worked_s = (self[at].busy_s if kept is None else kept[machines[at]] for at in numbers)
        return _added(worked_s) / (total * now_s) if total else math.nan


def _added(values: Iterable[float]) -> float:
    """The sum in order: `sum` rounds otherwise from Python 3.12 on."""
    total = 0.0
    for each in values:
        total += each
    return total


class Sharing:
    """What a job would meet that came now to machines that serve all their jobs at once: the `s_per_token` it
    would write at, in a `crowd` of so many. An entry a contractor, 0 and 1 for those who have slots."""

    def __init__(self, curves: Sequence[BatchCurve | None]) -> None:
        self._curves = curves
        self.s_per_token, self.crowd = np.zeros(len(curves)), np.ones(len(curves))
        for contractor, curve in enumerate(curves):
            if curve is not None:
                self.expect(contractor, 1)

    def expect(self, contractor: int, jobs: int) -> None:
        """With one more, so many are at work or wait."""
        curve = self._curves[contractor]
        assert curve is not None
        crowd = min(jobs, curve.max_jobs)
        self.s_per_token[contractor], self.crowd[contractor] = curve.s_per_token(crowd), crowd


def _listed_courses(pool: Pool, name: str) -> dict[int, Course]:
    """How a whole number of contractors changes, of those of whom it does."""
    courses = {
        kind: listed_course(number.at_hours)
        for kind, numbers in enumerate(pool.roster.moving)
        if (number := numbers.get(name)) is not None and number.at_hours is not None
    }
    return {who: courses[kind] for who, kind in enumerate(pool.roster.kind.tolist()) if kind in courses}


class Queues:
    """All queues of a market, and what one may expect of them.

    `slot_courses` are how the slots of contractors change, of those of whom they do;
    `jobs` are those that wait or are at work at each contractor, and at `shared_boxes` those of all who are
    on them; `slots` are what each contractor has as far as it was last looked at, infinite where that is
    unlimited; `outages` are the contractors', None where nobody has any;
    `arrivals` counts the tasks decided on by machine, of which each client has one (`machine_of`);
    `sharing` is how machines that serve all their jobs at once would do with one more, None where no
    contractor has one.
    """

    def __init__(
        self, env: simpy.Environment, scenario: Scenario, pool: Pool, outages: Breakdowns | None = None
    ) -> None:
        self.env, self.outages = env, outages
        at_home: list[int | None] = []
        curves: list[BatchCurve | None] = []
        boxes: list[str | None] = []
        for each in scenario.clients.populations:
            at_home += [None if each.home.slots == "unlimited" else each.home.slots] * each.count
            curves += [each.home.batch_curve] * each.count
            boxes += [each.box] * each.count
        self.arrivals = [0] * scenario.clients.total
        self.machine_of: list[int] = scenario.clients.machine_of.tolist()
        self._boxes: dict[str, Queue] = {}
        self._box_of_client = boxes
        self._on_box: dict[str, list[int]] = {}
        for who, name in enumerate(pool.boxes):
            if name is not None:
                self._on_box.setdefault(name, []).append(who)
        shared = self.machine_of if any(boxes) else None
        self.homes = Workers(
            at_home, lambda client: self._at_home(at_home[client], curves[client], boxes[client]), shared
        )
        self.jobs = np.zeros(len(pool))
        self._without_free_slot: set[int] = set()
        self.sharing = Sharing(pool.curves) if any(pool.curves) else None
        self._curves, self._first_slots = pool.curves, pool.slots
        self._box_of = pool.boxes
        there = Counter(name for name in (*boxes, *pool.boxes) if name is not None)
        self.shared_boxes = frozenset(name for name, agents in there.items() if agents > 1)
        self.slot_courses = _listed_courses(pool, "slots")
        self._limits, self._limit_courses = pool.queue_limit, _listed_courses(pool, "queue_limit")
        self._woken: set[int] = set()
        always = [None if who in self.slot_courses else slots for who, slots in enumerate(pool.slots)]
        self.contractors = Workers(always, self._at_contractor, self._machines(set(boxes)))
        self.slots = np.array([np.inf if each is None else each for each in pool.slots])
        self.network_s = pool.network_s
        self.limited_at_contractors = any(slots is not None for slots in pool.slots)
        self.limited = self.limited_at_contractors or any(slots is not None for slots in at_home)
        self._networked = bool(self.network_s.any())

    def set_moment(
        self,
        now_s: float,
        client: int,
        arrivals: int,
        waiting: Iterable[Waiting],
        expected_ends_s: list[float],
        queued_s: float,
    ) -> None:
        """Have it be a moment of what is played elsewhere, as far as a client's estimate of home goes: the
        time, how many tasks have come to the client, and its own queue (`Queue.take_over`)."""
        self.env, self.arrivals[client] = simpy.Environment(now_s), arrivals
        self.homes[client].take_over(waiting, expected_ends_s, queued_s)

    def take_over(self, worked_s: list[float]) -> None:
        """Enter the working time of all contractors and, after them, of all clients' own GPUs, which was
        played elsewhere."""
        contractors = len(self.jobs)
        self.contractors.take_over(worked_s[:contractors])
        self.homes.take_over(worked_s[contractors:])

    def _at_home(self, slots: int | None, curve: BatchCurve | None, box: str | None) -> Queue:
        if box is not None:
            return self._of_box(box, slots, curve)
        return Queue(self.env, slots) if curve is None else self._batch(curve)

    def _batch(
        self, curve: BatchCurve, watch: Callable[[int], None] | None = None, who: int | None = None
    ) -> Queue:
        return Batch(self.env, curve, watch, self._uptime(who))

    def _of_box(self, name: str, slots: int | None, curve: BatchCurve | None) -> Queue:
        """The queue of all who are on a box, made when the first of them looks at it."""
        if name not in self._boxes:
            there = self._on_box.get(name, [])
            watch = partial(self._watch_all, there) if there else None
            who = None if self.outages is None else self.outages.of_machine(name, there)
            if curve is None:
                self._boxes[name] = Queue(self.env, slots, watch, self._occupied(who))
            else:
                self._boxes[name] = self._batch(curve, watch, who)
        return self._boxes[name]

    def _machines(self, of_clients: set[str | None]) -> list[int] | None:
        """Which contractors share a machine, -1 where clients are on it, too; None where nobody does."""
        if not self._on_box:
            return None
        return [
            who if box is None else (-1 if box in of_clients else self._on_box[box][0])
            for who, box in enumerate(self._box_of)
        ]

    def _watch_all(self, there: list[int], jobs: int) -> None:
        for contractor in there:
            if self.sharing is None or self._curves[contractor] is None:
                self._watch(contractor, jobs)
            else:
                self._watch_shared(contractor, self.sharing, jobs)

    def _at_contractor(self, who: int) -> Queue:
        curve, env, box = self._curves[who], self.env, self._box_of[who]
        if box is not None:
            return self._of_box(box, self.contractors.slots[who], curve)
        if curve is None or self.sharing is None:
            return Queue(env, self._first_slots[who], partial(self._watch, who), self._occupied(who))
        return self._batch(curve, partial(self._watch_shared, who, self.sharing), who)

    def _watch_shared(self, contractor: int, sharing: Sharing, jobs: int) -> None:
        self._watch(contractor, jobs)
        sharing.expect(contractor, jobs + 1)

    def outages_at_home(self, client: int) -> Uptime | None:
        """When a client's machine works, where that is a box that has outages."""
        box = self._box_of_client[client]
        return None if self.outages is None or box is None else self._uptime(self.outages.of_box(box))

    def _uptime(self, who: int | None) -> Uptime | None:
        if self.outages is None or who is None or not self.outages.suffers(who):
            return None
        return Uptime(self.outages, who)

    def _occupied(self, who: int | None) -> Occupied | None:
        if self.outages is None or who is None or not self.outages.suffers(who):
            return None
        return partial(self.outages.occupied_s, who)

    @property
    def slots_change(self) -> bool:
        """Whether anybody has other slots at some times than at others."""
        return bool(self.slot_courses)

    def contractor(self, who: int) -> Queue:
        """The queue of a contractor, which has the slots that it has now."""
        queue = self.contractors[who]
        if who in self.slot_courses:
            queue.resize(int(self.slot_courses[who].value(self.env.now)))
        return queue

    def takes_in(self, who: int) -> bool:
        """Whether a contractor takes in one more job now."""
        course = self._limit_courses.get(who)
        limit = self._limits[who] if course is None else int(course.value(self.env.now))
        return self.contractor(who).takes_in(limit)

    def slots_may_change(self, who: int) -> None:
        """Somebody waits at a contractor, and is served when it gets more slots."""
        if who in self.slot_courses and who not in self._woken:
            self._woken.add(who)
            self.env.process(self._change_slots(who))

    def _change_slots(self, who: int) -> Generator[simpy.Event, object, None]:
        """Change a contractor's slots when their time has come, as long as anybody waits."""
        at_s = self.slot_courses[who].at_s
        while self.contractor(who).waits:
            place = self.slot_courses[who].place(self.env.now) + 1
            if place == len(at_s):
                break
            yield self.env.timeout(float(at_s[place]) - self.env.now)
        self._woken.remove(who)

    def _watch(self, contractor: int, jobs: int) -> None:
        self.jobs[contractor] = jobs
        slots = self.contractors[contractor].slots
        if slots is not None and jobs >= slots:
            self._without_free_slot.add(contractor)
        else:
            self._without_free_slot.discard(contractor)

    def waits_s(self, *, expected: bool) -> FloatArray | None:
        """Network and queueing time at every contractor for work awarded now; None where both are 0."""
        if not self.limited_at_contractors:
            return self.network_s if self._networked else None
        now_s = self.env.now
        ahead = [
            self.contractors[who].expected_wait_s(now_s, now_s + network)
            if expected
            else self.contractors[who].true_wait_s(now_s + network)
            for who, network in enumerate(self.network_s.tolist())
        ]
        return np.add(self.network_s, ahead)

    def expected_queues_s(self, ids: IntArray, delay_s: float) -> FloatArray:
        """The queues alone, without the network, that are expected at the contractors `ids`, for work that
        sets out in `delay_s`."""
        queue_s = np.zeros(len(ids))
        if self._without_free_slot:
            now_s = self.env.now
            for position, who in enumerate(ids.tolist()):
                if who in self._without_free_slot:
                    queue = self.contractor(who)
                    arrival_s = now_s + delay_s + self.network_s.item(who)
                    queue_s[position] = queue.expected_wait_s(now_s, arrival_s)
        return queue_s

    def true_waits_s(self, ids: IntArray, delay_s: float) -> FloatArray:
        """Network and queue for such work, the service times of all jobs before it being known."""
        arrival_s = self.env.now + delay_s
        network_s: FloatArray = self.network_s[ids]
        each = zip(ids.tolist(), network_s.tolist(), strict=True)
        ahead = [self.contractor(who).true_wait_s(arrival_s + network) for who, network in each]
        waits_s: FloatArray = network_s + np.array(ahead)
        return waits_s
