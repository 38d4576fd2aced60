"""What a change of the market costs policies, and how long they take to make up for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.experiments.learning import MOST_BINS, TaskBins
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate, estimate

MOST_CHANGES = 8
"""With more, nobody reads them one by one."""

_LEAST_BINS = 3
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What a change came to for one policy, in USD saved a task against all-local.

    `before_usd` is the pace in the later half of the time since the change before it, or the start, and
    `after_usd` that in the later half of the time to the next one, or the end. Had the pace stayed what it
    was, `lost_usd` more would have been saved by the time when that is most, 0 if never. `made_up_after` says
    after how many tasks as much has been saved as at that pace, for good; None where it has not by the next
    change, or the end. `interval` are the 2.5 and 97.5 percentiles of that over resampled replications,
    infinite where it has not.
    """

    before_usd: Estimate
    after_usd: Estimate
    lost_usd: float
    made_up_after: int | None
    interval: tuple[float, float]

    def as_dict(self) -> dict[str, Any]:
        """The form in which it appears in JSON."""
        low, high = (None if math.isinf(each) else each for each in self.interval)
        return {
            "before_usd_per_task": self.before_usd.as_dict(),
            "after_usd_per_task": self.after_usd.as_dict(),
            "lost_usd": self.lost_usd,
            "made_up_after_tasks": self.made_up_after,
            "made_up_after_tasks_ci95": [low, high],
        }


@dataclass(frozen=True, slots=True)
class Change:
    """A change at `at_s`, about when task number `task` came; `policies` are in the order of the field."""

    at_s: float
    task: float
    policies: list[Aftermath]


def changes_of(scenario: Scenario) -> list[float]:
    """When facts change at a stated time, in seconds from the start, the same in all replications; none where
    these are more than `MOST_CHANGES`."""
    found = sorted(scenario.changes_at_s)
    return found if len(found) <= MOST_CHANGES else []


def aftermaths(played: Sequence[Sequence[TaskBins]], at_s: Sequence[float]) -> list[Change]:
    """What each change came to. `played` holds one list a replication, with the bins of each policy.

    All is reckoned in whole bins, at most `MOST_BINS`; the one in which a change falls counts as after it.
    Changes with fewer than three bins before or after them, in any replication, are left out.
    """
    width = max((bins.width for each in played for bins in each), default=1)
    while any(each[0].tasks > width * MOST_BINS for each in played):
        width *= 2
    ends = np.array([each[0].tasks // width for each in played])
    places = np.array([[count // width for count in each[0].before] for each in played]).reshape(
        len(played), -1
    )
    saved = _saved(played, width)
    told = []
    for number, time_s in enumerate(at_s):
        first = places[:, number - 1] + 1 if number else np.zeros(len(played), dtype=np.int64)
        until = places[:, number + 1] if number + 1 < len(at_s) else ends
        at = places[:, number]
        ahead, behind = int((at - first).min(initial=MOST_BINS)), int((until - at).min(initial=MOST_BINS))
        if min(ahead, behind) >= _LEAST_BINS:
            tasks = float(np.mean([each[0].before[number] for each in played]))
            each = [_aftermath(of_policy, at, ahead, behind, width) for of_policy in saved]
            told.append(Change(time_s, tasks, each))
    return told


def _saved(played: Sequence[Sequence[TaskBins]], width: int) -> FloatArray:
    """What was saved in each bin, in USD: (policies, replications, bins)."""
    saved = []
    for each in played:
        merged = [bins.merged(width // bins.width) for bins in each]
        saved.append([all_local_usd - realised_usd for realised_usd, all_local_usd, _ in merged])
    return np.array(saved).transpose(1, 0, 2)


def _aftermath(saved_usd: FloatArray, at: IntArray, ahead: int, behind: int, width: int) -> Aftermath:
    """Of one policy; a row a replication, in which the change is in bin `at`."""
    before = _around(saved_usd, at, range(-(ahead // 2 or 1), 0)) / width
    after = _around(saved_usd, at, range(behind)) / width
    short_usd = width * (after - before.mean(axis=1, keepdims=True)).cumsum(axis=1)
    rng = np.random.default_rng(0)
    rows = rng.integers(0, len(saved_usd), (_RESAMPLES, len(saved_usd)))
    found = [_made_up(short_usd[each].mean(axis=0), width) for each in rows]
    low, high = np.quantile(found, [0.025, 0.975], method="inverted_cdf").tolist()
    mean_usd = short_usd.mean(axis=0)
    tasks = _made_up(mean_usd, width)
    return Aftermath(
        estimate(before.mean(axis=1).tolist()),
        estimate(after[:, behind // 2 :].mean(axis=1).tolist()),
        max(0.0, -float(mean_usd.min())),
        None if math.isinf(tasks) else int(tasks),
        (low, high),
    )


def _around(saved_usd: FloatArray, at: IntArray, offsets: range) -> FloatArray:
    """The bins so far from that of the change, (replications, offsets)."""
    found: FloatArray = np.take_along_axis(saved_usd, at[:, None] + np.array(offsets), axis=1)
    return found


def _made_up(short_usd: FloatArray, width: int) -> float:
    """After how many tasks nothing is lost any more, infinite if something is at the end."""
    lost = np.flatnonzero(short_usd < 0)
    if not len(lost):
        return 0.0
    return math.inf if lost[-1] == len(short_usd) - 1 else float(width * (lost[-1] + 1))
