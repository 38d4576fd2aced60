"""A day of calls that is known through and through."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

DAY_S = 86_400.0
START = np.datetime64("2026-11-02T00:00:00", "us")


@dataclass(frozen=True)
class Seller:
    """A provider's model as tools name it, its prices in USD a million tokens, how fast and how sure it
    is."""

    provider: str
    model: str
    share: float
    input_usd: float
    cached_usd: float
    output_usd: float
    network_s: float
    prefill_per_s: float
    decode_per_s: float
    failures: float


SELLERS = (
    Seller("hosted_vllm", "meta-llama/Llama-3.1-8B-Instruct", 0.4, 0, 0, 0, 0.02, 5200.0, 61.0, 0.01),
    Seller("openai", "gpt-4o", 0.25, 2.5, 1.25, 10.0, 0.31, 9000.0, 71.0, 0.02),
    Seller("anthropic", "claude-sonnet-4", 0.2, 3.0, 0.3, 15.0, 0.42, 8000.0, 55.0, 0.03),
    Seller(
        "together_ai",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
        0.15,
        0.88,
        0.88,
        0.88,
        0.25,
        7000.0,
        90.0,
        0.06,
    ),
)
"""The first works at home."""

TYPES = ("support", "extract", "code", "summary")
_PROMPTS = np.array([900.0, 2400.0, 3800.0, 6000.0])
_ANSWERS = np.array([180.0, 60.0, 520.0, 300.0])
TEAMS = ("payments", "search", "research")
MOST_ATTEMPTS = 3


@dataclass(frozen=True)
class World:
    """Calls in order of their start, a row a call, and the tasks that they belong to.

    Times are whole milliseconds from `START`. A failed call has no answer, and its prompt is known only where
    `fails_with_length`.
    """

    seed: int
    start_ms: np.ndarray
    first_ms: np.ndarray
    end_ms: np.ndarray
    seller: np.ndarray
    type: np.ndarray
    team: np.ndarray
    user: np.ndarray
    session: np.ndarray
    task: np.ndarray
    attempt: np.ndarray
    prompt: np.ndarray
    cached: np.ndarray
    output: np.ndarray
    failed: np.ndarray
    zone: np.ndarray
    private: str = "PRIVATE-7f3a"
    fails_with_length: bool = False
    sessions: bool = True
    tags: bool = True
    extra: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.start_ms)

    @cached_property
    def usd(self) -> np.ndarray:
        """What each call costs by its seller's prices; nothing where it failed or was at home."""
        prices = np.array([[each.input_usd, each.cached_usd, each.output_usd] for each in SELLERS]) / 1e6
        paid = prices[self.seller]
        usd = paid[:, 0] * (self.prompt - self.cached) + paid[:, 1] * self.cached + paid[:, 2] * self.output
        return np.where(self.failed, 0.0, usd)

    @cached_property
    def prompt_told(self) -> np.ndarray:
        """Tokens of the prompt as the log has them."""
        return self.prompt if self.fails_with_length else np.where(self.failed, 0, self.prompt)

    def truth(self, kind: str = "litellm") -> dict[str, Any]:
        """What a reader of that kind of export should find."""
        merged = self.sessions
        task = self.task if merged else np.arange(len(self))
        order = np.lexsort((self.attempt, task))
        first = np.flatnonzero(np.r_[True, np.diff(task[order]) > 0])
        last = np.r_[first[1:], len(self)] - 1
        seconds = (self.end_ms[order[last]] - self.start_ms[order[first]]) / 1000
        usd = np.add.reduceat(self.usd[order], first)
        p50, p95, p99 = np.quantile(seconds, [0.5, 0.95, 0.99])
        home = self.seller == 0
        at_work = np.cumsum(_steps(self.start_ms[home], self.end_ms[home]))
        return {
            "kind": kind,
            "seed": self.seed,
            "calls": len(self),
            "failed_calls": int(self.failed.sum()),
            "tasks": len(first),
            "tried_again": int((last > first).sum()),
            "failed_tasks": int(self.failed[order[last]].sum()),
            "bill_usd": float(self.usd.sum()),
            "mean_usd": float(usd.mean()),
            "seconds_p50": float(p50),
            "seconds_p95": float(p95),
            "seconds_p99": float(p99),
            "first": str(START + self.start_ms.min().astype("timedelta64[ms]")),
            "last": str(START + self.end_ms.max().astype("timedelta64[ms]")),
            "most_at_work_at_home": int(at_work.max(initial=0)),
            "users": len(np.unique(self.user)),
            "sessions": len(np.unique(self.session)) if self.sessions else 0,
            "types": {name: int((self.type == at).sum()) for at, name in enumerate(TYPES)},
            "teams": {name: int((self.team == at).sum()) for at, name in enumerate(TEAMS)},
            "sellers": [
                {
                    "provider": each.provider,
                    "model": each.model,
                    "calls": int((self.seller == at).sum()),
                    "failed": int(self.failed[self.seller == at].sum()),
                    "bill_usd": float(self.usd[self.seller == at].sum()),
                    "input_usd_per_mtok": each.input_usd,
                    "cache_read_usd_per_mtok": each.cached_usd,
                    "output_usd_per_mtok": each.output_usd,
                }
                for at, each in enumerate(SELLERS)
            ],
        }


