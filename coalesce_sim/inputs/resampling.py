"""Bootstrap samples of a log of tasks, in blocks that keep together what hangs together.

A log is one of many that could have been. What another would have changed is seen from samples of it: blocks,
drawn with replacement, take each other's places.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.uncertainty import Resample

_PLACE: Final = "uncertainty.log.blocks"
_HOUR_S: Final = 3600.0
_HOURS: Final = 24


class Log(NamedTuple):
    """When tasks come, in seconds from the start and in rising order, and of which session each is; −1 for
    one that is of none."""

    arrival_s: FloatArray
    session: IntArray


class Sample(NamedTuple):
    """Tasks in place of those of a log, in order of arrival: the row of the log that each repeats, when it
    comes, and of which session it is."""

    rows: IntArray
    arrival_s: FloatArray
    session: IntArray


def sample_of(log: Log, rule: Resample, horizon_s: float) -> Sample:
    """The sample of a log that a rule says; the log reaches to `horizon_s`.

    Raises `ScenarioError` where the log has not two blocks that could take each other's places.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(rule.number)))
    if rule.blocks == "session":
        return _sessions(log, horizon_s, rng)
    hours = 1 if rule.blocks == "hour" else _HOURS
    return _spans(log, horizon_s, hours, rng)


def _sessions(log: Log, horizon_s: float, rng: np.random.Generator) -> Sample:
    """Sessions, a Poisson number of them, each begun anywhere between its own start and that of the next: as
    an inhomogeneous Poisson process whose intensity is estimated from the log. They keep their inner gaps.

    Source: Leemis (1991), Management Science 37(7), of the estimate and of drawing from it.
    """
    arrival_s, session = log
    alone = session < 0
    whose = np.where(alone, session.max(initial=-1) + 1 + np.arange(len(session)), session)
    _, first, rank = np.unique(whose, return_index=True, return_inverse=True)
    by_start = np.argsort(first, kind="stable")
    place = np.empty_like(by_start)
    place[by_start] = np.arange(len(by_start))
    rank, starts_s = place[rank], arrival_s[first[by_start]]
    count = len(starts_s)
    _refuse_fewer(count, "sessions")
    order = np.argsort(rank, kind="stable")
    tasks_of = np.bincount(rank, minlength=count)
    begin = np.concatenate(([0], np.cumsum(tasks_of)[:-1]))
    picked = rng.integers(count, size=rng.poisson(count))
    room_s = np.diff(starts_s, append=max(horizon_s, float(starts_s[-1])))
    later_s = rng.random(len(picked)) * room_s[picked]
    rows = order[_spread(begin[picked], tasks_of[picked])]
    number = np.repeat(np.arange(len(picked)), tasks_of[picked])
    moved_s = arrival_s[rows] + later_s[number]
    return _in_order(rows, moved_s, np.where(alone[rows], -1, number), horizon_s)


def _spans(log: Log, horizon_s: float, hours: int, rng: np.random.Generator) -> Sample:
    """Whole spans of time, each filled by one of the log: days by any, hours by one at that time of day or an
    hour off. What is left at the end, no whole span, is filled by the beginning of one.

    Source: Paparoditis and Politis (2002), Statistica Neerlandica 56(1), the local block bootstrap.
    """
    arrival_s, session = log
    span_s = hours * _HOUR_S
    whole = int(horizon_s / span_s + 1e-9)
    _refuse_fewer(whole, "whole days" if hours == _HOURS else "whole hours")
    spans = np.arange(int(np.ceil(horizon_s / span_s - 1e-9)))
    donors = np.arange(whole)
    if hours == _HOURS:
        taken = rng.integers(whole, size=len(spans))
    else:
        off = np.abs(donors[None, :] - spans[:, None]) % _HOURS
        near = (off <= 1) | (off == _HOURS - 1)
        taken = np.argmax(near.cumsum(axis=1) > (rng.random(len(spans)) * near.sum(axis=1))[:, None], axis=1)
    edges = np.searchsorted(arrival_s, span_s * np.arange(whole + 1))
    counts = np.diff(edges)[taken]
    rows = _spread(edges[taken], counts)
    number = np.repeat(spans, counts)
    moved_s = arrival_s[rows] + span_s * (number - taken[number])
    pairs = number * (session.max(initial=-1) + 2) + session[rows] + 1
    renamed = np.unique(pairs, return_inverse=True)[1]
    return _in_order(rows, moved_s, np.where(session[rows] < 0, -1, renamed), horizon_s)


def _spread(begin: IntArray, counts: IntArray) -> IntArray:
    """``begin[k], begin[k] + 1, …``, as many as each has to count, one after the other."""
    ends = np.cumsum(counts)
    found: IntArray = np.arange(ends[-1] if len(ends) else 0) + np.repeat(begin - (ends - counts), counts)
    return found


def _in_order(rows: IntArray, arrival_s: FloatArray, session: IntArray, horizon_s: float) -> Sample:
    """By arrival; what would come after the clock is over is cut off, as it is at the end of a log."""
    order = np.argsort(arrival_s, kind="stable")
    order = order[arrival_s[order] < horizon_s]
    return Sample(rows[order], arrival_s[order], session[order])


def _refuse_fewer(count: int, what: str) -> None:
    if count < 2:
        message = f"needs two {what} at least, which take each other's places; the log has {count}"
        raise ScenarioError([Problem("", None, _PLACE, message)])
