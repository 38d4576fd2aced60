"""The compiled core made ready for a market, as a job that waits behind everything else."""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import dataclass
from pathlib import Path

from coalesce_sim.experiments.cores import choose_core
from coalesce_sim.experiments.replication import Wanted, play
from coalesce_sim.lab.workshop.job import Progress
from coalesce_sim.provenance import Origin

_LAST = 19
"""The lowest priority that a process can have."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One replication played by the compiled core, which is compiled for it where that has not been done: the
    next run finds it ready. Nothing else is kept of it."""

    origin: Origin
    digest: str

    @property
    def key(self) -> str:
        return f"prepare {self.digest}"

    def play(self, keep: Path, progress: Progress) -> None:  # noqa: ARG002 - it leaves no results
        # In a process of its own: a priority that was lowered cannot be raised again for the next job.
        process = multiprocessing.Process(target=_compile, args=(self.origin,), daemon=True)
        process.start()
        try:
            process.join()
        finally:
            process.kill()


def _compile(origin: Origin) -> None:
    if hasattr(os, "nice"):
        os.nice(_LAST)
    scenario = origin.scenario
    core = choose_core("compiled", [scenario], runs=1).core
    play(scenario, origin.seed, 0, lambda *_: None, Wanted(), core=core)
