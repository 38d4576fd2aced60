"""Which calls are attempts at the same task: a failed one and the next of the same session, type and
length."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.logs.calls import Calls


def tasks_of(calls: Calls, type_: np.ndarray, retry_within_s: float) -> np.ndarray:
    """The task of each call, by the place of its first attempt; the calls are in order of their start.

    A failed call whose length is not in the log has that of the next call of its session and type.
    """
    task = np.arange(len(calls), dtype=np.int32)
    with_session = calls.session >= 0
    failing = np.unique(calls.session[calls.failed & with_session])
    if not len(failing):
        return task
    among = np.flatnonzero(with_session & np.isin(calls.session, failing))
    session, kind, failed = calls.session[among], type_[among], calls.failed[among]
    length = calls.prompt[among].astype(np.int64)
    order = np.lexsort((among, kind, session))
    unknown = (failed & (length == 0))[order]
    length[order] = _filled_from_next(length[order], unknown, session[order], kind[order])
    order = np.lexsort((among, length, kind, session))
    before, after = order[:-1], order[1:]
    alike = (
        (session[before] == session[after])
        & (kind[before] == kind[after])
        & (length[before] == length[after])
    )
    gap_us = calls.start[among[after]] - calls.end[among[before]]
    again = alike & failed[before] & (gap_us >= -1_000) & (gap_us <= retry_within_s * 1e6)
    chain = np.cumsum(np.r_[True, ~again]) - 1
    first = order[np.r_[True, ~again]]
    task[among[order]] = among[first[chain]]
    return task


def _filled_from_next(
    length: IntArray, unknown: np.ndarray, session: np.ndarray, kind: np.ndarray
) -> IntArray:
    """Each unknown length as that of the next row of the same session and kind that has one."""
    places = np.where(unknown, len(length), np.arange(len(length)))
    following = np.minimum.accumulate(places[::-1])[::-1]
    reached = np.minimum(following, len(length) - 1)
    fits = (following < len(length)) & (session[reached] == session) & (kind[reached] == kind)
    return np.where(unknown & fits, length[reached], length)
