"""The token market once more, without events: plain recursions over the scenario's figures.

Every queue is first come, first served, so a job's start and end are settled when it is awarded (Kiefer and
Wolfowitz, 1955); what the queue's owner sees at any moment is read off from them.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PREFILL, DECODE = 6899.0, 128.0
HOSTED_PREFILL, HOSTED_DECODE, NETWORK_S, SLOTS = 7760.0, 87.0, 0.25, 16
TARGET_S = 2.0
LATE_USD_PER_S = 0.001
BUSY_USD_PER_S = 0.450 * 0.1624 / 3600 + 1599 / (3 * 8760 * 3600)

USD_PER_MTOK = {
    "novita": (0.02, 0.05),
    "huggingface_nebius": (0.03, 0.09),
    "cloudflare": (0.045, 0.384),
    "groq": (0.05, 0.08),
    "huggingface_nscale": (0.06, 0.06),
    "huggingface_sambanova": (0.10, 0.20),
    "ovhcloud": (0.11, 0.11),
    "databricks": (0.15, 0.45),
    "together": (0.18, 0.18),
    "fireworks": (0.20, 0.20),
    "aws": (0.22, 0.22),
}


@dataclass(frozen=True)
class Requests:
    arrival_s: Floats
    prompt: Floats
    output: Floats

    @property
    def local_s(self) -> Floats:
        return self.prompt / PREFILL + self.output / DECODE


@dataclass(frozen=True)
class Played:
    """Per request: the seller's index or -1, when work began and ended, tokens at their price."""

    seller: NDArray[np.int64]
    started_s: Floats
    finished_s: Floats
    price_usd: Floats


def all_local_start_s(requests: Requests, cards: int = 2) -> Floats:
    """Work begins when it has come and the first card is free."""
    free_s = [0.0] * cards
    started = []
    for arrival, service in zip(requests.arrival_s, requests.local_s, strict=True):
        started.append(max(arrival, free_s[0]))
        heapq.heapreplace(free_s, started[-1] + service)
    return np.array(started)


@dataclass
class Queue:
    """A few slots: when each is truly free, and the jobs not yet done as (start, end, time expected)."""

    free_s: list[float]
    jobs: list[tuple[float, float, float]] = field(default_factory=list)

    def expected_wait_s(self, now: float, ready: float) -> float:
        """At `now`, for a job that is ready later.

        No wait while a slot is free. Else those that wait take the free slots and then those that are
        expected to come free first, and the job the next; where they are more than that, its turn comes
        when all work in sight, shared by all slots, is done.
        """
        slots = len(self.free_s)
        self.jobs = [job for job in self.jobs if job[1] > now]
        if len(self.jobs) < slots:
            return 0.0
        ends = sorted(started + expected for started, _, expected in self.jobs if started <= now)
        waiting = [expected for started, _, expected in self.jobs if started > now]
        ahead = len(waiting) - (slots - len(ends))
        if ahead < len(ends):
            return max(0.0, ends[ahead] - ready)
        work = sum(waiting) + sum(max(0.0, end - now) for end in ends)
        return max(0.0, now + work / slots - ready)

    def true_wait_s(self, ready: float) -> float:
        return max(0.0, self.free_s[0] - ready)

    def take(self, ready: float, expected: float, service: float) -> tuple[float, float]:
        """When the job starts and when it ends."""
        started = max(ready, self.free_s[0])
        heapq.heapreplace(self.free_s, started + service)
        self.jobs.append((started, started + service, expected))
        return started, started + service


def cheapest(requests: Requests, believed_output: float | None) -> Played:
    """Every request goes where it is believed to cost least, home where nothing is cheaper.

    Who decides takes every answer to be `believed_output` tokens long and sees the queues; None knows the
    lengths and with them the true waits.
    """
    prices = [(i / 1e6, o / 1e6) for i, o in USD_PER_MTOK.values()]
    home, hosts = Queue([0.0, 0.0]), [Queue([0.0] * SLOTS) for _ in prices]
    seller, started, finished, paid = [], [], [], []

    def late_usd(turnaround_s: float) -> float:
        return LATE_USD_PER_S * max(0.0, turnaround_s - TARGET_S)

    def wait_s(queue: Queue, now: float, ready: float) -> float:
        return queue.true_wait_s(ready) if believed_output is None else queue.expected_wait_s(now, ready)

    for now, prompt, output in zip(requests.arrival_s, requests.prompt, requests.output, strict=True):
        guess = output if believed_output is None else believed_output
        at_home = prompt / PREFILL + guess / DECODE
        hosted = prompt / HOSTED_PREFILL + guess / HOSTED_DECODE
        ready = now + NETWORK_S
        best = BUSY_USD_PER_S * at_home + late_usd(wait_s(home, now, now) + at_home)
        choice = -1
        for index, (host, (usd_in, usd_out)) in enumerate(zip(hosts, prices, strict=True)):
            latency_s = NETWORK_S + wait_s(host, now, ready) + hosted
            cost = usd_in * prompt + usd_out * guess + late_usd(latency_s)
            if cost < best:
                choice, best = index, cost
        if choice == -1:
            begun, done = home.take(now, at_home, prompt / PREFILL + output / DECODE)
            paid.append(0.0)
        else:
            begun, done = hosts[choice].take(ready, hosted, prompt / HOSTED_PREFILL + output / HOSTED_DECODE)
            usd_in, usd_out = prices[choice]
            paid.append(usd_in * prompt + usd_out * output)
        seller.append(choice)
        started.append(begun)
        finished.append(done)
    return Played(np.array(seller), np.array(started), np.array(finished), np.array(paid))