def draw(
    rows: int = 50_000,
    seed: int = 1,
    *,
    days: float = 1.0,
    failures: float = 1.0,
    sessions: bool = True,
    tags: bool = True,
    zones: int = 2,
    users: int = 60,
    private: str = "PRIVATE-7f3a",
    fails_with_length: bool = False,
) -> World:
    """A world of so many calls. `failures` multiplies the sellers' rates of failed calls, of 1 to 6 %.

    Without `sessions` or `tags` the exports have none. `fails_with_length` writes the prompt's tokens of
    failed calls too, as newer gateways do.
    """
    rng = np.random.default_rng(seed)
    tasks = rows + rows // 4 + 50  # some are never begun; what is too much is cut off
    length = 1 + rng.geometric(0.3, size=tasks)
    session = np.repeat(np.arange(tasks), length)[:tasks]
    place = np.arange(tasks) - np.searchsorted(session, session)
    count = session[-1] + 1
    user = rng.integers(0, users, count)
    team = user % len(TEAMS)
    type_ = rng.choice(len(TYPES), size=tasks, p=[0.4, 0.3, 0.2, 0.1])
    prompt = np.maximum(1, rng.lognormal(np.log(_PROMPTS[type_]), 0.6)).astype(np.int64)
    cached = np.where(rng.random(tasks) < 0.35, (prompt * rng.uniform(0.2, 0.8, tasks)).astype(np.int64), 0)
    output = np.maximum(1, rng.lognormal(np.log(_ANSWERS[type_]), 0.7)).astype(np.int64)
    rates = np.minimum(1, failures * np.array([each.failures for each in SELLERS]))
    shares = np.array([each.share for each in SELLERS])
    seller = rng.choice(len(SELLERS), size=tasks, p=shares / shares.sum())

    calls: list[dict[str, np.ndarray]] = []
    took_ms = np.zeros(tasks, dtype=np.int64)
    given_up = np.zeros(tasks, dtype=bool)
    alive = np.arange(tasks)
    at = seller.copy()
    for attempt in range(MOST_ATTEMPTS):
        bad = rng.random(len(alive)) < rates[at[alive]]
        first_ms, whole_ms = _times(rng, at[alive], prompt[alive] - cached[alive], output[alive])
        whole_ms = np.where(bad, np.minimum(whole_ms, rng.integers(50, 3000, len(alive))), whole_ms)
        calls.append(
            {
                "task": alive,
                "attempt": np.full(len(alive), attempt),
                "seller": at[alive].copy(),
                "failed": bad,
                "begins": took_ms[alive].copy(),
                "first": np.where(bad, -1, first_ms),
                "whole": whole_ms,
            }
        )
        took_ms[alive] += whole_ms
        tried = bad & (rng.random(len(alive)) < 0.8) & (attempt + 1 < MOST_ATTEMPTS)
        given_up[alive[bad & ~tried]] = True
        again = alive[tried]
        took_ms[again] += rng.integers(200, 1200, len(again))
        elsewhere = rng.random(len(again)) < 0.3
        at[again] = np.where(
            elsewhere, rng.choice(len(SELLERS), size=len(again), p=shares / shares.sum()), at[again]
        )
        alive = again
    think_ms = rng.exponential(8_000, tasks).astype(np.int64) + 400
    spent = np.cumsum(took_ms + think_ms) - (took_ms + think_ms)
    within = spent - spent[np.searchsorted(session, session)]
    begin = (_times_of_day(rng, count) * days * DAY_S * 1000).astype(np.int64)
    arrival = begin[session] + np.where(place > 0, within, 0)

    flat = {name: np.concatenate([each[name] for each in calls]) for name in calls[0]}
    ups = np.cumsum(given_up) - given_up
    begun = ups == ups[np.searchsorted(session, session)]  # who gives a task up ends the session
    order = np.lexsort((flat["attempt"], flat["task"]))
    order = order[begun[flat["task"][order]]][:rows]
    start = (arrival[flat["task"]] + flat["begins"])[order]
    chosen = order[np.argsort(start, kind="stable")]
    flat = {name: column[chosen] for name, column in flat.items()}
    start, task, failed = np.sort(start, kind="stable"), flat["task"], flat["failed"]
    return World(
        seed=seed,
        start_ms=start,
        first_ms=np.where(flat["first"] < 0, -1, start + flat["first"]),
        end_ms=start + flat["whole"],
        seller=flat["seller"],
        type=type_[task],
        team=team[session[task]],
        user=user[session[task]],
        session=session[task],
        task=task,
        attempt=flat["attempt"],
        prompt=prompt[task],
        cached=np.where(failed, 0, cached[task]),
        output=np.where(failed, 0, output[task]),
        failed=failed,
        zone=rng.integers(0, zones, rows) if zones > 1 else np.zeros(rows, dtype=np.int64),
        private=private,
        fails_with_length=fails_with_length,
        sessions=sessions,
        tags=tags,
    )


