"""Machines that serve all their jobs at once, each the slower the more there are (continuous batching)."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import simpy

from coalesce_sim.market.first_come import Queue, Waiting
from coalesce_sim.market.outages import Uptime
from coalesce_sim.scenario.batching import BatchCurve


class Job:
    """A job at work on a machine; `done` happens when its last token is written.

    `machine_s` is the machine's time that it has used up: all while alone, half of it beside another one.
    """

    __slots__ = ("done", "end_tokens", "left", "machine_s")

    def __init__(self, done: simpy.Event, machine_s: float) -> None:
        self.done = done
        self.end_tokens = 0.0
        self.left = False
        self.machine_s = -machine_s


class Batch(Queue):
    """A queue whose jobs at work share a machine: they all write at the same pace, that of their number.

    All that write have written the same number of tokens since any moment, so that one clock that counts
    tokens in place of seconds orders their ends; it runs at another pace whenever a job begins or ends, and
    stands still while the machine is down.
    """

    __slots__ = ("_alarms", "_clock_s", "_curve", "_machine_s", "_pace_s", "_tokens", "_uptime", "_writing")

    def __init__(
        self,
        env: simpy.Environment,
        curve: BatchCurve,
        watch: Callable[[int], None] | None = None,
        uptime: Uptime | None = None,
    ) -> None:
        super().__init__(env, curve.max_jobs, watch)
        self._uptime = uptime
        self._curve = curve
        self._tokens = 0.0
        self._machine_s = 0.0
        self._clock_s = 0.0
        self._pace_s = curve.s_per_token(1)
        self._writing: list[tuple[float, int, Job]] = []
        self._alarms = 0

    def begin(self, now_s: float, expected_s: float, place: Waiting | None = None) -> float:
        self._run()
        expected_end_s = super().begin(now_s, expected_s, place)
        self._at_another_pace()
        return expected_end_s

    def end(self, now_s: float, expected_end_s: float) -> None:
        self._run()
        super().end(now_s, expected_end_s)
        self._at_another_pace()

    def true_wait_s(self, arrival_s: float) -> float:
        """What the owner expects: what happens hangs on who comes later, and nobody is told."""
        return self.expected_wait_s(self._env.now, arrival_s)

    def take_up(self, apart_s: float, tokens: float) -> Job:
        """A job that has begun: `apart_s` at a speed of its own, and then so many tokens."""
        self._run()
        job = Job(self._env.event(), self._machine_s)
        if apart_s > 0:
            self._env.timeout(self._takes_s(apart_s)).callbacks.append(lambda _: self._write(job, tokens))
        else:
            self._write(job, tokens)
        return job

    def put_down(self, job: Job) -> None:
        """A job ends, or leaves undone: `Job.machine_s` is what it used up."""
        self._run()
        job.left = True
        job.machine_s += self._machine_s

    def most_s(self, apart_s: float, tokens: float) -> float:
        """How long such a job takes at most, but for repairs."""
        return apart_s + tokens * self._curve.s_per_token(self._curve.max_jobs)

    def _takes_s(self, work_s: float) -> float:
        """How long so much of the machine's time takes by the clock."""
        return work_s if self._uptime is None else self._uptime.takes_s(self._env.now, work_s)

    @property
    def crowd(self) -> int:
        """How many would be at work with one more job."""
        return min(self.jobs + 1, self._curve.max_jobs)

    @property
    def pace_s(self) -> float:
        """Seconds that a token would take that job."""
        return self._curve.s_per_token(self.crowd)

    @property
    def _at_work(self) -> int:
        return len(self._expected_ends_s)

    def _write(self, job: Job, tokens: float) -> None:
        if job.left:
            return
        self._run()
        if not self._writing:
            self._tokens = 0.0  # counted anew, lest digits get lost in a long run
        job.end_tokens = self._tokens + tokens
        self._alarms += 1
        heapq.heappush(self._writing, (job.end_tokens, self._alarms, job))
        self._set_alarm()

    def _run(self) -> None:
        """Count the tokens and the machine's time up to now, at the pace since the last change."""
        begin_s, self._clock_s = self._clock_s, self._env.now
        since_s = self._clock_s - begin_s
        if self._uptime is not None and self._at_work:
            since_s = self._uptime.worked_s(begin_s, self._clock_s)
        if since_s > 0 and self._at_work:
            self._tokens += since_s / self._pace_s
            self._machine_s += since_s / self._at_work

    def _at_another_pace(self) -> None:
        self._pace_s = self._curve.s_per_token(max(1, self._at_work))
        self._set_alarm()

    def _set_alarm(self) -> None:
        """Ring when the next job has written its last token, if the pace stays as it is."""
        while self._writing and self._writing[0][2].left:
            heapq.heappop(self._writing)
        self._alarms += 1
        if self._writing:
            number = self._alarms
            left_s = max(0.0, self._writing[0][0] - self._tokens) * self._pace_s
            self._env.timeout(self._takes_s(left_s)).callbacks.append(lambda _: self._ring(number))

    def _ring(self, number: int) -> None:
        if number != self._alarms:
            return
        self._run()
        end_tokens, _, job = heapq.heappop(self._writing)
        self._tokens = max(self._tokens, end_tokens)  # rounding must not leave a speck of a token
        job.done.succeed()
        self._set_alarm()
