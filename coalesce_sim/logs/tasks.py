"""Tasks out of calls: attempts at the same one together, with who did it in the end, the whole bill and the
whole time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.logs.calls import Calls
from coalesce_sim.logs.people import Kinds


@dataclass(frozen=True, slots=True)
class Tasks:
    """Tasks in the order of their arrival, a row a task.

    `first` and `last` are the places of their first and last call, `usd` is NaN where no bill is in the log.
    """

    first: np.ndarray
    last: np.ndarray
    attempts: np.ndarray
    prompt: np.ndarray
    cached: np.ndarray
    output: np.ndarray
    usd: FloatArray
    seconds: FloatArray
    good: BoolArray
    guessed: BoolArray
    """Whether the length of prompt or answer is not in the log, but the mean of its type."""

    def __len__(self) -> int:
        return len(self.first)


def tasks_from(calls: Calls, task: IntArray, kinds: Kinds, usd: FloatArray) -> Tasks:
    """The tasks of calls that are in order of their start; `task` is the place of each one's first
    attempt."""
    places = np.arange(len(task), dtype=np.int32)
    first, again = np.flatnonzero(task == places).astype(np.int32), np.flatnonzero(task != places)
    last, bill = first.copy(), usd[first]
    attempts = np.ones(len(first), dtype=np.int32)
    if len(again):
        of = np.searchsorted(first, task[again])
        last[of] = again  # of several the last one is kept
        np.add.at(attempts, of, 1)
        at_home = np.isnan(usd[last[of]])
        bill[of] = np.nan_to_num(bill[of])
        np.add.at(bill, of, np.nan_to_num(usd[again]))
        bill[of[at_home & (bill[of] == 0)]] = np.nan
    good = ~calls.failed[last]
    prompt, cached, output = (each[last].copy() for each in (calls.prompt, calls.cached, calls.output))
    guessed = _with_lengths(good, kinds.of_row[first], len(kinds.names), prompt, output)
    return Tasks(
        first,
        last,
        attempts,
        prompt,
        np.minimum(cached, prompt),
        output,
        bill,
        (calls.end[last] - calls.start[first]) / 1e6,
        good,
        guessed,
    )


def _with_lengths(
    good: BoolArray, type_: np.ndarray, types: int, prompt: np.ndarray, output: np.ndarray
) -> BoolArray:
    """Give tasks that came to nothing the mean lengths of their type where the log has none; which these
    are."""
    guessed: BoolArray = ~good & ((prompt == 0) | (output == 0))
    if not guessed.any():
        return guessed
    for lengths in (prompt, output):
        known = good & (lengths > 0)
        overall = lengths[known].mean() if known.any() else 0.0
        count = np.bincount(type_[known], minlength=types)
        means = np.bincount(type_[known], lengths[known], minlength=types) / np.maximum(count, 1)
        means = np.where(count > 0, means, overall)
        lacking = guessed & (lengths == 0)
        lengths[lacking] = np.round(means[type_[lacking]]).astype(lengths.dtype)
    return guessed
