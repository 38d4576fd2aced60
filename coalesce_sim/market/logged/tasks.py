"""What a log says of the tasks of a block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.economics.internal import RunningCost

HOME = -1
"""Where tasks went that stayed at home: `LOCAL`."""


@dataclass(frozen=True, slots=True)
class Logged:
    """What came of logged tasks, one entry a task.

    `to` is the contractor, by its place in the pool, or `LOCAL`; `usd` what was billed for it, NaN where that
    is not known; `s` how long it took; `good` whether it ended well; `attempts` how many calls it took.
    `running` is what the hardware at home costs for so long, of those that were done there.
    """

    to: IntArray
    usd: FloatArray
    s: FloatArray
    good: BoolArray
    attempts: IntArray
    running: RunningCost

    @property
    def at_home(self) -> BoolArray:
        """Which tasks were done at home."""
        return np.equal(self.to, HOME)


def shared_s(arrival_s: FloatArray, s: FloatArray, machine: IntArray) -> FloatArray:
    """The seconds of a machine that each task used up, where it serves all its jobs at once: of every second
    an equal part for each that is under way.

    `machine` says which tasks share one.
    """
    used_s = np.zeros(len(s))
    for each in np.unique(machine).tolist():
        rows = np.flatnonzero(machine == each)
        begin_s, end_s = arrival_s[rows], arrival_s[rows] + s[rows]
        times_s = np.unique(np.concatenate((begin_s, end_s)))
        begun = np.searchsorted(np.sort(begin_s), times_s[:-1], side="right")
        ended = np.searchsorted(np.sort(end_s), times_s[:-1], side="right")
        part_s = np.diff(times_s) / np.maximum(begun - ended, 1)
        passed_s = np.concatenate(([0.0], np.cumsum(part_s)))
        used_s[rows] = passed_s[np.searchsorted(times_s, end_s)] - passed_s[np.searchsorted(times_s, begin_s)]
    return used_s
