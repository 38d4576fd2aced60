"""A machine that serves all its jobs at once, played job by job; see `verification/plain_market.py`."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from verification.plain_given import Outages, s_per_token
from verification.plain_queues import Queue


class Machine(Queue):
    """Whenever a job comes or goes, all the others reckon anew what is left of theirs."""

    def __init__(self, env: simpy.Environment, curve: dict[str, Any], outages: Outages) -> None:
        super().__init__(env, curve["max_jobs"])
        self.outages = outages
        self.env, self.curve, self.changed = env, curve, env.event()
        self.used_s, self.since_s, self.crowd = 0.0, 0.0, 0

    def change(self) -> float:
        """A job has come or gone; the time of the machine that one which was always there would have used up
        by now."""
        if self.crowd > 0:
            self.used_s += self.outages.at_work_s(self.since_s, self.env.now) / self.crowd
        self.since_s, self.crowd = self.env.now, len(self.working)
        self.changed.succeed()
        self.changed = self.env.event()
        return self.used_s

    def lasts_s(self, work_s: float) -> float:
        """How long so much work takes from now on, repairs included; who loses it does not wait so long."""
        return self.outages.ends_s(self.env.now, work_s) - self.env.now

    def work(self, apart_s: float, tokens: float) -> Generator[simpy.Event, Any, None]:
        """A job that has a place: something at a speed of its own, then tokens at that of all. It is
        interrupted where its client loses patience."""
        try:
            if apart_s > 0:
                yield self.env.timeout(self.lasts_s(apart_s))
            written = False
            while not written:
                began_s, pace_s = self.env.now, s_per_token(self.curve, len(self.working))
                last = self.env.timeout(self.lasts_s(tokens * pace_s))
                yield last | self.changed
                written = last.processed
                tokens = max(0.0, tokens - self.outages.at_work_s(began_s, self.env.now) / pace_s)
        except simpy.Interrupt:
            return
