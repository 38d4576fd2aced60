"""What policies save as a run goes on, by the number of the task."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import Records
from coalesce_sim.statistics.contrasts import Contrast, contrasts
from coalesce_sim.statistics.intervals import band

MOST_BINS = 64
"""A power of two, so that bins can be merged two by two."""

REACHED_BY = 0.9
"""The share of replications that must have reached a task for it to be told of."""

_SUMS = ("realised_usd", "all_local_usd", "explored")


class TaskBins(Observer):
    """Sums over tasks in at most `MOST_BINS` bins of equal width, which doubles whenever they are full.

    So the memory that a replication takes does not grow with its tasks. `sums` is (sums, bins); `before` are
    the tasks that came before each of the times `at_s`.
    """

    def __init__(self, at_s: Sequence[float] = ()) -> None:
        self._at_s, self.before = np.array(at_s, dtype=np.float64), np.zeros(len(at_s), dtype=np.int64)
        self.width = 1
        self.tasks = 0
        self.sums = np.zeros((len(_SUMS), MOST_BINS))

    def block_recorded(self, records: Records) -> None:
        self.before += records.block.tasks.arrival_s.searchsorted(self._at_s)
        numbers = self.tasks + np.arange(len(records.block))
        self.tasks += len(numbers)
        while self.tasks > self.width * MOST_BINS:
            self.sums = np.concatenate([self.merged(2), np.zeros((len(_SUMS), MOST_BINS // 2))], axis=1)
            self.width *= 2
        bins = numbers // self.width
        for row, name in zip(self.sums, _SUMS, strict=True):
            row += np.bincount(bins, weights=getattr(records, name), minlength=MOST_BINS)

    def merged(self, factor: int) -> FloatArray:
        """The sums of so many bins together, a power of two; (sums, bins / factor)."""
        firsts = np.arange(0, MOST_BINS, min(factor, MOST_BINS))
        sums: FloatArray = np.add.reduceat(self.sums, firsts, axis=1)
        return sums


@dataclass(frozen=True, slots=True)
class Curve:
    """One policy's course: per bin a mean over the replications and half of its 95 % interval.

    Costs and `exploration_rate` (percent) are those of the bin's own tasks, a task; `cost_reduction` is the
    percent that the bin's tasks save, a ratio of means over the replications with its linearised interval;
    `spent_usd` and `saved_usd` count from the first task to the end of the bin.
    """

    cost_usd: tuple[FloatArray, FloatArray]
    all_local_usd: tuple[FloatArray, FloatArray]
    exploration_rate: tuple[FloatArray, FloatArray]
    cost_reduction: tuple[FloatArray, FloatArray]
    spent_usd: tuple[FloatArray, FloatArray]
    saved_usd: tuple[FloatArray, FloatArray]


class Learning:
    """The courses of several policies over the same replications.

    They end with the last whole bin that `REACHED_BY` of the replications fill, and tell of those alone: no
    curve jumps where a short replication leaves it. `last_task[k]` is the number of the last task of bin k,
    from 1.
    """

    def __init__(
        self, played: Sequence[Sequence[TaskBins]], most_bins: int = MOST_BINS, *, family: int | None = None
    ) -> None:
        """`played` holds one list a replication, with the bins of each policy; the gains of the first
        `family` of them are tested as one family, the others' each by itself."""
        tasks = np.array([each[0].tasks for each in played])
        width = max(each[0].width for each in played)
        while tasks.max() > width * most_bins:
            width *= 2
        needed = math.ceil(REACHED_BY * len(tasks))
        shown = int(np.sort(tasks)[-needed]) // width
        kept = [each for each, count in zip(played, tasks, strict=True) if count >= shown * width]
        self._family = len(played[0]) if family is None else family
        self.width = width
        self.replications = len(kept)
        self.last_task = width * np.arange(1, shown + 1)
        sums = [[bins.merged(width // bins.width)[:, :shown] for bins in each] for each in kept]
        self._sums = np.array(sums).transpose(1, 2, 0, 3)  # (policies, sums, replications, bins)

    @cached_property
    def curves(self) -> list[Curve]:
        """One a policy."""
        return [self._curve(*sums) for sums in self._sums]

    @cached_property
    def gains(self) -> list[Contrast]:
        """By how many points of cost reduction each policy saves more in the last fifth than in the first."""
        fifth = max(1, len(self.last_task) // 5)
        ends = slice(None, fifth), slice(len(self.last_task) - fifth, None)
        samples = []
        for realised_usd, all_local_usd, _ in self._sums:
            first, last = (
                _reductions(realised_usd[:, end].sum(axis=1), all_local_usd[:, end].sum(axis=1))
                for end in ends
            )
            samples.append(last - first)
        together, alone = samples[: self._family], samples[self._family :]
        return contrasts(together) + [one for sample in alone for one in contrasts([sample])]

    def _curve(self, realised_usd: FloatArray, all_local_usd: FloatArray, explored: FloatArray) -> Curve:
        return Curve(
            band(realised_usd / self.width),
            band(all_local_usd / self.width),
            band(100 * explored / self.width),
            band(_reductions(realised_usd, all_local_usd)),
            band(realised_usd.cumsum(axis=1)),
            band((all_local_usd - realised_usd).cumsum(axis=1)),
        )


def _reductions(realised_usd: FloatArray, all_local_usd: FloatArray) -> FloatArray:
    """Values, one a replication (row), whose mean is the ratio of means 1 − Σ realised / Σ all-local, in %.

    Their spread is that of the linearised ratio, so that t intervals of them are intervals of the ratio; few
    tasks that cost next to nothing at home cannot blow them up. NaN where nothing costs anything at home.
    """
    mean_usd = all_local_usd.mean(axis=0)
    mean_usd = np.where(mean_usd > 0, mean_usd, np.nan)
    share = realised_usd.mean(axis=0) / mean_usd
    values: FloatArray = 100 * (1 - share - (realised_usd - share * all_local_usd) / mean_usd)
    return values
