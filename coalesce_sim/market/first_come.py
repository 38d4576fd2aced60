"""Work that waits for slots and is done in them, first come, first served."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice

import simpy

from coalesce_sim.errors import ConservationError

Occupied = Callable[[float, float], float]
"""How long a job of some service time takes a slot that it is given at a time."""


class Forecast:
    """When work that joins a first-come queue now will start (Kiefer and Wolfowitz, 1955).

    It is told the true service time of every job in the order of arrival, and so exact unless jobs leave
    undone, as those of contracts that are canceled do: then others start earlier than it says. `occupied`
    says how long a job takes a slot that it is given at a time; left out, its service time.
    """

    __slots__ = ("_free_s", "_occupied")

    def __init__(self, slots: int, occupied: Occupied | None = None) -> None:
        self._free_s, self._occupied = [0.0] * slots, occupied

    def wait_s(self, arrival_s: float) -> float:
        """Time in the queue for a job that arrives at `arrival_s`."""
        return max(0.0, self._free_s[0] - arrival_s)

    def add(self, arrival_s: float, service_s: float) -> None:
        """A job joins the queue."""
        begin_s = max(arrival_s, self._free_s[0])
        takes_s = service_s if self._occupied is None else self._occupied(begin_s, service_s)
        heapq.heapreplace(self._free_s, begin_s + takes_s)

    def resize(self, now_s: float, slots: int) -> None:
        """From now on there are so many slots: of fewer those come free the last that are free the first."""
        while len(self._free_s) > slots:
            heapq.heappop(self._free_s)
        while len(self._free_s) < slots:
            heapq.heappush(self._free_s, now_s)


class Slots(simpy.Resource):
    """Slots of which there may be more or fewer with time."""

    # SimPy binds to an object what its own class has, and looks up what is inherited at every call.
    request = simpy.Resource.__dict__["request"]
    release = simpy.Resource.__dict__["release"]

    def resize(self, slots: int) -> None:
        """Give new ones to those who wait; of fewer, those that are taken stay so until their work ends."""
        self._capacity = slots
        for _ in range(min(len(self.put_queue), slots - len(self.users))):  # SimPy serves one at a time
            self._trigger_put(None)


Waiting = tuple[float, float]
"""When a job arrives, and how long it is expected to take."""


class Queue:
    """A capacity queue. `slots` is None where capacity is unlimited; then nothing ever waits (`limited`).

    Its owner sees which jobs wait and which are at work since when, and knows how long each is expected to
    take. Only the oracle is told the true wait. `watch`, where given, is told how many jobs wait or are at
    work whenever that changes. `coming` are jobs taken in whose data are still on their way.
    """

    __slots__ = (
        "_env",
        "_expected_ends_s",
        "_most",
        "_queued_s",
        "_resource",
        "_true",
        "_waiting",
        "_watch",
        "busy_s",
        "coming",
        "limited",
        "slots",
    )

    def __init__(
        self,
        env: simpy.Environment,
        slots: int | None,
        watch: Callable[[int], None] | None = None,
        occupied: Occupied | None = None,
    ) -> None:
        self._env, self._watch = env, watch
        self.limited = slots is not None
        self.slots, self._most = slots, slots
        self._waiting: deque[Waiting] = deque()
        self._queued_s = 0.0
        self.coming = 0
        self.busy_s = 0.0
        self._expected_ends_s: list[float] = []
        self._true = Forecast(slots, occupied) if slots else None
        self._resource: Slots | None = None

    @property
    def resource(self) -> Slots:
        """The slots, made when somebody first asks for one."""
        if self._resource is None:
            # SimPy knows no capacity of 0: nobody asks for the slot of those that have none.
            capacity = math.inf if self.slots is None else max(1, self.slots)
            self._resource = Slots(self._env, capacity)  # type: ignore[arg-type]  # infinite is fine
        return self._resource

    def resize(self, slots: int) -> None:
        """Have another number of slots from now on, at least one."""
        if slots == self.slots or self._true is None or self.slots is None:
            return
        self.slots, self._most = slots, max(slots, self._most or slots)
        self._true.resize(self._env.now, slots)
        if self._resource is not None:
            self._resource.resize(slots)
        if self._watch is not None:
            self._watch(self.jobs)

    def takes_in(self, queue_limit: int | None) -> bool:
        """Whether one more job finds a slot, or a place among `queue_limit` that wait (None: any number)."""
        if self.slots is None:
            return True
        return self.slots > 0 and (queue_limit is None or self.jobs + self.coming < self.slots + queue_limit)

    def expected_wait_s(self, now_s: float, arrival_s: float) -> float:
        """What the owner expects at `now_s` of a job that arrives at `arrival_s`; 0 while a slot is free.

        With few in the queue the job gets the slot that comes free when they have taken theirs; with more
        waiting than are at work, its turn comes when the work in sight, shared by all slots, is done. Those
        who take a free slot at this very instant are at work.
        """
        if self.slots is None or self.jobs < self.slots or self.slots == 0:
            return 0.0
        ends_s = self._expected_ends_s
        taking = islice(self._waiting, max(0, self.slots - len(ends_s)))
        at_work = [*ends_s, *(now_s + expected_s for since_s, expected_s in taking if since_s <= now_s)]
        turn = self.jobs - self.slots
        if turn < len(at_work):
            free_s = sorted(at_work)[turn]
        else:
            left_s = 0.0
            for end_s in ends_s:  # not `sum`, which rounds otherwise from Python 3.12 on
                if end_s > now_s:
                    left_s += end_s - now_s
            free_s = now_s + (self._queued_s + left_s) / self.slots
        return max(0.0, free_s - arrival_s)

    @property
    def waits(self) -> bool:
        """Whether anybody waits for a slot."""
        return bool(self._waiting)

    @property
    def jobs(self) -> int:
        """How many wait or are at work; 0 where capacity is unlimited, which nobody counts."""
        return len(self._waiting) + len(self._expected_ends_s)

    def take_over(self, waiting: Iterable[Waiting], expected_ends_s: list[float], queued_s: float) -> None:
        """Enter a queue that is played elsewhere: who waits, when those at work are expected to end, and how
        long all who wait are expected to take."""
        self._waiting, self._expected_ends_s, self._queued_s = deque(waiting), expected_ends_s, queued_s

    def true_wait_s(self, arrival_s: float) -> float:
        """What will happen, the service times of all jobs before being known."""
        return 0.0 if self._true is None else self._true.wait_s(arrival_s)

    def leave(self, place: Waiting) -> None:
        """A job leaves the place that it was given, undone. Those behind it may start earlier than the oracle
        was told."""
        del self._waiting[next(n for n, each in enumerate(self._waiting) if each is place)]
        self._queued_s = self._queued_s - place[1] if self._waiting else 0.0
        if self._watch is not None:
            self._watch(self.jobs)

    def join(self, arrival_s: float, expected_s: float, true_s: float) -> Waiting:
        """A job is on its way to the queue: its place there."""
        place = (arrival_s, expected_s)
        if self._true is not None:
            self._true.add(arrival_s, true_s)
            self._waiting.append(place)
            self._queued_s += expected_s
            if self._watch is not None:
                self._watch(self.jobs)
        return place

    def begin(self, now_s: float, expected_s: float, place: Waiting | None = None) -> float:
        """The first job, or that which has a `place`, leaves the queue for a slot; the time at which its
        owner expects it to end. Who joins at one instant need not ask for a slot in that order.

        Raises `ConservationError` if more jobs are at work than there are slots.
        """
        if place is None or self._waiting[0] is place:
            self._waiting.popleft()
        else:
            del self._waiting[next(n for n, each in enumerate(self._waiting) if each is place)]
        self._queued_s = self._queued_s - expected_s if self._waiting else 0.0
        self.busy_s -= now_s
        self._expected_ends_s.append(now_s + expected_s)
        if self._most is not None and len(self._expected_ends_s) > self._most:
            raise ConservationError(
                f"capacity exceeded: {len(self._expected_ends_s)} at work in {self._most} slots"
            )
        return now_s + expected_s

    def end(self, now_s: float, expected_end_s: float) -> None:
        """A job leaves its slot; `busy_s`, the working time of all slots, is right while none is at work."""
        self.busy_s += now_s
        self._expected_ends_s.remove(expected_end_s)
        if self._watch is not None:
            self._watch(self.jobs)
