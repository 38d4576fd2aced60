"""Which runs are held out: whole sessions, or the last in time, for runs that depend are never parted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import BoolArray
from coalesce_sim.calibration.runs import Runs
from coalesce_sim.numbers import plural


@dataclass(frozen=True, slots=True)
class Split:
    """Runs, and which of them are `held` out; `told` says how they were parted."""

    runs: Runs
    held: BoolArray
    told: str

    def parts(self, rows: BoolArray) -> tuple[Runs, Runs]:
        """Of some of the runs those to fit to, and those held out."""
        return self.runs.at(rows & ~self.held), self.runs.at(rows & self.held)


def split(runs: Runs, share: float, seed: int) -> Split:
    """Hold out a share of the runs: sessions drawn at random until they have as many, or the last in time
    where there are no sessions; single runs at random where there is no time either."""
    wanted = round(share * len(runs))
    if runs.in_sessions.any() and len(np.unique(runs.session)) > 1:
        alone = int((~runs.in_sessions).sum())
        told = f"by session, drawn with seed {seed}"
        if alone:
            told += f" ({plural(alone, 'run')} without one, each taken as its own)"
        return Split(runs, _of_sessions(runs, wanted, seed), told)
    if np.isfinite(runs["start_s"]).all():
        held = np.zeros(len(runs), dtype=bool)
        held[np.argsort(runs["start_s"], kind="stable")[len(runs) - wanted :]] = True
        return Split(runs, held, "the last in time")
    told = f"at random, with seed {seed}: they say neither session nor start, and count as independent"
    return Split(runs, _of_sessions(runs, wanted, seed), told)


def _of_sessions(runs: Runs, wanted: int, seed: int) -> BoolArray:
    """The runs of sessions in random order, until there are about so many."""
    sizes = np.bincount(runs.session)
    order = np.random.default_rng(seed).permutation(len(sizes))
    before = np.concatenate([[0], np.cumsum(sizes[order])[:-1]])
    taken = np.zeros(len(sizes), dtype=bool)
    taken[order] = before + sizes[order] / 2 <= wanted
    return np.asarray(taken[runs.session])