def _times(
    rng: np.random.Generator, seller: np.ndarray, uncached: np.ndarray, output: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Milliseconds to the first token and to the end."""
    network = np.array([each.network_s for each in SELLERS])[seller]
    prefill = np.array([each.prefill_per_s for each in SELLERS])[seller]
    decode = np.array([each.decode_per_s for each in SELLERS])[seller]
    luck = rng.lognormal(0, 0.15, (2, len(seller)))
    first = (network + uncached / prefill) * luck[0]
    whole = first + output / decode * luck[1]
    first_ms = np.maximum(1, np.round(first * 1000)).astype(np.int64)
    return first_ms, np.maximum(first_ms + 1, np.round(whole * 1000).astype(np.int64))


def _times_of_day(rng: np.random.Generator, count: int) -> np.ndarray:
    """Moments as shares of the day, more at noon than at night."""
    hours = 1 - 0.7 * np.cos(2 * np.pi * (np.arange(24) + 0.5) / 24)
    hour = rng.choice(24, size=count, p=hours / hours.sum())
    moments: np.ndarray = (hour + rng.random(count)) / 24
    return moments


def _steps(start_ms: np.ndarray, end_ms: np.ndarray) -> np.ndarray:
    """By moment, +1 for what begins and -1 for what ends; at the same moment ends come first."""
    moments = np.r_[start_ms, end_ms]
    change = np.r_[np.ones(len(start_ms), dtype=np.int64), -np.ones(len(end_ms), dtype=np.int64)]
    steps: np.ndarray = change[np.lexsort((change, moments))]
    return steps
